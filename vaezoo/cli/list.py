"""Show the models, presets, metrics, figures and data sets by name.

vaezoo list
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import vaezoo
from vaezoo.cli.startup import program_name
from vaezoo.presets import Preset
from vaezoo.pretrained.manifest import TrainedModel
from vaezoo.pretrained.places import read_manifest, weights_place

REGISTRIES = {
    "Models (vaezoo train --model=<name>)": ("models/__init__.py", "MODELS"),
    "Metrics (vaezoo evaluate --metrics=<name>,...)": ("evaluation/registry.py", "METRICS"),
    "Figures (vaezoo evaluate --figures=<name>,...)": ("evaluation/figures.py", "FIGURES"),
    "Data sets (--dataset=<name>, a .npz, .npy or .h5 file, a folder or tfds:<name>)": (
        "data/sources.py",
        "NAMES",
    ),
}
"""Heading -> the file, relative to the package, and its variable that has the names."""


def main(argv: list[str]) -> None:
    """Prints the names, and the data set, steps, source, trained weights and scores of each preset.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program_name(argv)  # refuses arguments
    sections = {
        heading: indented(", ".join(literal_names(Path(vaezoo.__path__[0], file), variable)))
        for heading, (file, variable) in REGISTRIES.items()
    }
    sections["Presets (vaezoo train --preset=<name>, vaezoo.from_preset(<name>))"] = presets()
    print("\n\n".join(f"{heading}\n{text}" for heading, text in sections.items()))


def indented(text: str, by: int = 2) -> str:
    """Wraps a text to 110 columns, indented by a number of spaces."""
    return textwrap.fill(text, 110, initial_indent=" " * by, subsequent_indent=" " * by)


def presets() -> str:
    """Formats the presets: data set, steps, trained weights and source; and the error where there is no manifest."""
    lines, manifest = [], {}
    try:
        manifest = read_manifest(weights_place())
    except ValueError as error:
        lines.append(indented(f"No trained weights were found. {error}"))
    for name, preset in vaezoo.PRESETS.items():
        lines.append(f"  {name}: {preset.dataset}, {preset.steps:,} steps, {weights(preset, manifest.get(name))}")
        lines.append(indented(preset.source, by=6))
        if name in manifest:
            scores = (f"{score} {value:.4g}" for score, value in manifest[name].flat_scores.items())
            lines.append(indented(f"Scores: {', '.join(scores)}", by=6))
    return "\n".join(lines)


def weights(preset: Preset, trained: TrainedModel | None) -> str:
    """Says whether a preset is trained, for how many of its steps and in which precision."""
    if trained is None:
        return "not trained"
    steps = f"{trained.steps:,}" if trained.steps == preset.steps else f"{trained.steps:,} of {preset.steps:,}"
    return f"trained: {steps} steps in {trained.precision}, seed {trained.seed}"


def literal_names(file: Path, variable: str) -> list[str]:
    """Reads names from a module's source, because importing the module would import TensorFlow.

    Args:
        file: the module's source.
        variable: a dict or tuple literal at the top level of the module.

    Returns:
        The keys of the dict, or the items of the tuple, that are string literals.
    """
    for statement in ast.parse(file.read_text()).body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign):
            targets, value = [statement.target], statement.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == variable for target in targets):
            nodes = value.keys if isinstance(value, ast.Dict) else value.elts if isinstance(value, ast.Tuple) else []
            return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    raise LookupError(f"There is no {variable} in {file}")
