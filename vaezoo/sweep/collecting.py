"""Collects a sweep: tables, figures, rank correlations, status, and TensorBoard's HParams."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from vaezoo.choices import validate_choice
from vaezoo.evaluation.arguments import list_formats
from vaezoo.sweep.correlation import rank_correlations
from vaezoo.sweep.drawing import draw_figures
from vaezoo.sweep.hparams import write_hparams
from vaezoo.sweep.records import recorded_runs
from vaezoo.sweep.status import Status, StatusReader
from vaezoo.sweep.summary import markdown, summary_rows
from vaezoo.sweep.table import Table, read_table, write_csv


@dataclasses.dataclass(frozen=True)
class Collection:
    """What `collect` has found and written.

    Attributes:
        table: the runs.
        status: their states.
        markdown: the summary over seeds.
        files: that were written.
    """

    table: Table
    status: Status
    markdown: str
    files: list[Path]


def collect(
    folder: str | os.PathLike, *, scores: Sequence[str] = (), figures: bool = True, format: str | Sequence[str] = "png"
) -> Collection:
    """Writes the results of a sweep into its folder; the sweep may still be running.

    results.csv has a row for each run, summary.csv the means over seeds, correlations.csv and figures/correlations the
    rank correlations of scores; figures/ has violins, weights and trade_offs; hparams/ is for TensorBoard; status.json
    counts the states.

    Args:
        folder: of the sweep.
        scores: to show, plot and correlate; by default the first of each metric.
        figures: whether to draw figures.
        format: "png", "pdf" or "svg", or several.

    Returns:
        The tables and the paths.

    Raises:
        ValueError: if the folder has no study.json, for an unknown score or format.
        OSError: if the results cannot be written.
    """
    folder, formats = Path(folder), list_formats(format)
    table = read_table(folder)
    for score in scores:
        validate_choice("score", score, table.scores)
    shown = list(scores) or table.headlines
    status = StatusReader(folder, recorded_runs(folder)).read()
    status.write(folder)
    results, summary, correlations = (folder / f"{name}.csv" for name in ("results", "summary", "correlations"))
    write_csv(results, table.rows)
    files = [results]
    if table.done:
        write_csv(summary, summary_rows(table))
        matrix = rank_correlations(table.done, shown)
        rows = [
            {
                "score": score,
                **{other: None if value != value else value for other, value in zip(shown, line, strict=True)},
            }
            for score, line in zip(shown, matrix.tolist(), strict=True)
        ]
        write_csv(correlations, rows)
        files += [summary, correlations, write_hparams(folder, table)]
        if figures:
            files += draw_figures(folder, table, shown, matrix, formats)
    return Collection(table, status, markdown(table, shown), files)
