"""All scores of a trained model: a table, scores.json and figures.

python -m vaezoo.evaluate --run=runs/nonsyn_dsprites --figures=all
python -m vaezoo.evaluate --run=saved_models/nonsyn/3 --metrics=mig,dci --bootstrap=200
python -m vaezoo.evaluate --run=runs/sweep --by=beta

subject      what is evaluated: a run's folder, a .keras file or a SavedModel, and its data
catalogue    METRICS: what each metric needs and is called with
choice       which of them, by name, apply
report       scores.json and the table
figures      FIGURES, by name
sweep        trade-offs over a folder of evaluated runs
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaezoo import metrics as vaezoo_metrics
from vaezoo.data import ImageData
from vaezoo.evaluate import catalogue, report
from vaezoo.evaluate.choice import check_names, choose, offers
from vaezoo.evaluate.figures import FIGURES, draw
from vaezoo.evaluate.subject import find, load_data, seeds, settings
from vaezoo.evaluate.sweep import differing, trade_offs
from vaezoo.metrics.interval import check_interval
from vaezoo.metrics.represent import represent, sample

__all__ = ["evaluate", "evaluate_seeds", "trade_offs"]


def evaluate(
    path: str | os.PathLike,
    *,
    metrics: str | Iterable[str] = "default",
    images: int | None = None,
    seed: int = 0,
    bootstrap: int = 0,
    confidence: float = 0.95,
    dataset: str | ImageData | None = None,
    data_dir: str | os.PathLike | None = None,
    split: str | None = None,
    out: str | os.PathLike | None = None,
    figures: bool | str | Iterable[str] = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Compute scores, write them to scores.json, draw figures if asked to, and return what was written.

    Args:
        path: a run's folder, a .keras file, a SavedModel, or a folder of its versions (the newest).
        metrics: names of `catalogue.METRICS`, "default" (all that apply but the slow) or "all". One of these two
            goes on where a metric refuses, and notes the error in its protocol; one named raises it. Factors of one
            value in the images encoded are left out, which scores.json says.
        images: how many to encode, drawn at random; all by default.
        seed: of that, and of every metric.
        bootstrap: resamples for the intervals of the metrics that have them; 0 for none. confidence: of these.
        dataset: a name as `vaezoo.data.load` takes it, or a data set; by default that which the run was trained on.
        data_dir: as for `vaezoo.data.load`. split: "test" by default where there is one.
        out: folder of scores.json and figures/; by default the run's, or evaluations/<name>-<version>.
            What is written for a .keras file that is not a run's is <stem>.scores.json and <stem>.figures/.
        figures: names of `figures.FIGURES`, or "all" or True: those that apply.
        progress: show bars.

    Raises:
        ValueError, OSError: what cannot work, before anything is written or, but for the metrics, computed.
    """
    names, drawn = names_of(metrics), names_of(figures)
    check_names(names)
    check_names(drawn, FIGURES, "figure")
    check_interval(bootstrap, confidence)
    subject = find(path)
    folder = writable(subject.folder if out is None else Path(out))
    data, split = dataset_of(dataset, subject.dataset, data_dir, split)
    check_fit(subject, data)
    chosen = choose(names, offers(subject.model, data))
    chosen_figures = choose(drawn, offers(subject.model, data), FIGURES, "figure")
    sample(data, images, seed)  # refuses an impossible number

    encoded = represent(subject.model, data, images=images, seed=seed, progress=progress)
    representation, left_out = catalogue.varying(encoded)
    case = catalogue.Case(subject.model, data, representation, seed=seed, progress=progress)
    computed = {}
    for name in chosen:
        if progress:
            print(f"{name} ...", flush=True)
        try:
            computed[name] = catalogue.compute(name, case, bootstrap=bootstrap, confidence=confidence)
        except ValueError as error:
            if name in names:
                raise
            computed[name] = {}, {"error": str(error)}
    latents, _ = computed.get("per_latent", ({}, {}))
    latents = latents or vaezoo_metrics.per_latent(representation.mean, representation.log_var)
    scores = report.scores(subject, representation, split, seed, computed, latents, left_out)
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder / f"{subject.prefix}scores.json", scores)
    if chosen_figures:
        draw(case, chosen_figures, folder / f"{subject.prefix}figures", named=drawn)
    return scores


