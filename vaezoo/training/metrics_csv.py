"""Reads and writes metrics.csv, the table of logged metrics."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from vaezoo.durable import write_text


def read_rows(file: Path) -> list[dict[str, float]]:
    """Reads the rows of a metrics.csv.

    Args:
        file: the CSV file.

    Returns:
        One dict per row, from column name to value; an empty list if the file does not exist.

    Raises:
        ValueError: if the file is not a table of numbers with a column `step`. The message names the file.
    """
    if not file.exists():
        return []
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = [{**parse_row(row), "step": int(row["step"])} for row in csv.DictReader(lines, strict=True)]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise ValueError(f"{file} is damaged: expected a table of numbers with a column `step`. ({error!r})") from error
    return rows


def parse_row(row: dict[str, str]) -> dict[str, float]:
    """Converts the values of a row to floats.

    Args:
        row: the cells of one line by column name, as `csv.DictReader` returns them.

    Returns:
        The values by column name.

    Raises:
        TypeError: if the row has too few or too many cells.
        ValueError: if a cell is not a number.
    """
    return {name: float(value) for name, value in row.items()}


def format_rows(rows: list[dict[str, float]], header: bool = True) -> str:
    """Formats rows as lines of a CSV file.

    Args:
        rows: rows that all have the same columns.
        header: whether the first line holds the column names.

    Returns:
        The CSV text; the empty string if there are no rows.
    """
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, rows[0].keys())
        if header:
            writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def write_rows(file: Path, rows: list[dict[str, float]]) -> None:
    """Replaces the content of a metrics.csv atomically."""
    write_text(file, format_rows(rows))


def append_row(file: Path, row: dict[str, float]) -> None:
    """Appends a row to a metrics.csv in one write; the first row of a file is preceded by the header."""
    with file.open("a", newline="", encoding="utf-8") as stream:
        stream.write(format_rows([row], header=stream.tell() == 0))
