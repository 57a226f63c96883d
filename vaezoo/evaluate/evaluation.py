"""What an evaluation returns and raises, and how it tells how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


class Evaluation(dict):
    """What scores.json holds, as a dict.

    Attributes:
        file: scores.json.
        figures: the files of the figures.
    """

    def __init__(self, scores: Mapping[str, Any], file: Path, figures: Sequence[Path] = ()):
        super().__init__(scores)
        self.file = file
        self.figures = list(figures)

    @property
    def places(self) -> str:
        """Where the files are, a line for each folder."""
        lines = [f"Scores:  {self.file}"]
        folders = dict.fromkeys(figure.parent for figure in self.figures)
        lines += [f"Figures: {folder} ({sum(f.parent == folder for f in self.figures)} files)" for folder in folders]
        return "\n".join(lines)


class FigureError(ValueError):
    """A figure asked for by name could not be drawn, or one could not be written; all else is done and written.

    Attributes:
        evaluation: the `Evaluation`, which holds the scores and the other figures.
    """

    def __init__(self, message: str, evaluation: Evaluation):
        super().__init__(message)
        self.evaluation = evaluation


def stages(progress: bool | str) -> Callable[[str], None]:
    """A function that writes a line for a stage, with the seconds so far, on stderr at once; nothing without progress.

    Raises ValueError for a `progress` that is not True, False or "lines".
    """
    if progress not in (True, False, "lines"):
        raise ValueError(f"`progress` must be True, False or 'lines'. Received: {progress!r}")
    start = time.monotonic()

    def told(stage: str) -> None:
        if progress:
            print(f"{time.monotonic() - start:6.0f} s  {stage}", file=sys.stderr, flush=True)

    return told
