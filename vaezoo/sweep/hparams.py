"""Event files for TensorBoard's HParams dashboard: the settings and scores of every finished run."""

from __future__ import annotations

import shutil
from pathlib import Path

from vaezoo.sweep.methods import is_number
from vaezoo.sweep.table import Table, cell

FOLDER = "hparams"


def write_hparams(folder: Path, table: Table) -> Path:
    """Replaces the event files; `tensorboard --logdir <folder>/hparams` shows them.

    Args:
        folder: of the sweep.
        table: of its runs.

    Returns:
        The folder of the event files.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams import api
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    names = [*table.settings, "seed"]
    experiment = api.hparams_config_pb(
        hparams=[api.HParam(name) for name in names if any(row.get(name) is not None for row in table.done)],
        metrics=[api.Metric(score) for score in table.scores],
    )
    if table.done:
        writer = EventFileWriter(str(target))
        writer.add_event(Event(summary=experiment))
        writer.close()
    for row in table.done:
        values = {name: row[name] for name in names if row.get(name) is not None}
        values = {
            name: value if is_number(value) or isinstance(value, bool) else str(cell(value))
            for name, value in values.items()
        }
        writer = EventFileWriter(str(target / row["run"]))
        writer.add_event(Event(summary=api.hparams_pb(values, trial_id=row["run"])))
        for score in table.scores:
            if score in row:
                writer.add_event(Event(summary=scalar_pb(score, row[score]), step=int(row["steps"])))
        writer.close()
    return target
