"""Reads and verifies checkpoints on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from pathlib import Path

import numpy as np

from vaezoo.training.metrics_csv import read_rows

STATE, ROWS, MODEL, CONFIG, DIGESTS = "state.npz", "metrics.csv", "model.json", "config.json", "digests.json"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk, in the folder <checkpoints>/<step>/.

    The folder holds the state of the model, the optimizers and the metrics (state.npz), the rows of metrics.csv up to
    its step, the architecture of the model (model.json), the configuration of the run (config.json), and the SHA-256
    of each of these files (digests.json).

    Attributes:
        folder: the folder of the checkpoint, named after its step.
    """

    folder: Path

    @property
    def step(self) -> int:
        """Number of training steps done."""
        return int(self.folder.name)

    @property
    def rows(self) -> list[dict[str, float]]:
        """Rows of metrics.csv up to this step."""
        return read_rows(self.folder / ROWS)

    @property
    def config(self) -> dict:
        """Configuration of the run."""
        return json.loads((self.folder / CONFIG).read_text())

    def find_damage(self) -> str | None:
        """Verifies the files of the checkpoint against their digests.

        Returns:
            A description of the first damaged or missing file; None if all files are intact.
        """
        try:
            digests = json.loads((self.folder / DIGESTS).read_text())
            for name in (STATE, ROWS, MODEL, CONFIG):
                if sha256(self.folder / name) != digests[name]:
                    return f"{name} has changed since it was written"
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing"
        except (ValueError, KeyError, TypeError):
            return f"{DIGESTS} is damaged"
        except OSError as error:
            return f"{Path(error.filename or DIGESTS).name} cannot be read: {error.strerror}"
        return None

    def arrays(self) -> dict[str, np.ndarray]:
        """Reads the stored state, by the names under which `CheckpointManager` stores its variables."""
        with np.load(self.folder / STATE, allow_pickle=False) as state:
            return dict(state)


def newest_valid_checkpoint(folder: Path) -> Checkpoint | None:
    """Finds the newest checkpoint whose files are intact. Nothing is deleted.

    Warns if a newer checkpoint is damaged, and names both.

    Args:
        folder: folder of the checkpoints.

    Returns:
        The checkpoint; None if the folder is empty or does not exist.

    Raises:
        ValueError: if the folder holds checkpoints or other files, and no checkpoint is intact.
    """
    damages = {}
    for checkpoint in reversed(list_checkpoints(folder)):
        damage = checkpoint.find_damage()
        if damage is None:
            if damages:
                warnings.warn(
                    f"Damaged checkpoints: {format_damages(damages)}. Going on from {checkpoint.folder}.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            return checkpoint
        damages[checkpoint.folder] = damage
    if damages:
        raise ValueError(
            f"No checkpoint is whole: {format_damages(damages)}. Nothing was deleted. Put a copy back, or choose "
            "another folder."
        )
    others = [child.name for child in folder.glob("*") if not child.name.startswith(".")]
    if others:
        raise ValueError(
            f"Expected checkpoints, folders named after their step, in {folder}. Received: "
            f"{', '.join(sorted(others)[:3])}. Nothing was deleted; choose another folder."
        )
    return None


def list_checkpoints(folder: Path) -> list[Checkpoint]:
    """Lists the checkpoints in a folder, intact or damaged, in ascending order of their steps.

    Args:
        folder: folder of the checkpoints.

    Returns:
        The checkpoints; an empty list if the folder does not exist.
    """
    children = folder.iterdir() if folder.is_dir() else []
    found = [Checkpoint(child) for child in children if child.name.isascii() and child.name.isdigit()]
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def format_damages(damages: dict[Path, str]) -> str:
    """Formats paths, each followed by the description of its damage in parentheses."""
    return "; ".join(f"{path} ({damage})" for path, damage in damages.items())


def sha256(file: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
