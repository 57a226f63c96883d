"""Figures, scores and exported model of a run that has been trained."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import vaezoo
from vaezoo import evaluation, plots
from vaezoo.durable import replaced_file, write_text
from vaezoo.extras import MissingExtraError, extra
from vaezoo.models import BaseVAE
from vaezoo.serving import about_run
from vaezoo.training import Run
from vaezoo.training.workers import Workers


def write(
    model: BaseVAE,
    run: Run,
    rows: list[dict[str, float]],
    examples: np.ndarray,
    *,
    drawn: bool = True,
    exported: bool = True,
    export_dir: str | None,
    evaluated: bool,
    data_dir: str | None,
) -> None:
    """Writes the figures, the Keras model and the SavedModel of a trained model, and prints where they are.

    Args:
        model: the trained model.
        run: its run.
        rows: of metrics.csv.
        examples: images [N, H, W, C] for the figures.
        drawn: whether to draw figures.
        exported: whether to write the SavedModel.
        export_dir: folder of the SavedModel's versions; see `export_folder`.
        evaluated: whether to write scores.json and all figures that apply, too.
        data_dir: folder of data files, for the evaluation.
    """
    with replaced_file(run.folder / "model.keras") as file:
        model.save(file)
    if Workers(model.distribute_strategy).distributed and (drawn or exported):
        model = keras.saving.load_model(run.folder / "model.keras")  # on one device
    try:
        figures = str(draw(model, run, rows, examples)) if drawn else "none"
    except MissingExtraError as error:
        figures = f"none. {error}"
    if evaluated:
        progress = sys.stderr.isatty() or "lines"
        scores = evaluation.evaluate(run.folder, data_dir=data_dir, figures=True, progress=progress)
        print(evaluation.report.table(scores), scores.places, sep="\n\n")
    version = export_once(model, run, export_dir) if exported else None
    print(f"Figures:    {figures}")
    print(f"Curves:     {run.folder / 'metrics.csv'}; tensorboard --logdir {run.folder}")
    print(f"Model:      {run.folder / 'model.keras'}")
    if version:
        print(f"SavedModel: {version}{'' if version.is_dir() else ' (removed since)'}")


def draw(model: BaseVAE, run: Run, rows: list[dict[str, float]], examples: np.ndarray) -> Path:
    """Draws reconstructions, traversals and training curves.

    Returns:
        The folder of the figures.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    weights = {"synergy": model.alpha} if hasattr(model, "alpha") else {}
    drawn = {
        "reconstructions": plots.reconstructions(model, examples[:: max(1, len(examples) // 10)][:10]),
        "traversals": plots.traversals(model, examples),
        "curves": plots.training_curves({run.config["model"]: rows}, weights=weights),
    }
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    for name, figure in drawn.items():
        figure.savefig(folder / f"{name}.png")
    return folder


def check_installed() -> None:
    """Checks that the packages of an evaluation with figures are installed.

    Raises:
        MissingExtraError: if one is missing.
    """
    for name, package in {"metrics": "sklearn", "plots": "matplotlib"}.items():
        with extra(name):
            importlib.import_module(package)


def export_once(model: BaseVAE, run: Run, export_dir: str | None = None) -> Path:
    """Exports a run's model, once to each folder, and again when the run has been extended.

    A version that has been removed is not exported again: it would become the newest one and be served.

    Returns:
        The path of the version.
    """
    folder, last = export_folder(run.config, export_dir), last_export(run.folder)
    if last and last["step"] == int(model.step):
        version = Path(last["saved_model"])
        if export_dir is None or version.parent.resolve() == folder.resolve():
            return version
    version = vaezoo.export(model, folder, about=about_run(run.folder))
    record = {"saved_model": str(version), "step": int(model.step)}
    write_text(run.folder / "export.json", json.dumps(record) + "\n")
    return version


def export_folder(config: Mapping[str, Any], export_dir: str | None) -> Path:
    """Returns the folder of the SavedModel's versions: `export_dir`, or saved_models/<model>."""
    return Path(export_dir or f"saved_models/{config['model']}")


def last_export(folder: Path) -> dict[str, Any] | None:
    """Reads export.json, which records the last export of a run.

    Returns:
        `saved_model`, the path of the version, and `step`; None without the file.

    Raises:
        ValueError: if the file is damaged.
    """
    file = folder / "export.json"
    if not file.exists():
        return None
    try:
        record = json.loads(file.read_text())
        return {"saved_model": str(record["saved_model"]), "step": int(record["step"])}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged. Delete it to export the model of this run again.") from error
