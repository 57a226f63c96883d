"""Errors for unknown names, with a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

SYNONYMS = {
    "lr": "learning_rate",
    "latent_dim": "latents",
    "latent_size": "latents",
    "z_dim": "latents",
    "input_shape": "image_shape",
}
"""Names that other libraries use -> the name of the same argument here."""


def validate_choice(what: str, value: object, choices: Iterable[str]) -> None:
    """Checks that `value` is one of `choices`.

    Args:
        what: kind of the name, for the message ("model", say).
        value: the name that was given.
        choices: the valid names.

    Raises:
        ValueError: if it is not; the message suggests the nearest valid name and lists all of them.
    """
    choices = list(choices)
    if value in choices:
        return
    synonym = SYNONYMS.get(str(value))
    hint = f" Did you mean {synonym!r}?" if synonym else did_you_mean(value, choices)
    raise ValueError(f"Unknown {what} {value!r}.{hint} Choose from: {', '.join(choices)}.")


def did_you_mean(value: object, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """Suggests the choice nearest to `value`, as " Did you mean 'x'?"; "" where none is near.

    Args:
        value: the unknown name.
        choices: valid names, or a mapping from spellings to the names to suggest.
        cutoff: least similarity, in [0, 1], as of `difflib.get_close_matches`.
    """
    names = choices if isinstance(choices, Mapping) else {name: name for name in choices}
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=cutoff)
    return f" Did you mean {names[near[0]]!r}?" if near else ""
