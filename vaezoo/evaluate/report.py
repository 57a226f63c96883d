"""scores.json, and the table that a person reads."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vaezoo.durable import write_text
from vaezoo.evaluate.subject import Subject
from vaezoo.metrics import Representation

PACKAGES = ("vaezoo", "tensorflow", "keras", "tensorflow-probability", "numpy", "scipy", "scikit-learn")
SUFFIXES = ("_se", "_low", "_high")


def scores(
    subject: Subject | Sequence[Subject],
    representation: Representation,
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
            "name": representation.name,
            "origin": representation.origin,
            "split": split,
            "images": representation.size,
            "of": representation.dataset_size,
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


def write(file: Path, scores: Mapping[str, Any]) -> None:
    """Write scores.json, whole or not at all."""
    write_text(file, json.dumps(scores, indent=1) + "\n")


def table(scores: Mapping[str, Any]) -> str:
    """The scores, with their intervals or standard errors, what was refused, then the latents by falling KL."""
    data = scores["data"]
    lines = [f"{scores['subject']} on {data['images']} of {data['of']} images of {data['name']} ({data['split']})", ""]
    if "constant_factors" in data:
        lines[1:1] = [f"without the factors that have one value there: {', '.join(data['constant_factors'])}"]
    for values in scores["scores"].values():
        lines += [
            f"  {name:42s} {value:10.4f}{spread(name, values)}"
            for name, value in values.items()
            if not name.endswith(SUFFIXES)
        ]
    lines += [f"  {name}: {about['error']}" for name, about in scores["protocol"].items() if "error" in about]
    if "latents" in scores:
        latents = {name: column for name, column in scores["latents"].items() if not name.endswith(("_low", "_high"))}
        lines += ["", "  latent " + "".join(f"{name:>10s}" for name in latents) + "   nats; variances"]
        for k in np.argsort(np.negative(latents["kl"]), kind="stable"):
            lines.append(f"  z_{k:<5d} " + "".join(f"{column[k]:10.4f}" for column in latents.values()))
    return "\n".join(lines)


def spread(name: str, values: Mapping[str, float]) -> str:
    """The interval or standard error of a score, where it has one."""
    if f"{name}_low" in values:
        return f"   [{values[f'{name}_low']:.4f}, {values[f'{name}_high']:.4f}]"
    return f"   ± {values[f'{name}_se']:.4f}" if f"{name}_se" in values else ""


def version(package: str) -> str:
    """The version of an installed package, or "unknown"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
