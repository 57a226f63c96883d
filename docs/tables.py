"""Writes the tables of models, presets and metrics in README.md, from the code.

python docs/tables.py
"""

import inspect
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import vaezoo
from vaezoo.evaluation.registry import METRICS

README = Path(__file__).parents[1] / "README.md"


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


def updated(text: str) -> str:
    """Returns a text with the current tables between its marks <!-- name --> and <!-- end -->."""
    for make in (models, presets, metrics):
        mark = f"<!-- {make.__name__} -->"
        pattern = re.compile(f"{mark}.*?<!-- end -->", re.DOTALL)
        text, count = pattern.subn(lambda _, mark=mark, make=make: f"{mark}\n{make()}\n<!-- end -->", text)
        if count != 1:
            raise ValueError(f"Expected one {mark} ... <!-- end --> in the text. Received: {count}")
    return text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(f"docs/tables.py: unexpected argument {sys.argv[1]!r}; it takes none.")
    README.write_text(updated(README.read_text()))
