"""Means and confidence intervals over seeds, as a long table and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaezoo.evaluation.report import number
from vaezoo.plots.curves import confidence_interval
from vaezoo.sweep.table import Row, Table, cell, differing

CONFIDENCE = 0.95


def grouped(table: Table) -> dict[tuple, list[Row]]:
    """Groups the finished runs by all settings but the seed, in the order of the study."""
    groups: dict[tuple, list[Row]] = {}
    for row in table.done:
        key = tuple(str(cell(row.get(name))) for name in table.settings)
        groups.setdefault(key, []).append(row)
    return groups


def summary_rows(table: Table) -> list[Row]:
    """Computes mean, standard deviation and interval over the seeds of every score.

    Returns:
        A row for each score of each setting: `seeds`, `mean`, `sd` (n - 1), and `low` and `high`, the 95 % interval of
        the mean by Student's t. With one seed the last three are None.
    """
    rows = []
    for runs in grouped(table).values():
        settings = {name: runs[0].get(name) for name in table.settings}
        for score in table.scores:
            values = [float(run[score]) for run in runs if score in run]
            if not values:
                continue
            middle, half = confidence_interval(values, CONFIDENCE)
            several = len(values) > 1
            spread = {
                "sd": float(np.std(values, ddof=1)) if several else None,
                "low": middle - half if several else None,
                "high": middle + half if several else None,
            }
            rows.append({**settings, "score": score, "seeds": len(values), "mean": middle, **spread})
    return rows


def markdown(table: Table, scores: Sequence[str]) -> str:
    """Formats the summary as a Markdown table: a line for each setting, mean ± half the interval.

    Args:
        table: of the sweep.
        scores: columns of the scores to show.
    """
    groups = grouped(table)
    if not groups:
        return "No run is done."
    firsts = [runs[0] for runs in groups.values()]
    of_models = [
        [row for row in firsts if row["model"] == model] for model in dict.fromkeys(r["model"] for r in firsts)
    ]
    varied = {name for rows in of_models for name in differing(rows)}
    names = ["model", *(name for name in table.settings if name in varied)]
    header = [*names, "seeds", *scores]
    lines = [header, ["---"] * len(header)]
    for runs in groups.values():
        cells = [_shown(runs[0].get(name)) for name in names]
        for score in scores:
            values = [float(run[score]) for run in runs if score in run]
            middle, half = confidence_interval(values, CONFIDENCE) if values else (None, 0.0)
            spread = f" ± {number(half, half)}" if half else ""
            cells.append("" if middle is None else f"{number(middle, half)}{spread}")
        lines.append([*cells[: len(names)], str(len(runs)), *cells[len(names) :]])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: object) -> str:
    """Formats a setting."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(cell(value))
