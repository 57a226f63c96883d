"""Unsupervised disentanglement ranking of runs that differ by their seeds."""

from __future__ import annotations

import os
from pathlib import Path

from vaezoo import metrics
from vaezoo.data import ImageData
from vaezoo.durable import check_writable
from vaezoo.encoding import LoadedModel, encode_dataset, load_model
from vaezoo.evaluation import report
from vaezoo.evaluation.arguments import check_image_shape, load_dataset
from vaezoo.evaluation.result import Evaluation
from vaezoo.evaluation.settings import differing_settings, training_settings
from vaezoo.metrics.interval import check_interval
from vaezoo.progress import stage_printer

ARGUMENTS = {"correlation": "lasso", "threshold": 0.01, "num_train": None}


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
    progress: bool | str = False,
) -> Evaluation:
    """Computes the UDR of runs of several seeds, all on the same images, and writes it to scores.json.

    udr_0, udr_1, ... are those of the runs in the order of their names, which scores.json records.

    Args:
        path: a folder of finished runs, which differ by their seeds alone.
        images: how many to encode, drawn at random; all if there are fewer, or for None.
        seed: as for `evaluate`.
        bootstrap: as for `evaluate`.
        confidence: as for `evaluate`.
        dataset: as for `evaluate`.
        data_dir: as for `evaluate`.
        split: as for `evaluate`.
        out: folder of scores.json; `path` by default.
        progress: as for `evaluate`.

    Returns:
        The content of scores.json, with the attribute `file`, its path.

    Raises:
        ValueError: as `evaluate`; for fewer than two finished runs, and runs that differ in more than their seeds.
        OSError: as `evaluate`.
    """
    check_interval(bootstrap, confidence)
    stage = stage_printer(progress)
    runs = load_seeds(path)
    trained_on = {run.dataset for run in runs}
    if dataset is None and len(trained_on) > 1:
        raise ValueError(f"The runs must be of one data set. Received: {sorted(map(str, trained_on))}")
    folder = Path(path if out is None else out)
    check_writable(folder)
    data, split = load_dataset(dataset, runs[0].dataset, data_dir=data_dir, split=split)
    for run in runs:
        check_image_shape(run, data)
    images = None if images is None else min(images, data.size)
    encoded, bars = [], progress is True
    for run in runs:
        stage(f"encode {images or data.size} images of {data.name} by {run.name}")
        encoded.append(encode_dataset(run.model, data, images=images, seed=seed, progress=bars))
    arguments = {"seed": seed, **ARGUMENTS, "bootstrap": bootstrap, "confidence": confidence}
    stage("metric udr")
    kl = [metrics.per_latent(e.mean, e.log_var)["kl"] for e in encoded]
    scores = metrics.udr([e.mean for e in encoded], kl=kl, progress=bars, **arguments)
    protocol = {
        "definition": "Unsupervised disentanglement ranking (Duan et al. 2020, section 4).",
        "computed_from": f"means of the latents with a KL above {ARGUMENTS['threshold']} nats",
        "arguments": arguments,
        "runs": {f"udr_{i}": run.name for i, run in enumerate(runs)},
        "training_seeds": [run.training.get("seed") for run in runs],
    }
    result = report.scores(runs, encoded[0], split, seed, {"udr": (scores, protocol)})
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = Evaluation(result, folder / "scores.json")
    report.write(evaluation.file, evaluation)
    return evaluation


def load_seeds(folder: str | os.PathLike) -> list[LoadedModel]:
    """Loads the finished runs in a folder of runs, by name.

    Raises:
        ValueError: for fewer than two, and for runs that differ in more than their seeds.
    """
    runs = [load_model(path.parent) for path in sorted(Path(folder).glob("*/model.keras"))]
    if len(runs) < 2:
        raise ValueError(
            f"Expected a folder with two or more finished runs, of several seeds. {folder} has {len(runs)}."
        )
    if mixed := differing_settings([training_settings(run.training) for run in runs]):
        raise ValueError(f"The runs must differ by their seeds alone. Those in {folder} differ in: {', '.join(mixed)}")
    return runs
