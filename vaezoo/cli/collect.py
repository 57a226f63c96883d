"""Tabulate and plot the runs of a sweep, finished or not.

vaezoo collect runs/quick
vaezoo collect runs/quick --scores=mig,dci_disentanglement --format=png,pdf
vaezoo collect runs/quick --watch
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from absl import flags

from vaezoo.evaluation.arguments import FORMATS
from vaezoo.sweep.collecting import collect
from vaezoo.sweep.records import recorded_runs
from vaezoo.sweep.status import StatusReader

FLAGS = flags.FLAGS
flags.DEFINE_list("scores", [], "Scores to show, plot and correlate. Default: the first of each metric.")
flags.DEFINE_bool("figures", True, "Draw the figures.")
flags.DEFINE_list("format", ["png"], f"Formats of the figures: some of {', '.join(FORMATS)}.")
flags.DEFINE_bool("watch", False, "Show the progress until all runs are done or failed, then collect.")
flags.DEFINE_float("every", 10.0, "With --watch: seconds between two looks.")


def main(argv: list[str]) -> None:
    """Writes the tables and figures, and prints the summary and the paths.

    Args:
        argv: the program's name, and the folder of the sweep.
    """
    program, *folders = argv
    if len(folders) != 1:
        sys.exit(f"{program}: expected the folder of one sweep. Received: {' '.join(folders) or 'none'}")
    folder = Path(folders[0])
    try:
        if FLAGS.watch:
            watch(folder)
        collection = collect(folder, scores=FLAGS.scores, figures=FLAGS.figures, format=FLAGS.format)
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    print(f"{collection.markdown}\n\n{collection.status.line}")
    failed = [row for row in collection.table.rows if row["state"] == "failed"]
    for row in failed:
        print(f"  {row['run']}: {str(row['error']).partition(chr(10))[0]}")
    print("\n".join(f"  {file}" for file in collection.files))


def watch(folder: Path) -> None:
    """Shows the status, and writes status.json, until no run is unfinished.

    Raises:
        ValueError: if the folder is not a sweep's.
    """
    reader, terminal = StatusReader(folder, recorded_runs(folder)), sys.stderr.isatty()
    while True:
        status = reader.read()
        status.write(folder)
        print(f"\r\033[K{status.line}" if terminal else status.line, end="" if terminal else "\n", file=sys.stderr)
        sys.stderr.flush()
        if not status.unfinished:
            print(file=sys.stderr)
            return
        time.sleep(FLAGS.every)
