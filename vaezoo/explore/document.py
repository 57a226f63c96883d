"""The page: one HTML file with its style, its scripts and its data."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

SCRIPTS = (
    "layers.js",
    "packing.js",
    "model.js",
    "sprites.js",
    "dom.js",
    "pictures.js",
    "latents.js",
    "matrix.js",
    "curve.js",
    "sweep.js",
    "scatter.js",
    "inputs.js",
    "view.js",
    "state.js",
    "app.js",
)
"""The files of the page's script, in the order in which they are joined."""


def document(data: Mapping[str, Any], *, connect: str = "'none'") -> str:
    """Returns the HTML of the page.

    Its content security policy lets nothing but its own script and style run, and nothing be requested.

    Args:
        data: of the page, as JSON can store it.
        connect: what the script may request: nothing, or "'self'", the server of the page.
    """
    style = read("style.css")
    script = '"use strict";\n' + "\n".join(map(read, SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; img-src data: blob:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script, "data": json_in_html(data)}
    page = read("page.html")
    for name, text in parts.items():
        before, after = page.split(f"{{{{{name}}}}}")
        page = before + text + after
    return page


def read(name: str) -> str:
    """Returns the text of a file of the page."""
    return (resources.files("vaezoo.explore") / "page" / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """Returns the SHA-256 digest of a script or a style, as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def json_in_html(data: Mapping[str, Any]) -> str:
    """Returns data as JSON that contains no markup, whatever its strings are."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
