"""Builds scores.json, and the table of scores that the command prints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vaezoo.durable import write_text
from vaezoo.encoding import EncodedDataset, LoadedModel
from vaezoo.evaluation.context import EvaluationContext
from vaezoo.packages import package_versions

SUFFIXES = ("_se", "_low", "_high")
DECIMALS = 8  # numbers that need more are written with an exponent


def scores(
    loaded: LoadedModel | Sequence[LoadedModel],
    encoded: EncodedDataset,
    split: str,
    seed: int,
    computed: Mapping[str, tuple[dict[str, float], dict[str, Any]]],
    latents: Mapping[str, np.ndarray] | None = None,
    constant_factors: Sequence[str] = (),
) -> dict[str, Any]:
    """Builds the content of scores.json.

    Args:
        loaded: the model that was evaluated, or the models of several seeds.
        encoded: the encoded data set.
        split: its name.
        seed: of every draw.
        computed: metric -> (scores, protocol).
        latents: the arrays of `per_latent`, which become "latents"; None for several models.
        constant_factors: factors that were left out because they have a single value.
    """
    several = not isinstance(loaded, LoadedModel)
    constant = {"constant_factors": list(constant_factors)} if constant_factors else {}
    return {
        "subject": [one.name for one in loaded] if several else loaded.name,
        "model": sorted({type(one.model).__name__ for one in loaded}) if several else type(loaded.model).__name__,
        "data": {
            "name": encoded.name,
            "origin": encoded.origin,
            "split": split,
            "images": encoded.size,
            "of": encoded.dataset_size,
            **constant,
        },
        "training": [one.training for one in loaded] if several else loaded.training,
        "seed": seed,
        "scores": {name: result for name, (result, _) in computed.items() if name != "per_latent"},
        "protocol": {name: protocol for name, (_, protocol) in computed.items()},
        **({} if latents is None else {"latents": {name: column.tolist() for name, column in latents.items()}}),
        "packages": package_versions(),
    }


def matrices(context: EvaluationContext) -> dict[str, Any]:
    """Builds the entry of scores.json for the matrices behind DCI, SAP and IRS; {} if none was computed.

    "values" has a row for each Gaussian latent, in the order of the codes, and a column for each factor.
    """
    factors = list(context.encoded.factor_names)
    entries = {name: {"factors": factors, "values": matrix.tolist()} for name, matrix in context.matrices.items()}
    return {"matrices": entries} if entries else {}


def write(file: Path, scores: Mapping[str, Any]) -> None:
    """Writes scores.json durably."""
    write_text(file, json.dumps(scores, indent=1) + "\n")


def table(scores: Mapping[str, Any]) -> str:
    """Formats the scores with their intervals or standard errors, the errors, and the latents by descending KL.

    Values have the decimals of two significant digits of their error, or four significant digits if they have none.
    """
    data = scores["data"]
    images = f"{data['images']} of {data['of']} images of {data['name']} ({data['split']})"
    lines = [f"{scores['subject']}{trained(scores.get('training', {}))} on {images}", ""]
    if "constant_factors" in data:
        lines[1:1] = [f"without the factors that have one value there: {', '.join(data['constant_factors'])}"]
    for values in scores["scores"].values():
        lines += [
            f"  {name:42s} {number(value, error_of(name, values)):>12s}{spread(name, values)}"
            for name, value in values.items()
            if not name.endswith(SUFFIXES)
        ]
    errors = {name: about["error"] for name, about in scores["protocol"].items() if "error" in about}
    drawn = scores.get("figures", {}).items()
    errors |= {f"figure {name}": about["error"] for name, about in drawn if "error" in about}
    lines += [f"  {name}: {error}" for name, error in errors.items()]
    if "latents" in scores:
        latents = {name: column for name, column in scores["latents"].items() if not name.endswith(("_low", "_high"))}
        lines += ["", "  latent " + "".join(f"{name:>11s}" for name in latents) + "   nats; variances"]
        for k in np.argsort(np.negative(latents["kl"]), kind="stable"):
            row = {name: column[k] for name, column in latents.items()}
            cells = (number(value, error_of(name, row)) for name, value in row.items())
            lines.append(f"  z_{k:<5d} " + "".join(f"{cell:>11s}" for cell in cells))
    return "\n".join(lines)


def trained(training: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Formats the step of a run's model, and the number of steps if the run has not finished; "" if unknown."""
    if not isinstance(training, Mapping) or "step" not in training:
        return ""
    step, steps = training["step"], training.get("steps", training["step"])
    return f" after step {step}" if step >= steps else f" after step {step} of {steps} (not finished)"


def spread(name: str, values: Mapping[str, float]) -> str:
    """Formats the interval or the standard error of a score; "" if it has none."""
    if f"{name}_low" in values:
        error = error_of(name, values)
        return f"   [{number(values[f'{name}_low'], error)}, {number(values[f'{name}_high'], error)}]"
    return f"   ± {number(values[f'{name}_se'], error_of(name, values))}" if f"{name}_se" in values else ""


def error_of(name: str, values: Mapping[str, float]) -> float | None:
    """Returns half the width of a score's interval, or its standard error (of a standard error, itself), or None."""
    if f"{name}_low" in values:
        return (values[f"{name}_high"] - values[f"{name}_low"]) / 2
    return values.get(name if name.endswith("_se") else f"{name}_se")


def number(value: float, error: float | None = None) -> str:
    """Formats a value to two significant digits of its error, or to four significant digits without an error."""
    if error is not None and math.isfinite(error) and error > 0:
        decimals = 1 - math.floor(math.log10(error))
        if decimals > DECIMALS:
            return f"{value:.1e}"
        return f"{round(value, decimals):.{max(decimals, 0)}f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:#.4g}"
