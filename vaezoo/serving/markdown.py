"""Escapes text of any origin for Markdown, which may contain HTML."""

from __future__ import annotations

import html
import re

# An underscore within a word is not emphasis. `[` starts links, images and footnotes; `$` starts formulas.
SPECIAL = re.compile(r"[\\`*\[|~$#]|(?<![^\W_])_|_(?![^\W_])")


def escape(value: object) -> str:
    """Escapes a value as one line of literal text, for a heading, a paragraph or a table cell.

    Args:
        value: any object; its `str` is escaped.

    Returns:
        The Markdown. Line breaks and characters that are not printable are replaced by spaces.
    """
    printable = "".join(character if character.isprintable() else " " for character in str(value))
    return SPECIAL.sub(r"\\\g<0>", html.escape(" ".join(printable.split()), quote=False))


def code_block(text: str) -> str:
    """Formats text as a fenced code block, with a fence longer than any run of backticks in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"