def evaluate_seeds(
    path: str | os.PathLike,
    *,
    images: int | None = 10_000,
    seed: int = 0,
    bootstrap: int = 0,
    confidence: float = 0.95,
    dataset: str | ImageData | None = None,
    data_dir: str | os.PathLike | None = None,
    split: str | None = None,
    out: str | os.PathLike | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """UDR over a folder of runs of several seeds, all on the same images; the other arguments as for `evaluate`.

    udr_0, udr_1, ... are the runs by name; scores.json, in the folder itself, says which. Raises also ValueError for
    fewer than two finished runs, and for runs that differ in more than their seeds.
    """
    check_interval(bootstrap, confidence)
    subjects = seeds(path)
    if dataset is None and len({subject.dataset for subject in subjects}) > 1:
        raise ValueError(f"The runs must be of one data set. Received: {sorted({str(s.dataset) for s in subjects})}")
    if mixed := differing([settings(subject.training) for subject in subjects]):
        raise ValueError(f"The runs must differ by their seeds alone. Those in {path} differ in: {', '.join(mixed)}")
    folder = writable(Path(path if out is None else out))
    data, split = dataset_of(dataset, subjects[0].dataset, data_dir, split)
    for subject in subjects:
        check_fit(subject, data)
    images = None if images is None else min(images, data.size)
    encoded = [represent(subject.model, data, images=images, seed=seed, progress=progress) for subject in subjects]
    arguments = {
        "correlation": "lasso",
        "threshold": 0.01,
        "num_train": None,
        "bootstrap": bootstrap,
        "confidence": confidence,
    }
    scores = vaezoo_metrics.udr(
        [r.mean for r in encoded],
        kl=[vaezoo_metrics.per_latent(r.mean, r.log_var)["kl"] for r in encoded],
        seed=seed,
        progress=progress,
        **arguments,
    )
    protocol = {
        "definition": "Unsupervised disentanglement ranking (Duan et al. 2020, section 4).",
        "computed_from": f"means of the latents with a KL above {arguments['threshold']} nats",
        "arguments": {"seed": seed, **arguments},
        "runs": {f"udr_{i}": subject.name for i, subject in enumerate(subjects)},
        "training_seeds": [subject.training.get("seed") for subject in subjects],
    }
    result = report.scores(subjects, encoded[0], split, seed, {"udr": (scores, protocol)}, None)
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder / "scores.json", result)
    return result


def names_of(chosen: bool | str | Iterable[str]) -> list[str]:
    """Names, from one, several, or a yes (all) or no (none)."""
    if isinstance(chosen, (bool, str)):
        return {True: ["all"], False: []}.get(chosen, [chosen])
    return list(chosen)


def dataset_of(dataset, trained_on: str | None, data_dir, split: str | None) -> tuple[ImageData, str]:
    """A data set and its split, given or that of the training."""
    if isinstance(dataset, ImageData):
        return dataset, split or "as given"
    return load_data(dataset or trained_on, data_dir=data_dir, split=split)


def check_fit(subject, data: ImageData) -> None:
    """Raises ValueError where a model takes images of another shape than those of the data."""
    if tuple(subject.model.image_shape) != tuple(data.image_shape):
        raise ValueError(
            f"{subject.name} takes images {tuple(subject.model.image_shape)}. "
            f"Received: {data.name} with {tuple(data.image_shape)}"
        )


def writable(folder: Path) -> Path:
    """`folder`, which need not exist yet. Raises OSError where no file can be written there."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"{there} is not a folder that can be written to.")
    return folder
