"""Figures and the report of an evaluation: what is written, refused, told, and in which order."""

import dataclasses
import functools
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from small import small_model

import vaezoo
from vaezoo import metrics, plots
from vaezoo.data import FactorGrid
from vaezoo.encoding import encode_dataset, load_model
from vaezoo.evaluation import FigureError, evaluate, registry, report
from vaezoo.evaluation.figures import FIGURES

REFUSAL = "shows latents with a KL above 0.05 nats"


@pytest.fixture(scope="module")
def data(images):
    data = vaezoo.data.from_arrays(images, name="rectangles")
    return dataclasses.replace(data, factors=FactorGrid(("a", "b"), (6, 8), (range(6), range(8, 16))))


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures") / "trained"
    folder.mkdir()
    model = small_model("vae", latents={"gaussian": 3, "categorical": (4,)})
    model.fit(images, epochs=3, verbose=0)
    model.save(folder / "model.keras")
    np.savez(folder / "images.npz", images=images)
    (folder / "config.json").write_text(json.dumps({"dataset": str(folder / "images.npz")}))
    return folder


@pytest.fixture
def refusing(monkeypatch):
    """`kl_bars` refuses."""

    def refuse(*_):
        raise ValueError(REFUSAL)

    monkeypatch.setattr(plots, "kl_bars", refuse)


def test_a_named_figure_that_refuses_leaves_all_else(run, data, refusing, tmp_path):
    options = {"dataset": data, "metrics": "active_units", "out": tmp_path}
    with pytest.raises(FigureError, match=f"figure kl: .*{REFUSAL}") as raised:
        evaluate(run, **options, figures=["kl", "reconstructions"])  # the one that refuses is the first
    evaluation = raised.value.evaluation
    assert evaluation["scores"]["active_units"] and evaluation.file == tmp_path / "scores.json"
    assert evaluation.figures == [tmp_path / "figures" / "reconstructions.png"] and evaluation.figures[0].exists()
    assert json.loads(evaluation.file.read_text()) == evaluation


def test_refused_figures_of_all_are_noted(run, data, refusing, tmp_path, monkeypatch):
    selected = lambda names, available, registry: ["kl", "reconstructions"] if registry is FIGURES else []  # noqa: E731
    monkeypatch.setattr("vaezoo.evaluation.pipeline.select", selected)
    scores = evaluate(run, dataset=data, figures="all", out=tmp_path)
    expected = {"kl": {"error": REFUSAL}, "reconstructions": {"files": ["figures/reconstructions.png"]}}
    assert scores["figures"] == json.loads((tmp_path / "scores.json").read_text())["figures"] == expected
    assert f"figure kl: {REFUSAL}" in report.table(scores)


