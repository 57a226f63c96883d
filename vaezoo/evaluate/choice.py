"""Which metrics are computed: names and groups, against what a model and its data have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from vaezoo.data import ImageData
from vaezoo.evaluate.catalogue import METRICS
from vaezoo.metrics import Exported
from vaezoo.models import BaseVAE

GROUPS = ("default", "all")


def check_names(names: Iterable[str]) -> None:
    """Raises ValueError, with the nearest name, for a metric that does not exist."""
    known = [*GROUPS, *METRICS]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"Unknown metric {name!r}.{hint} Choose from: {', '.join(known)}.")


def choose(names: Iterable[str], offered: Iterable[str]) -> list[str]:
    """The metrics asked for: "default" (all that apply but the slow ones), "all" (that apply), or names.

    offered: what the model and its data have, of `Metric.needs`.
    Raises ValueError as `check_names`, and for one that lacks what it needs.
    """
    names, offered = list(names), set(offered)
    check_names(names)
    chosen: list[str] = []
    for name in names:
        if name in GROUPS:
            chosen += [n for n, m in METRICS.items() if m.needs <= offered and (name == "all" or not m.slow)]
            continue
        lacking = METRICS[name].needs - offered
        if lacking:
            raise ValueError(f"{name!r} needs what this model or data set does not have: {', '.join(sorted(lacking))}.")
        chosen.append(name)
    return list(dict.fromkeys(chosen))


def offers(model: BaseVAE | Exported, data: ImageData) -> set[str]:
    """What a model and a data set have, of `Metric.needs`."""
    has = {
        "likelihood": isinstance(model, BaseVAE),
        "categorical": bool(model.latents.categorical),
        "factors": data.factors is not None,
        "classes": data.factors is not None or data.labels is not None,
    }
    return {name for name, there in has.items() if there}
