"""Which metrics are computed: names and groups, against what a model and its data have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from vaezoo.data import ImageData
from vaezoo.encoding import Exported
from vaezoo.evaluate.catalogue import METRICS
from vaezoo.models import BaseVAE

GROUPS = ("default", "all")
SPRITES = {"shape", "scale", "orientation", "x", "y"}


def check_names(names: Iterable[str], catalogue: Mapping[str, Any] = METRICS, kind: str = "metric") -> None:
    """Raises ValueError, with the nearest name, for a metric (or another `kind`) that does not exist."""
    known = [*GROUPS, *catalogue]
    for name in names:
        if name == "udr":
            raise ValueError("'udr' compares runs of several seeds: --metrics=udr alone, with --run=<folder of runs>.")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"Unknown {kind} {name!r}.{hint} Choose from: {', '.join(known)}.")


def choose(
    names: Iterable[str], offered: Iterable[str], catalogue: Mapping[str, Any] = METRICS, kind: str = "metric"
) -> list[str]:
    """What is asked for of a catalogue: "default" (all that apply but the slow), "all" (that apply), or names.

    offered: what the model and its data have, of the `needs` of its entries.
    Raises ValueError as `check_names`, and for one that lacks what it needs.
    """
    names, offered = list(names), set(offered)
    check_names(names, catalogue, kind)
    chosen: list[str] = []
    for name in names:
        if name in GROUPS:
            chosen += [n for n, m in catalogue.items() if m.needs <= offered and (name == "all" or not m.slow)]
            continue
        lacking = catalogue[name].needs - offered
        if lacking:
            raise ValueError(f"{name!r} needs what this model or data set does not have: {', '.join(sorted(lacking))}.")
        chosen.append(name)
    return list(dict.fromkeys(chosen))


def offers(model: BaseVAE | Exported, data: ImageData) -> set[str]:
    """What a model and a data set have, of the `needs` of metrics and figures."""
    has = {
        "likelihood": isinstance(model, BaseVAE),
        "categorical": bool(model.latents.categorical),
        "factors": data.factors is not None,
        "sprites": data.factors is not None and set(data.factors.names) >= SPRITES,
        "classes": data.factors is not None or data.labels is not None,
    }
    return {name for name, there in has.items() if there}
