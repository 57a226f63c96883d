"""The evaluation of a model: load, select, encode, score, write, draw."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from vaezoo.data import ImageData
from vaezoo.durable import check_writable
from vaezoo.encoding import encode_dataset, load_model
from vaezoo.encoding.encoded_dataset import sample_indices
from vaezoo.evaluation import registry, report
from vaezoo.evaluation.arguments import check_image_shape, list_formats, list_names, load_dataset
from vaezoo.evaluation.context import EvaluationContext, drop_constant_factors
from vaezoo.evaluation.figures import FIGURES, draw
from vaezoo.evaluation.registry import METRICS
from vaezoo.evaluation.result import Evaluation, FigureError
from vaezoo.evaluation.selection import available_inputs, select, validate_names
from vaezoo.metrics import per_latent
from vaezoo.metrics.interval import check_interval
from vaezoo.progress import stage_printer


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
    """Computes the scores of a trained model, writes them to scores.json, and draws figures on request.

    Args:
        path: a run's folder, a .keras file, a SavedModel, or a folder of its versions (the newest).
        metrics: names in `registry.METRICS`, "default" (all that apply except slow ones) or "all" (all that apply).
            A metric of these two groups that rejects its inputs is recorded with its error; one requested by name
            raises it. Factors of a single value in the encoded images are left out, which scores.json records.
        images: how many to encode, drawn at random; all by default.
        seed: of that draw, and of every metric.
        bootstrap: resamples for the confidence intervals of the metrics that have them; 0 for none.
        confidence: of the intervals, in (0, 1).
        dataset: a name as `vaezoo.data.load` takes it, or a data set; by default that of the training.
        data_dir: as for `vaezoo.data.load`.
        split: of the data set; "test" by default if there is one.
        out: folder of scores.json and figures/; by default the run's, or evaluations/<name>-<version>. The results of
            a .keras file that is not a run's are <stem>.scores.json and <stem>.figures/.
        figures: names in `figures.FIGURES`, or "all" or True: those that apply. All of them show the latents in one
            order, by descending KL over the encoded images. scores.json records the errors of figures.
        format: of the figures: "png", "pdf", "svg", or several of them. Animations are GIFs.
        progress: True for a line for each stage and bars on stderr, "lines" for the lines alone (for a log).

    Returns:
        The content of scores.json, with the attributes `file` and `figures`, the paths of the results.

    Raises:
        ValueError: for arguments that are not valid, before anything is written or computed; if a metric requested by
            name rejects its inputs.
        OSError: if a file cannot be read, or results cannot be written.
        FigureError: if a figure requested by name cannot be drawn, or one cannot be written. It is raised at the end;
            its `evaluation` is the value that would have been returned.
    """
    names, figure_names, formats = list_names(metrics), list_names(figures), list_formats(format)
    validate_names(names, METRICS)
    validate_names(figure_names, FIGURES, "figure")
    check_interval(bootstrap, confidence)
    stage = stage_printer(progress)

    loaded = load_model(path)
    folder = loaded.folder if out is None else Path(out)
    check_writable(folder)
    data, split = load_dataset(dataset, loaded.dataset, data_dir=data_dir, split=split)
    check_image_shape(loaded, data)
    size = len(sample_indices(data, images, seed))  # rejects an impossible number

    available = available_inputs(loaded.model, data)
    selected, selected_figures = select(names, available, METRICS), select(figure_names, available, FIGURES)

    stage(f"encode {size} images of {data.name}")
    bars = progress is True
    encoded = encode_dataset(loaded.model, data, images=images, seed=seed, progress=bars)
    encoded, constant_factors = drop_constant_factors(encoded)
    context = EvaluationContext(loaded.model, data, encoded, seed=seed, progress=bars)

    computed = score(context, selected, names, bootstrap, confidence, stage)
    latents, _ = computed.get("per_latent", ({}, {}))
    latents = latents or per_latent(encoded.mean, encoded.log_var)

    scores = report.scores(loaded, encoded, split, seed, computed, latents, constant_factors)
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = Evaluation(scores | report.matrices(context), folder / f"{loaded.prefix}scores.json")
    report.write(evaluation.file, evaluation)
    if selected_figures:
        figure_folder = folder / f"{loaded.prefix}figures"
        add_figures(evaluation, context, selected_figures, figure_names, figure_folder, formats, stage)
    return evaluation


def score(
    context: EvaluationContext,
    selected: Iterable[str],
    required: Iterable[str],
    bootstrap: int,
    confidence: float,
    stage: Callable[[str], None],
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Computes metrics.

    Args:
        context: the inputs.
        selected: the metrics.
        required: the metrics whose errors are raised; those of the others are recorded in their protocols.
        bootstrap: resamples for the intervals.
        confidence: of the intervals.
        stage: is called with the name of each metric before it is computed.

    Returns:
        Metric -> (scores, protocol).

    Raises:
        ValueError: if a required metric rejects its inputs.
    """
    computed = {}
    for name in selected:
        stage(f"metric {name}")
        try:
            computed[name] = registry.compute(name, context, bootstrap=bootstrap, confidence=confidence)
        except ValueError as error:
            if name in required:
                raise
            computed[name] = {}, {"error": str(error)}
    return computed


def add_figures(
    evaluation: Evaluation,
    context: EvaluationContext,
    selected: Iterable[str],
    required: Iterable[str],
    folder: Path,
    formats: Sequence[str],
    stage: Callable[[str], None],
) -> None:
    """Draws figures, and adds their files, their errors and the matrices they needed to an evaluation.

    The scores must have been written before.

    Args:
        evaluation: is changed, and written again.
        context: the inputs.
        selected: the figures.
        required: the figures whose errors are raised at the end.
        folder: of the figures.
        formats: of the figures.
        stage: is called with the name of each figure before it is drawn.

    Raises:
        FigureError: if a required figure cannot be drawn, or one cannot be written.
    """
    try:
        files, errors = draw(context, selected, folder, formats=formats, stage=stage)
        evaluation.figures = [file for written in files.values() for file in written]
        evaluation["figures"] = {
            name: {"error": errors[name]} if name in errors else {"files": relative_paths(files[name], folder.parent)}
            for name in selected
        }
        evaluation |= report.matrices(context)
        report.write(evaluation.file, evaluation)
    except OSError as error:
        raise FigureError(str(error), evaluation) from error
    if failed := [f"figure {name}: {error}" for name, error in errors.items() if name in required]:
        raise FigureError("; ".join(failed), evaluation)


def relative_paths(files: Iterable[Path], folder: Path) -> list[str]:
    """Returns paths relative to `folder`, with forward slashes, as scores.json has them."""
    return [file.relative_to(folder).as_posix() for file in files]
