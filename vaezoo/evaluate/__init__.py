"""All scores of a trained model: a table, scores.json and figures.

vaezoo evaluate --run=runs/nonsyn_dsprites --figures=all
vaezoo evaluate --run=saved_models/nonsyn/3 --metrics=mig,dci --bootstrap=200
vaezoo evaluate --run=runs/sweep --by=beta

subject      what is evaluated: a run's folder, a .keras file or a SavedModel, and its data
arguments    checks of what is asked for
catalogue    METRICS: what each metric needs and is called with
choice       which of them, by name, apply
report       scores.json and the table
figures      FIGURES, by name
evaluation   what is returned: scores.json, and where it and the figures are
udr          of a folder of runs of several seeds
sweep        trade-offs over a folder of evaluated runs
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from vaezoo import metrics as vaezoo_metrics
from vaezoo.data import ImageData
from vaezoo.durable import check_writable
from vaezoo.evaluate import catalogue, report
from vaezoo.evaluate.arguments import check_fit, dataset_of, formats_of, names_of
from vaezoo.evaluate.choice import check_names, choose, offers
from vaezoo.evaluate.evaluation import Evaluation, FigureError, stages
from vaezoo.evaluate.figures import FIGURES, draw
from vaezoo.evaluate.subject import find
from vaezoo.evaluate.sweep import trade_offs
from vaezoo.evaluate.udr import evaluate_seeds
from vaezoo.metrics.interval import check_interval
from vaezoo.metrics.represent import represent, sample

__all__ = ["Evaluation", "FigureError", "evaluate", "evaluate_seeds", "trade_offs"]


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
    format: str | Iterable[str] = "png",
    progress: bool | str = False,
) -> Evaluation:
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
        figures: names of `figures.FIGURES`, or "all" or True: those that apply. All of them have the latents in one
            order, by falling KL over the images encoded. scores.json says which figure refused, and why.
        format: of the figures: "png", "pdf", "svg", or several of them. What moves is a GIF whatever the format.
        progress: True for a line for each stage and bars on stderr, "lines" for the lines alone (for a log).

    Returns:
        What scores.json holds, with the attributes `file` and `figures`, the paths of what was written.

    Raises:
        ValueError, OSError: what cannot work, before anything is written or, but for the metrics, computed.
        FigureError: a figure that was named refused, or one could not be written. It is raised at the end, and its
            `evaluation` is what was to be returned.
    """
    names, drawn, formats = names_of(metrics), names_of(figures), formats_of(format)
    check_names(names)
    check_names(drawn, FIGURES, "figure")
    check_interval(bootstrap, confidence)
    stage = stages(progress)
    subject = find(path)
    folder = subject.folder if out is None else Path(out)
    check_writable(folder)
    data, split = dataset_of(dataset, subject.dataset, data_dir, split)
    check_fit(subject, data)
    chosen = choose(names, offers(subject.model, data))
    chosen_figures = choose(drawn, offers(subject.model, data), FIGURES, "figure")
    drawn_from = sample(data, images, seed)  # refuses an impossible number

    stage(f"encode {len(drawn_from)} images of {data.name}")
    bars = progress is True
    encoded = represent(subject.model, data, images=images, seed=seed, progress=bars)
    representation, left_out = catalogue.varying(encoded)
    case = catalogue.Case(subject.model, data, representation, seed=seed, progress=bars)
    computed = {}
    for name in chosen:
        stage(f"metric {name}")
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
    evaluation = Evaluation(scores | report.matrices(case), folder / f"{subject.prefix}scores.json")
    report.write(evaluation.file, evaluation)
    if chosen_figures:
        illustrate(evaluation, case, chosen_figures, folder / f"{subject.prefix}figures", formats, drawn, stage)
    return evaluation


def illustrate(evaluation: Evaluation, case, chosen, folder: Path, formats, named, stage) -> None:
    """Draws figures into `folder` and adds to scores.json which they are, which refused, and what they computed.

    The scores are in scores.json before. Raises FigureError at the end for a refused figure among those `named`, and
    for an error of writing.
    """
    try:
        files, refused = draw(case, chosen, folder, formats=formats, stage=stage)
        evaluation.figures = [file for written in files.values() for file in written]
        evaluation["figures"] = {
            name: {"error": refused[name]} if name in refused else {"files": relative(files[name], folder.parent)}
            for name in chosen
        }
        evaluation |= report.matrices(case)
        report.write(evaluation.file, evaluation)
    except OSError as error:
        raise FigureError(str(error), evaluation) from error
    if failed := [f"figure {name}: {error}" for name, error in refused.items() if name in named]:
        raise FigureError("; ".join(failed), evaluation)


def relative(files: Iterable[Path], folder: Path) -> list[str]:
    """Paths below `folder`, as scores.json names them."""
    return [file.relative_to(folder).as_posix() for file in files]