@pytest.fixture
def command(monkeypatch):
    """`vaezoo evaluate` in this process, with flags of its own."""
    own = flags.FlagValues()
    for kind in ("string", "list", "integer", "float"):
        define = getattr(flags, f"DEFINE_{kind}")
        monkeypatch.setattr(flags, f"DEFINE_{kind}", functools.partial(define, flag_values=own))
    monkeypatch.setattr(flags, "FLAGS", own)
    file = Path(vaezoo.__file__).parent / "cli" / "evaluate.py"
    spec = importlib.util.spec_from_file_location("command", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *given: module.main(own(["vaezoo evaluate", *given]))


def test_the_command_prints_the_table_and_paths_though_a_figure_refuses(run, refusing, command, tmp_path, capsys):
    options = ["--metrics=active_units", "--figures=kl,reconstructions", "--format=pdf,svg", f"--out={tmp_path}"]
    with pytest.raises(SystemExit) as left:
        command(f"--run={run}", *options)
    printed = capsys.readouterr()
    assert left.value.code == f"vaezoo evaluate: figure kl: {REFUSAL}"
    assert "active_units" in printed.out and "z_0" in printed.out
    assert f"Scores:  {tmp_path / 'scores.json'}\nFigures: {tmp_path / 'figures'} (2 files)" in printed.out
    stages = [line.partition(" s  ")[2] for line in printed.err.splitlines() if " s  " in line]
    assert stages == ["encode 48 images of images", "metric active_units", "figure kl", "figure reconstructions"]


def test_a_figure_that_cannot_be_written_leaves_the_scores(run, data, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("vaezoo.evaluation.figures.save", full)
    with pytest.raises(FigureError, match="figure reconstructions: No space left on device") as raised:
        evaluate(run, dataset=data, metrics="active_units", figures="reconstructions", out=tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text()) == raised.value.evaluation


def test_formats(run, data, tmp_path):
    figures = ["reconstructions", "animated_traversals"]
    options = {"dataset": data, "metrics": "active_units", "out": tmp_path}
    scores = evaluate(run, **options, figures=figures, format=["pdf", "svg"])
    files = {name: (tmp_path / "figures" / name).read_bytes() for name in ("reconstructions.pdf", "traversals.gif")}
    assert files["reconstructions.pdf"].startswith(b"%PDF") and files["traversals.gif"].startswith(b"GIF")
    assert [file.name for file in scores.figures] == ["reconstructions.pdf", "reconstructions.svg", "traversals.gif"]


def names_in(figure):
    """The latents on the axis of a figure, in its order."""
    axes = figure.axes[0]
    ticks = [tick.get_text() for tick in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return [text.partition("  ")[0] for text in ticks if text.startswith("$z_")]


@pytest.fixture
def saved(monkeypatch):
    """The figures that are saved, by file name."""
    figures = {}

    def remember(figure, file):
        figures[file.stem] = figure
        return file

    monkeypatch.setattr("vaezoo.evaluation.figures.save", remember)
    return figures


def test_all_figures_have_one_order_of_latents(run, data, saved, tmp_path, monkeypatch):
    """That of the KL over all images, though the examples alone have another."""
    monkeypatch.setattr("vaezoo.evaluation.figures.EXAMPLES", 4)
    r = encode_dataset(load_model(run).model, data)
    r.log_var[:, 1] = np.where(np.arange(48) % 12, -9, 0)  # z_1 has much KL, but in none of the examples
    r.mean[:, 1] = 0
    monkeypatch.setattr("vaezoo.evaluation.pipeline.encode_dataset", lambda *_, **__: r)
    moved = []
    monkeypatch.setattr(plots, "animated_traversals", lambda *_, **options: moved.extend(options["kl"]))
    figures = ["traversals", "animated_traversals", "kl", "factor_information", "irs_matrix", "class_traversals"]
    kl = evaluate(run, dataset=data, metrics="per_latent", figures=figures, out=tmp_path)["latents"]["kl"]
    order = [f"$z_{{{k}}}$" for k in np.argsort(np.negative(kl))]
    assert order[0] == "$z_{1}$"
    for name in ("traversals", "kl", "factor_information", "irs_matrix"):
        assert names_in(saved[name]) == order, name
    assert moved[:3] == pytest.approx(kl)
    assert [name for name in saved if name.startswith("class_traversals")][0] == "class_traversals_z1"


def test_matrices_are_of_the_scores_own_fit(run, data, saved, tmp_path, monkeypatch):
    fits = []

    def fitted(name, *rest, compute=registry.compute, **options):
        fits.append(name)
        return compute(name, *rest, **options)

    monkeypatch.setattr(registry, "compute", fitted)
    options = {"dataset": data, "figures": ["dci_matrix", "irs_matrix"], "out": tmp_path}
    scores = evaluate(run, **options, metrics=["dci", "dci_random_forest"])
    assert fits == ["dci", "dci_random_forest", "irs"]  # IRS for its figure alone
    r = encode_dataset(load_model(run).model, data)
    expected = metrics.irs(r.mean, r.factors, return_matrix=True)["irs_matrix"]
    written = json.loads((tmp_path / "scores.json").read_text())["matrices"]
    assert set(written) == {"dci", "dci_random_forest", "irs"} and written["irs"]["factors"] == ["a", "b"]
    np.testing.assert_allclose(written["irs"]["values"], expected)
    order = np.argsort(np.negative(scores["latents"]["kl"]))
    boosted = np.array(written["dci"]["values"])
    np.testing.assert_allclose(saved["dci_matrix"].axes[0].images[0].get_array(), boosted[order].T)
    assert not [name for values in scores["scores"].values() for name in values if "matrix" in name]
    assert "return_matrix" not in scores["protocol"]["dci"]["arguments"]
    np.testing.assert_allclose(boosted.sum(axis=0), 1)  # [D, F]: the importances for each factor


def test_without_dci_its_matrix_is_of_random_forests(run, data, saved, tmp_path):
    scores = evaluate(run, dataset=data, metrics="active_units", figures=["dci_matrix"], out=tmp_path)
    assert list(scores["matrices"]) == ["dci_random_forest"]
    assert "random forest" in saved["dci_matrix"].axes[1].get_ylabel().replace("\n", " ")


def test_class_matrix_of_a_factor_has_its_name_and_values(run, data, saved, tmp_path):
    renamed = dataclasses.replace(data, factors=FactorGrid(("b", "a"), (8, 6), (range(8, 16), range(6))))
    evaluate(run, dataset=renamed, metrics="active_units", figures=["class_matrix"], out=tmp_path)
    axes = saved["class_matrix"].axes[0]
    assert axes.get_xlabel() == "b"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [str(value) for value in range(8, 16)]


@pytest.mark.parametrize(
    "value, error, told",
    [
        (0.0312345, 0.000012, "0.031234"),
        (0.5, 0.034, "0.500"),
        (-123.456, 1.24, "-123.5"),
        (12345.6, 432.0, "12350"),
        (12345.6, 4321.0, "12300"),
        (0.5, 3e-12, "5.0e-01"),
        (0.98765, None, "0.9877"),
        (0.00001234, None, "1.234e-05"),
        (10.0, None, "10"),
        (1.0, 0.0, "1"),
        (float("nan"), None, "nan"),
    ],
)
def test_numbers_have_the_digits_of_their_error(value, error, told):
    assert report.number(value, error) == told
    if error:
        assert float(report.number(error, error)) == pytest.approx(error, rel=0.06)  # never zero


def test_no_error_prints_as_zero():
    scores = {
        "subject": "s",
        "data": {"images": 2, "of": 2, "name": "d", "split": "test"},
        "scores": {"m": {"a": 0.5, "a_se": 0.00001, "b": 0.9999, "b_low": 0.99989, "b_high": 0.99991}},
        "protocol": {},
        "latents": {"kl": [0.3], "mi": [0.2], "mi_se": [0.000021]},
    }
    table = report.table(scores)
    assert "± 0.000010" in table and "[0.999890, 0.999910]" in table
    assert table.splitlines()[-1].split() == ["z_0", "0.3000", "0.200000", "0.000021"]


def test_stages_are_lines_on_stderr_or_nothing(run, data, tmp_path, capsys):
    options = {"dataset": data, "metrics": "active_units", "out": tmp_path}
    evaluate(run, **options)
    assert capsys.readouterr() == ("", "")
    evaluate(run, **options, progress="lines")
    told = capsys.readouterr()
    assert told.out == "" and [line.split(" s  ")[1] for line in told.err.splitlines()] == [
        "encode 48 images of rectangles",
        "metric active_units",
    ]
