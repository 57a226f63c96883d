"""The rows of metrics.csv."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from vaezoo.durable import write_text


def read_rows(file: Path) -> list[dict[str, float]]:
    """The rows of a metrics.csv, by the names of its columns; none where the file is missing.

    Raises:
        ValueError: if the file is not a table of numbers with a column `step`; the message has its name.
    """
    if not file.exists():
        return []
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = [{**numbers(row), "step": int(row["step"])} for row in csv.DictReader(lines, strict=True)]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise ValueError(f"{file} is damaged: expected a table of numbers with a column `step`. ({error!r})") from error
    return rows


def numbers(row: dict[str, str]) -> dict[str, float]:
    """The values of a row as floats. TypeError or ValueError for a row with too few or too many values."""
    return {name: float(value) for name, value in row.items()}


def as_csv(rows: list[dict[str, float]], header: bool = True) -> str:
    """Rows of the same columns as lines of a CSV file; "" for no rows."""
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, rows[0].keys())
        if header:
            writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def write_rows(file: Path, rows: list[dict[str, float]]) -> None:
    """Replaces a metrics.csv by these rows."""
    write_text(file, as_csv(rows))


def append_row(file: Path, row: dict[str, float]) -> None:
    """Adds a row to a metrics.csv, in one write; the first also writes the header."""
    with file.open("a", newline="", encoding="utf-8") as stream:
        stream.write(as_csv([row], header=stream.tell() == 0))
