"""Draws the stages of vaezoo and their imports in docs/architecture.md, from the code.

python docs/stages.py
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
STAGE = re.compile(r"^\d+\. vaezoo\.(\w+) +(.*)$", re.MULTILINE)
MARKS = re.compile(r"<!-- stages -->.*?<!-- end -->", re.DOTALL)


def stages() -> dict[str, str]:
    """Returns the stages in their order, each with what it does, as the docstring of vaezoo lists them."""
    return dict(STAGE.findall((ROOT / "vaezoo" / "__init__.py").read_text()))


def imports(stage: str) -> set[str]:
    """Returns the names after "vaezoo." that the modules of a stage import."""
    found = set()
    for file in (ROOT / "vaezoo" / stage).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vaezoo"):
                modules = [node.module] if "." in node.module else [f"vaezoo.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                continue
            found |= {module.split(".")[1] for module in modules if module.startswith("vaezoo.")}
    return found


def picture() -> str:
    """Returns a Mermaid graph: an arrow from each stage to those that import it, unless a longer way leads there."""
    known, reached, lines = stages(), {}, ["```mermaid", "graph TD"]
    for stage, words in known.items():
        direct = [other for other in known if other in imports(stage) and other != stage]
        reached[stage] = set(direct).union(*(reached[other] for other in direct))
        lines.append(f'    {stage}["<b>{stage}</b><br>{words.replace("->", "→")}"]')
        nearest = [other for other in direct if not any(other in reached[between] for between in direct)]
        lines += [f"    {other} --> {stage}" for other in nearest]
    return "\n".join([*lines, "```"])


def updated(text: str) -> str:
    """Returns a text with the current picture between its marks <!-- stages --> and <!-- end -->."""
    if len(MARKS.findall(text)) != 1:
        raise ValueError("Expected one <!-- stages --> ... <!-- end --> in the text.")
    return MARKS.sub(lambda _: f"<!-- stages -->\n{picture()}\n<!-- end -->", text)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
