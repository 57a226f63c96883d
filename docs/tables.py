"""Writes the tables of models, presets and metrics in README.md and of trained models in docs/results/zoo.md.

The former are made from the code, the latter from saved_models/manifest.json.

python docs/tables.py
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import vaezoo
from vaezoo.evaluation import report
from vaezoo.evaluation.registry import METRICS
from vaezoo.pretrained.manifest import TrainedModel
from vaezoo.pretrained.places import read_manifest

ROOT = Path(__file__).parents[1]
NONE = "No model is trained yet."


def models() -> str:
    """Returns the table of models: class, paper and idea, latents and presets."""
    rows = []
    for name, model in vaezoo.MODELS.items():
        presets = {preset_name: preset for preset_name, preset in vaezoo.PRESETS.items() if preset.model == name}
        latents = dict.fromkeys(described(preset.latents) for preset in presets.values())
        rows.append((f"`{name}`", first_line(inspect.getmodule(model)), "; ".join(latents), quoted(presets)))
    return table(("model", "paper and idea", "latents of its presets", "presets"), rows)


def presets() -> str:
    """Returns the table of presets: model, data set, steps, batch size and source."""
    rows = [
        (f"`{name}`", f"`{preset.model}`", preset.dataset, f"{preset.steps:,}", preset.batch_size, preset.source)
        for name, preset in vaezoo.PRESETS.items()
    ]
    return table(("preset", "model", "data", "steps", "batch", "source"), rows)


def metrics() -> str:
    """Returns the table of metrics: definition, what it is computed from and what it needs."""
    rows = []
    for name, metric in METRICS.items():
        options = "".join(f"; {option}={value!r}" for option, value in metric.options.items())
        needs = ", ".join(sorted(metric.needs))
        rows.append((f"`{name}`", first_line(metric.function) + options, metric.computed_from, needs))
    return table(("metric", "definition", "computed from", "needs"), rows)


def trained() -> str:
    """Returns the table of trained models: how far, with which images and by which code each was trained."""
    rows = [
        (f"`{name}`", steps_of(name, one), f"{one.images:,}", one.precision, one.seed, one.data["origin"])
        + (one.commit or "not recorded", one.packages["tensorflow"], one.version, f"{one.bytes / 1e6:.1f}")
        for name, one in manifest().items()
    ]
    header = ("preset", "steps", "images drawn", "precision", "seed", "data", "commit", "TensorFlow", "version", "MB")
    return table(header, rows) if rows else NONE


def scores() -> str:
    """Returns a table of scores for each data set, with a column for each trained model."""
    sections = []
    for dataset in dict.fromkeys(vaezoo.PRESETS[name].dataset for name in manifest()):
        models = {name: one for name, one in manifest().items() if vaezoo.PRESETS[name].dataset == dataset}
        names = dict.fromkeys(score for one in models.values() for score in one.flat_scores)
        rows = [("steps", *(steps_of(name, one) for name, one in models.items()))]
        rows.append(("images", *(evaluated(one) for one in models.values())))
        rows.append(("intervals", *(f"{one.evaluation['confidence'] or 0:.0%}" for one in models.values())))
        rows += [(name, *(score(name, one) for one in models.values())) for name in names]
        sections.append(f"### {dataset}\n\n{table(('', *(f'`{name}`' for name in models)), rows)}")
    return "\n\n".join(sections) or NONE


def manifest() -> dict[str, TrainedModel]:
    """Returns the trained models of the clone, in the order of the presets."""
    models = read_manifest(str(ROOT / "saved_models"))
    return {name: models[name] for name in vaezoo.PRESETS if name in models}


def steps_of(name: str, one: TrainedModel) -> str:
    """Returns the steps of a trained model, and those of its preset if they are more."""
    steps = vaezoo.PRESETS[name].steps
    return f"{one.steps:,}" if one.steps == steps else f"{one.steps:,} of {steps:,}"


def evaluated(one: TrainedModel) -> str:
    """Returns the images of which the scores of a trained model are."""
    return f"{one.evaluation['images']:,} of {one.evaluation['of']:,} ({one.evaluation['split']})"


def score(name: str, one: TrainedModel) -> str:
    """Returns a score of a trained model with its interval or standard error; a dash if it has none of that name."""
    for values in one.scores.values():
        if values.get(name) is not None:
            spread = report.spread(name, values).strip()
            return f"{report.number(values[name], report.error_of(name, values))} {spread}".strip()
    return "–"


def first_line(documented: Any) -> str:
    """Returns the first sentence of a docstring, without its full stop."""
    paragraph = " ".join(inspect.getdoc(documented).partition("\n\n")[0].split())
    return paragraph.removesuffix(".")


def described(latents: Mapping[str, Any]) -> str:
    """Describes the arguments of a `LatentSpec`."""
    classes = [f"{K} classes" for K in latents.get("categorical", ())]
    return ", ".join([f"{latents['gaussian']} Gaussian", *classes])


def quoted(names: Iterable[str]) -> str:
    """Joins names, each as Markdown code."""
    return ", ".join(f"`{name}`" for name in names)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Formats a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


PAGES = {
    ROOT / "README.md": (models, presets, metrics),
    ROOT / "docs" / "results" / "zoo.md": (trained, scores),
}
"""Page -> the functions that make its tables."""


def updated(text: str, makes: Iterable[Callable[[], str]]) -> str:
    """Returns a text with the current tables between its marks <!-- name --> and <!-- end -->.

    Args:
        text: the text of a page.
        makes: functions that return a table, whose names are those of the marks.

    Raises:
        ValueError: if the text does not have the marks of a table once.
    """
    for make in makes:
        mark = f"<!-- {make.__name__} -->"
        pattern = re.compile(f"{mark}.*?<!-- end -->", re.DOTALL)
        text, count = pattern.subn(lambda _, mark=mark, make=make: f"{mark}\n{make()}\n<!-- end -->", text)
        if count != 1:
            raise ValueError(f"Expected one {mark} ... <!-- end --> in the text. Received: {count}")
    return text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(f"docs/tables.py: unexpected argument {sys.argv[1]!r}; it takes none.")
    for page, makes in PAGES.items():
        page.write_text(updated(page.read_text(), makes))
