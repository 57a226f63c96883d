"""scores.json, and the table that a person reads."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vaezoo.durable import write_text
from vaezoo.encoding import EncodedDataset
from vaezoo.evaluate.catalogue import Case
from vaezoo.evaluate.subject import Subject

PACKAGES = ("vaezoo", "tensorflow", "keras", "tensorflow-probability", "numpy", "scipy", "scikit-learn")
SUFFIXES = ("_se", "_low", "_high")
DECIMALS = 8  # beyond which a number has an exponent


def scores(
    subject: Subject | Sequence[Subject],
    encoded: EncodedDataset,
    split: str,
    seed: int,
    computed: Mapping[str, tuple[dict[str, float], dict[str, Any]]],
    latents: Mapping[str, np.ndarray] | None,
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    """What scores.json holds.

    subject: one, or the runs of several seeds. computed: metric -> (scores, protocol); the arrays of `per_latent`
    stand under "latents". left_out: factors of one value.
    """
    many = not isinstance(subject, Subject)
    constant = {"constant_factors": list(left_out)} if left_out else {}
    return {
        "subject": [s.name for s in subject] if many else subject.name,
        "model": sorted({type(s.model).__name__ for s in subject}) if many else type(subject.model).__name__,
        "data": {
            "name": encoded.name,
            "origin": encoded.origin,
            "split": split,
            "images": encoded.size,
            "of": encoded.dataset_size,
            **constant,
        },
        "training": [s.training for s in subject] if many else subject.training,
        "seed": seed,
        "scores": {name: result for name, (result, _) in computed.items() if name != "per_latent"},
        "protocol": {name: protocol for name, (_, protocol) in computed.items()},
        **({} if latents is None else {"latents": {name: column.tolist() for name, column in latents.items()}}),
        "packages": {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}},
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def matrices(case: Case) -> dict[str, Any]:
    """The entry of scores.json for the matrices behind DCI, SAP and IRS; none where none was computed.

    "values" has a row for each Gaussian latent, in the order of the codes, and a column for each factor.
    """
    factors = list(case.encoded.factor_names)
    told = {name: {"factors": factors, "values": matrix.tolist()} for name, matrix in case.matrices.items()}
    return {"matrices": told} if told else {}


def write(file: Path, scores: Mapping[str, Any]) -> None:
    """Write scores.json, whole or not at all."""
    write_text(file, json.dumps(scores, indent=1) + "\n")


def table(scores: Mapping[str, Any]) -> str:
    """The scores, with their intervals or standard errors, what was refused, then the latents by falling KL.

    A value has as many decimals as two significant digits of its error need, or four significant digits without one.
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
    refused = {name: about["error"] for name, about in scores["protocol"].items() if "error" in about}
    drawn = scores.get("figures", {}).items()
    refused |= {f"figure {name}": about["error"] for name, about in drawn if "error" in about}
    lines += [f"  {name}: {error}" for name, error in refused.items()]
    if "latents" in scores:
        latents = {name: column for name, column in scores["latents"].items() if not name.endswith(("_low", "_high"))}
        lines += ["", "  latent " + "".join(f"{name:>11s}" for name in latents) + "   nats; variances"]
        for k in np.argsort(np.negative(latents["kl"]), kind="stable"):
            row = {name: column[k] for name, column in latents.items()}
            told = (number(value, error_of(name, row)) for name, value in row.items())
            lines.append(f"  z_{k:<5d} " + "".join(f"{value:>11s}" for value in told))
    return "\n".join(lines)


def trained(training: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """The step of a run's model, and of how many where the run has not finished; "" where that is not known."""
    if not isinstance(training, Mapping) or "step" not in training:
        return ""
    step, steps = training["step"], training.get("steps", training["step"])
    return f" after step {step}" if step >= steps else f" after step {step} of {steps} (not finished)"


def spread(name: str, values: Mapping[str, float]) -> str:
    """The interval or standard error of a score, where it has one."""
    if f"{name}_low" in values:
        error = error_of(name, values)
        return f"   [{number(values[f'{name}_low'], error)}, {number(values[f'{name}_high'], error)}]"
    return f"   ± {number(values[f'{name}_se'], error_of(name, values))}" if f"{name}_se" in values else ""


def error_of(name: str, values: Mapping[str, float]) -> float | None:
    """Half the width of a score's interval, its standard error, or, of a standard error, itself; None without any."""
    if f"{name}_low" in values:
        return (values[f"{name}_high"] - values[f"{name}_low"]) / 2
    return values.get(name if name.endswith("_se") else f"{name}_se")


def number(value: float, error: float | None = None) -> str:
    """Formats a value to the decimals of its error's two significant digits; to four significant digits without one."""
    if error is not None and math.isfinite(error) and error > 0:
        decimals = 1 - math.floor(math.log10(error))
        if decimals > DECIMALS:
            return f"{value:.1e}"
        return f"{round(value, decimals):.{max(decimals, 0)}f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:#.4g}"


def version(package: str) -> str:
    """The version of an installed package, or "unknown"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
