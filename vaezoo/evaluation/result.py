"""The result of an evaluation, and the error of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Evaluation(dict):
    """The content of scores.json.

    Args:
        scores: the content, which is copied.
        file: scores.json.
        figures: the files of the figures.

    Attributes:
        file, figures: the above; `figures` is a list.
    """

    def __init__(self, scores: Mapping[str, Any], file: Path, figures: Sequence[Path] = ()):
        """Copies the scores."""
        super().__init__(scores)
        self.file = file
        self.figures = list(figures)

    @property
    def places(self) -> str:
        """The paths of the files, one line for scores.json and one for each folder of figures."""
        lines = [f"Scores:  {self.file}"]
        folders = dict.fromkeys(figure.parent for figure in self.figures)
        lines += [f"Figures: {folder} ({sum(f.parent == folder for f in self.figures)} files)" for folder in folders]
        return "\n".join(lines)


class FigureError(ValueError):
    """A figure requested by name could not be drawn, or a figure could not be written.

    It is raised at the end, when all scores and the other figures have been written.

    Args:
        message: which figure, and why.
        evaluation: the `Evaluation` with the scores and the other figures.

    Attributes:
        evaluation: the above.
    """

    def __init__(self, message: str, evaluation: Evaluation):
        """Keeps the evaluation beside the message."""
        super().__init__(message)
        self.evaluation = evaluation
