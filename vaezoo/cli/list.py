"""Show the models, presets, metrics, figures and data sets by name.

vaezoo list
"""

from __future__ import annotations

import ast
import contextlib
import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

from absl import flags

import vaezoo
from vaezoo.cli.startup import program_name

FLAGS = flags.FLAGS
flags.DEFINE_string("saved_models", "saved_models", "Folder of exported models, to find trained presets in.")

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
    """Prints the names, and the data set, steps, source and trained weights of each preset.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program_name(argv)  # refuses arguments
    sections = {
        heading: indented(", ".join(literal_names(Path(vaezoo.__path__[0], file), variable)))
        for heading, (file, variable) in REGISTRIES.items()
    }
    sections["Presets (vaezoo train --preset=<name>)"] = presets(trained_presets(Path(FLAGS.saved_models)))
    print("\n\n".join(f"{heading}\n{text}" for heading, text in sections.items()))


def indented(text: str, by: int = 2) -> str:
    """Wraps a text to 110 columns, indented by a number of spaces."""
    return textwrap.fill(text, 110, initial_indent=" " * by, subsequent_indent=" " * by)


def presets(trained: Mapping[str, str]) -> str:
    """Formats the presets: data set, steps, trained weights and source."""
    lines = []
    for name, preset in vaezoo.PRESETS.items():
        weights = f"trained: {trained[name]}" if name in trained else "not trained"
        lines.append(f"  {name}: {preset.dataset}, {preset.steps:,} steps, {weights}")
        lines.append(indented(preset.source, by=6))
    return "\n".join(lines)


def trained_presets(folder: Path) -> dict[str, str]:
    """Finds the presets whose trained weights are exported.

    Args:
        folder: of exported models, <name>/<version>/model.json.

    Returns:
        Preset -> the path of the newest version trained by it, with the number of its training steps.
    """
    found = {}
    for card in sorted(folder.glob("*/[0-9]*/model.json"), key=lambda card: int(card.parent.name)):
        with contextlib.suppress(OSError, ValueError, KeyError):
            training = json.loads(card.read_text())["training"]
            found[training["preset"]] = f"{card.parent} ({training['steps']:,} steps)"
    return found


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
