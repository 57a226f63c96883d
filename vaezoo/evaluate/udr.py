"""Unsupervised disentanglement ranking of runs that differ by their seeds."""

from __future__ import annotations

import os
from pathlib import Path

from vaezoo import metrics as vaezoo_metrics
from vaezoo.data import ImageData
from vaezoo.durable import check_writable
from vaezoo.encoding import encode_dataset
from vaezoo.evaluate import report
from vaezoo.evaluate.arguments import check_fit, dataset_of
from vaezoo.evaluate.evaluation import Evaluation, stages
from vaezoo.evaluate.subject import seeds, settings
from vaezoo.evaluate.sweep import differing
from vaezoo.metrics.interval import check_interval


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
    """UDR over a folder of runs of several seeds, all on the same images; the other arguments as for `evaluate`.

    udr_0, udr_1, ... are the runs by name; scores.json, in the folder itself, says which. Raises also ValueError for
    fewer than two finished runs, and for runs that differ in more than their seeds.
    """
    check_interval(bootstrap, confidence)
    stage = stages(progress)
    subjects = seeds(path)
    if dataset is None and len({subject.dataset for subject in subjects}) > 1:
        raise ValueError(f"The runs must be of one data set. Received: {sorted({str(s.dataset) for s in subjects})}")
    if mixed := differing([settings(subject.training) for subject in subjects]):
        raise ValueError(f"The runs must differ by their seeds alone. Those in {path} differ in: {', '.join(mixed)}")
    folder = Path(path if out is None else out)
    check_writable(folder)
    data, split = dataset_of(dataset, subjects[0].dataset, data_dir, split)
    for subject in subjects:
        check_fit(subject, data)
    images = None if images is None else min(images, data.size)
    encoded, bars = [], progress is True
    for subject in subjects:
        stage(f"encode {images or data.size} images of {data.name} by {subject.name}")
        encoded.append(encode_dataset(subject.model, data, images=images, seed=seed, progress=bars))
    arguments = {
        "correlation": "lasso",
        "threshold": 0.01,
        "num_train": None,
        "bootstrap": bootstrap,
        "confidence": confidence,
    }
    stage("metric udr")
    scores = vaezoo_metrics.udr(
        [r.mean for r in encoded],
        kl=[vaezoo_metrics.per_latent(r.mean, r.log_var)["kl"] for r in encoded],
        seed=seed,
        progress=bars,
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
    evaluation = Evaluation(result, folder / "scores.json")
    report.write(evaluation.file, evaluation)
    return evaluation
