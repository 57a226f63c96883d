"""All scores of a trained model: a table, scores.json and figures.

python -m vaezoo.evaluate --run=runs/nonsyn_dsprites --figures
python -m vaezoo.evaluate --run=saved_models/imae/3 --metrics=mig,dci --bootstrap=200

subject      what is evaluated: a run's folder, a .keras file or a SavedModel, and its data
catalogue    METRICS: what each metric needs and is called with
report       scores.json and the table
figures      the figures that apply
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
from vaezoo.evaluate.subject import find, load_data, seeds
from vaezoo.metrics.represent import represent, sample

__all__ = ["evaluate", "evaluate_seeds"]


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
    figures: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Compute scores, write them to scores.json, draw figures if asked to, and return what was written.

    Args:
        path: a run's folder, a .keras file, a SavedModel, or a folder of its versions (the newest).
        metrics: names of `catalogue.METRICS`, "default" (all that apply but the slow) or "all".
        images: how many to encode, drawn at random; all by default.
        seed: of that, and of every metric.
        bootstrap: resamples for the intervals of the metrics that have them; 0 for none. confidence: of these.
        dataset: a name as `vaezoo.data.load` takes it, or a data set; by default that which the run was trained on.
        data_dir: as for `vaezoo.data.load`. split: "test" by default where there is one.
        out: folder of scores.json and figures/; by default the run's, or evaluations/<name>-<version>.
        figures: draw those that apply.
        progress: show bars.

    Raises:
        ValueError, OSError: what cannot work, before anything is written or, but for the metrics, computed.
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    check_names(names)
    check_interval(bootstrap, confidence)
    subject = find(path)
    folder = writable(subject.folder if out is None else Path(out))
    data, split = dataset_of(dataset, subject.dataset, data_dir, split)
    check_fit(subject, data)
    chosen = choose(names, offers(subject.model, data))
    sample(data, images, seed)  # refuses an impossible number

    representation = represent(subject.model, data, images=images, seed=seed, progress=progress)
    case = catalogue.Case(subject.model, data, representation, seed=seed, progress=progress)
    computed = {}
    for name in chosen:
        if progress:
            print(f"{name} ...", flush=True)
        computed[name] = catalogue.compute(name, case, bootstrap=bootstrap, confidence=confidence)
    latents = vaezoo_metrics.per_latent(representation.mean, representation.log_var, case.q)
    scores = report.scores(subject, representation, split, seed, computed, latents)
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder / "scores.json", scores)
    if figures:
        from vaezoo.evaluate.figures import draw

        draw(case, latents, folder / "figures")
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
    fewer than two finished runs, and for runs on different data sets.
    """
    check_interval(bootstrap, confidence)
    subjects = seeds(path)
    if dataset is None and len({subject.dataset for subject in subjects}) > 1:
        raise ValueError(f"The runs must be of one data set. Received: {sorted({str(s.dataset) for s in subjects})}")
    folder = writable(Path(path if out is None else out))
    data, split = dataset_of(dataset, subjects[0].dataset, data_dir, split)
    for subject in subjects:
        check_fit(subject, data)
    images = None if images is None else min(images, data.size)
    encoded = [represent(subject.model, data, images=images, seed=seed, progress=progress) for subject in subjects]
    scores = vaezoo_metrics.udr(
        [r.mean for r in encoded],
        kl=[vaezoo_metrics.per_latent(r.mean, r.log_var)["kl"] for r in encoded],
        seed=seed,
        num_train=None,
        bootstrap=bootstrap,
        confidence=confidence,
    )
    protocol = {
        "definition": "Unsupervised disentanglement ranking (Duan et al. 2020, section 4).",
        "computed_from": "means of the latents with a KL above 0.01 nats",
        "arguments": {"correlation": "lasso", "seed": seed, "bootstrap": bootstrap, "confidence": confidence},
    }
    result = report.scores(subjects, encoded[0], split, seed, {"udr": (scores, protocol)}, None)
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder / "scores.json", result)
    return result


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


def check_interval(bootstrap: int, confidence: float) -> None:
    """Raises ValueError for an interval that cannot be."""
    if bootstrap < 0 or not 0 < confidence < 1:
        raise ValueError(
            "`bootstrap` must be >= 0 and `confidence` in (0, 1). "
            f"Received bootstrap={bootstrap}, confidence={confidence}."
        )


def writable(folder: Path) -> Path:
    """`folder`, which need not exist yet. Raises OSError where no file can be written there."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"{there} is not a folder that can be written to.")
    return folder
