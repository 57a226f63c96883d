"""The READMEs: their Python runs, their tables are current, and their links lead somewhere."""

import ast
import dataclasses
import importlib.util
import re
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure
from small import SMALL
from trained_model import TRAINED

import vaezoo
from vaezoo.pretrained.manifest import format_manifest
from vaezoo.serving import client

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "saved_models" / "README.md"]
SNIPPETS = [snippet for page in PAGES for snippet in re.findall(r"```i?python\n(.*?)```", page.read_text(), re.DOTALL)]


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(snippet, names):
    """Executes a snippet, and returns the value of its last line where that is an expression, as a notebook does."""
    body = ast.parse(re.sub("^%.*$", "", snippet, flags=re.MULTILINE)).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "README.md", "exec"), names)
    return eval(compile(ast.Expression(last.value), "README.md", "eval"), names) if last else None


def test_every_python_snippet_runs(tmp_path, monkeypatch):
    """In order, in one namespace, but with few steps, small networks without XLA, and no model server."""
    create, small = vaezoo.create, {"network": SMALL, "jit_compile": False}
    monkeypatch.setattr(vaezoo, "create", lambda name, **options: create(name, **{**options, **small}))
    from_preset = vaezoo.from_preset  # of a folder the trained model, of a preset a new one
    monkeypatch.setattr(vaezoo, "from_preset", lambda name: from_preset(name, load_weights=Path(name).exists()))
    monkeypatch.setattr(
        client, "encode", mock.create_autospec(client.encode, return_value={"mean": np.zeros((10, 10))})
    )
    monkeypatch.chdir(tmp_path)
    for n in range(8):
        path = tmp_path / "my_images" / f"{n % 2}" / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tf.io.encode_png(np.full((8, 8, 1), 30 * n, np.uint8)).numpy())
    names, figures = {}, 0
    for snippet in SNIPPETS:
        figures += isinstance(run(snippet.replace("steps=1000", "steps=2"), names), Figure)
    assert len(SNIPPETS) >= 8 and figures >= 2
    assert names["mine"].size == 8 and names["x_1"].shape == names["x_2"].shape == (64, 64, 64, 1)
    assert int(names["model"].step) == 4  # two steps, saved, loaded, two more
    assert (tmp_path / "saved_models" / "nonsyn" / "1" / "model.json").is_file()


def test_the_tables_are_current(tables):
    """Where this fails, run `python docs/tables.py`."""
    for page, makes in tables.PAGES.items():
        text = page.read_text()
        assert tables.updated(text, makes) == text
    text = PAGES[0].read_text()
    for name in [*vaezoo.MODELS, *vaezoo.PRESETS, "mig", "dci"]:
        assert f"\n| `{name}` |" in text


def test_trained_models_have_a_table_and_their_scores_another(tables, tmp_path, monkeypatch):
    """A table of scores for each data set, which need not have the same scores."""
    nmi = {"nmi": {"nmi": 0.95, "nmi_se": 0.012}}
    models = {
        "imae_mnist": dataclasses.replace(TRAINED, steps=12_000, precision="float32", scores=nmi, commit="c0ffee"),
        "vae_dsprites": dataclasses.replace(TRAINED, steps=300_000, scores={"mig": {"mig": 0.1}}),
        "nonsyn_dsprites": TRAINED,
    }
    (tmp_path / "saved_models").mkdir()
    (tmp_path / "saved_models" / "manifest.json").write_text(format_manifest(models))
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    rows = tables.trained().splitlines()
    assert [row.split(" | ")[:4] for row in rows[2:]] == [
        ["| `nonsyn_dsprites`", "30,000 of 150,000", "3,840,000", "bfloat16"],
        ["| `vae_dsprites`", "300,000", "3,840,000", "bfloat16"],
        ["| `imae_mnist`", "12,000", "3,840,000", "float32"],
    ]
    assert rows[-1].endswith("| 7 | drawn in process | c0ffee | 2.21.0 | 2 | 2.2 |") and "not recorded" in rows[-2]
    dsprites, mnist = tables.scores().split("\n\n### mnist\n\n")
    assert dsprites.splitlines()[-5:] == [
        "| steps | 30,000 of 150,000 | 300,000 |",
        "| images | 5,000 of 737,280 (train) | 5,000 of 737,280 (train) |",
        "| intervals | 95% | 95% |",
        "| mig | 0.312 [0.300, 0.320] | 0.1000 |",
        "| sap | 0.07000 | – |",
    ]
    assert mnist.splitlines()[0] == "|  | `imae_mnist` |" and mnist.splitlines()[-1] == "| nmi | 0.950 ± 0.012 |"


def test_a_text_without_a_table_is_refused(tables):
    with pytest.raises(ValueError, match="Expected one <!-- models --> "):
        tables.updated("# vaezoo", [tables.models])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_links_to_files_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).exists()]
