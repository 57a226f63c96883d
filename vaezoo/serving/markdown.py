"""Text of any origin as literal text in Markdown, which may hold HTML."""

from __future__ import annotations

import html
import re

# An underscore within a word is no emphasis; `[` alone makes links, images and footnotes, `$` formulas.
SPECIAL = re.compile(r"[\\`*\[|~$#]|(?<![^\W_])_|_(?![^\W_])")


def literal(value: object) -> str:
    """`value` as one line that Markdown shows as it is, in a heading, a paragraph or a cell of a table.

    Line breaks and characters that do not print become spaces.
    """
    printable = "".join(character if character.isprintable() else " " for character in str(value))
    return SPECIAL.sub(r"\\\g<0>", html.escape(" ".join(printable.split()), quote=False))


def fenced(text: str) -> str:
    """`text` as a block of code, in a fence that is longer than any row of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"
