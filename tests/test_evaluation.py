"""From a run's folder, a .keras file or a SavedModel to scores.json, as a person asks for it."""

import dataclasses
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import forked
import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo import encoding, metrics, plots
from vaezoo.data import FactorGrid
from vaezoo.encoding import encode_dataset, load_model
from vaezoo.evaluation import evaluate, evaluate_seeds, report, trade_offs
from vaezoo.evaluation.arguments import load_dataset
from vaezoo.evaluation.registry import METRICS
from vaezoo.evaluation.selection import available_inputs, select
from vaezoo.serving import export

ROOT = Path(__file__).parents[1]
QUICK = ["active_units", "mig", "factor_vae_score"]


@pytest.fixture(scope="module")
def data(images):
    """The full grid of 6 x 8 rectangles' factors."""
    data = vaezoo.data.from_arrays(images, labels=np.arange(48) % 3, name="rectangles", origin="a test")
    return dataclasses.replace(data, factors=FactorGrid(("a", "b"), (6, 8)))


@pytest.fixture(scope="module")
def model(images):
    model = small_model("vae", latents={"gaussian": 3, "categorical": (4,)})
    model.fit(images, epochs=3, verbose=0)
    return model


@pytest.fixture(scope="module")
def run(model, images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "trained"
    folder.mkdir()
    np.savez(folder / "images.npz", images=images)
    about = {"model": "vae", "dataset": str(folder / "images.npz"), "steps": 3, "seed": 1, "log_every": 1}
    (folder / "config.json").write_text(json.dumps(about | {"hyperparameters": {"temperature": 0.67}}))
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def version(model, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("saved") / "rectangles")


def test_scores_are_those_of_the_functions_on_the_encoded_data_set(model, run, data, tmp_path):
    written = evaluate(run, dataset=data, metrics=[*QUICK, "nmi", "class_information"], out=tmp_path, seed=5)
    assert json.loads((tmp_path / "scores.json").read_text()) == json.loads(json.dumps(written))
    assert [file.name for file in tmp_path.iterdir()] == ["scores.json"]
    r = encode_dataset(model, data)
    expected = {
        "mig": metrics.mig(r.codes, r.factors, discrete=(3,), seed=5),
        "factor_vae_score": metrics.factor_vae_score(r.mean, r.factors, grid=data.factors, seed=5),
        "nmi": metrics.nmi(r.classes[:, 0], data.labels),
        "class_information": metrics.class_information(r.probs),
        "active_units": metrics.active_units(r.mean),
    }
    for name, scores in expected.items():
        assert written["scores"][name] == pytest.approx(scores, rel=1e-6), name
    np.testing.assert_allclose(written["latents"]["kl"], metrics.per_latent(r.mean, r.log_var)["kl"], rtol=1e-6)
    assert written["data"] == {"name": "rectangles", "origin": "a test", "split": "as given", "images": 48, "of": 48}
    assert written["packages"]["tensorflow"][0].isdigit() and written["seed"] == 5


def test_the_protocol_says_what_decides_each_score(run, data, tmp_path):
    names = ["mig", "beta_vae_score", "decomposition", "dci_random_forest"]
    options = {"dataset": data, "out": tmp_path, "metrics": names}
    protocol = evaluate(run, **options, images=40, bootstrap=3, seed=2)["protocol"]
    mig = protocol["mig"]
    assert mig["definition"].startswith("Mutual information gap (Chen et al. 2018")
    expected = {"seed": 2, "num_train": 10_000, "bins": 20, "discrete": [3], "bootstrap": 3, "confidence": 0.95}
    assert json.loads(json.dumps(mig["arguments"])) == expected
    assert not any("rows" in warning for warning in mig["warnings"])  # nobody asked for more than there are
    assert any("refit its trees: 3 resamples" in warning for warning in protocol["dci_random_forest"]["warnings"])
    assert protocol["beta_vae_score"]["arguments"]["grid"] == "matching rows"
    information = {"seed": 2, "num_samples": 40, "rows": 40, "dataset_size": 48}
    assert protocol["decomposition"]["arguments"] == information
    whole = evaluate(run, **options)["protocol"]
    assert whole["beta_vae_score"]["arguments"]["grid"] == "full grid"


def test_a_saved_model_scores_as_the_keras_model_but_has_no_likelihood(run, version, data, tmp_path):
    options = {"dataset": data, "metrics": [*QUICK, "clustering_accuracy"]}
    keras_scores = evaluate(run / "model.keras", **options, out=tmp_path / "a")["scores"]
    saved_scores = evaluate(version.parent, **options, out=tmp_path / "b")["scores"]
    for name in keras_scores:
        assert saved_scores[name] == pytest.approx(keras_scores[name], abs=0.05), name
    assert "likelihood_bounds" in select(["default"], available_inputs(load_model(run).model, data), METRICS)
    assert "likelihood_bounds" not in select(["all"], available_inputs(load_model(version).model, data), METRICS)
    with pytest.raises(ValueError, match="'likelihood_bounds' needs what .* not have: likelihood"):
        evaluate(version, dataset=data, metrics="likelihood_bounds", out=tmp_path)
    assert version not in load_model(version).folder.absolute().parents  # a served version stays as it is


def test_default_leaves_out_the_slow_ones_and_what_does_not_apply(model, data, images):
    everything = select(["all"], available_inputs(model, data), METRICS)
    assert everything == list(METRICS)
    assert set(everything) - set(select(["default"], available_inputs(model, data), METRICS)) == {"dci", "unibound"}
    bare = available_inputs(small_model("vae"), vaezoo.data.from_arrays(images))
    assert select(["all"], bare, METRICS) == ["likelihood_bounds", "decomposition", "per_latent", "active_units"]
    assert select(["mig", "default", "mig"], available_inputs(model, data), METRICS).count("mig") == 1


def test_the_table_names_every_score_with_its_interval(run, data, tmp_path):
    metrics = ["mig", "decomposition", "likelihood_bounds"]  # of fewer images than that takes
    scores = evaluate(run, dataset=data, metrics=metrics, bootstrap=5, out=tmp_path)
    assert "elbo" in scores["scores"]["likelihood_bounds"]
    table = report.table(scores)
    low, high = (scores["scores"]["mig"][f"mig_{end}"] for end in ("low", "high"))
    half = (high - low) / 2
    assert f"[{report.number(low, half)}, {report.number(high, half)}]" in table and "mig_low" not in table
    error = scores["scores"]["decomposition"]["mi_z_se"]
    assert f"± {report.number(error, error)}" in table
    assert table.index("z_" + str(np.argmax(scores["latents"]["kl"]))) < table.index(
        "z_" + str(np.argmin(scores["latents"]["kl"]))
    )


def test_udr_over_a_folder_of_seeds(images, tmp_path):
    for seed in (0, 1):
        (tmp_path / f"seed{seed}").mkdir()
        model = small_model("vae", seed=seed)
        model.fit(images, epochs=8, verbose=0)
        model.save(tmp_path / f"seed{seed}" / "model.keras")
        (tmp_path / f"seed{seed}" / "config.json").write_text(json.dumps({"seed": 10 + seed}))
    data = vaezoo.data.from_arrays(images)
    written = evaluate_seeds(tmp_path, dataset=data, seed=1)
    codes = [encode_dataset(load_model(tmp_path / f"seed{seed}").model, data) for seed in (0, 1)]
    kl = [metrics.per_latent(r.mean, r.log_var)["kl"] for r in codes]
    expected = metrics.udr([r.mean for r in codes], kl=kl, num_train=None)
    assert written["scores"]["udr"] == pytest.approx(expected) and written["subject"] == ["seed0", "seed1"]
    assert json.loads((tmp_path / "scores.json").read_text())["model"] == ["VAE"]
    protocol = written["protocol"]["udr"]
    assert protocol["runs"] == {"udr_0": "seed0", "udr_1": "seed1"} and protocol["training_seeds"] == [10, 11]
    assert protocol["arguments"].items() >= {"seed": 1, "threshold": 0.01, "num_train": None}.items()
    with pytest.raises(ValueError, match="two or more finished runs"):
        evaluate_seeds(tmp_path / "seed0", dataset=data)
    (tmp_path / "seed1" / "config.json").write_text(json.dumps({"seed": 11, "hyperparameters": {"beta": 4.0}}))
    with pytest.raises(ValueError, match="differ by their seeds alone. Those in .* differ in: beta"):
        evaluate_seeds(tmp_path, dataset=data)


APPLY = {"reconstructions.png", "traversals.png", "traversals.gif", "kl.png", "variance_information.png"}


def test_figures_that_apply_are_drawn(run, version, data, tmp_path):
    """Of a model and of its SavedModel."""
    for path in (run, version):
        evaluate(path, dataset=data, metrics="active_units", figures="all", out=tmp_path / path.name)
        names = {file.name for file in (tmp_path / path.name / "figures").iterdir()}
        assert names >= APPLY | {"factor_information.png", "class_matrix.png"}
        assert names >= {"dci_matrix.png", "sap_matrix.png", "irs_matrix.png"}
        assert len(names) == 13 and "mean_activations.png" not in names  # three class traversals; no sprites


def test_figures_are_drawn_by_name(run, data, tmp_path):
    evaluate(run, dataset=data, metrics="active_units", figures=["kl", "reconstructions"], out=tmp_path)
    assert {file.name for file in (tmp_path / "figures").iterdir()} == {"kl.png", "reconstructions.png"}
    with pytest.raises(ValueError, match="'mean_activations' needs what .* not have: sprites"):
        evaluate(run, dataset=data, metrics="active_units", figures="mean_activations", out=tmp_path)


def test_mean_activations_of_sprites(tmp_path):
    grid = FactorGrid(("shape", "scale", "orientation", "x", "y"), (3, 2, 2, 3, 3))
    images = np.zeros((grid.size, 8, 8, 1), np.float32)
    for image, (shape, scale, _, x, y) in zip(images, grid.classes(range(grid.size)), strict=True):
        image[2 * y : 2 * y + 3 + scale, 2 * x : 2 * x + 1 + shape] = 1
    model = small_model("vae")
    model.fit(images, epochs=20, verbose=0)
    model.save(tmp_path / "model.keras")
    data = dataclasses.replace(vaezoo.data.from_arrays(images), factors=grid)
    latents = evaluate(tmp_path, dataset=data, metrics="active_units", figures="mean_activations")["latents"]
    assert max(latents["kl"]) > 0.05
    assert [file.name for file in (tmp_path / "figures").iterdir()] == ["mean_activations.png"]


def test_trade_offs_of_a_folder_of_evaluated_runs(run, data, tmp_path, monkeypatch):
    for i, beta in enumerate((1.0, 4.0, 4.0)):
        scores = evaluate(run, dataset=data, metrics=["mig", "active_units"], out=tmp_path / f"run{i}", seed=i)
        scores["training"] = {"model": "beta_vae", "hyperparameters": {"beta": beta}}
        (tmp_path / f"run{i}" / "scores.json").write_text(json.dumps(scores))
    drawn, curves = [], plots.trade_offs

    def remember(*given, **options):
        drawn.append((*given, options))
        return curves(*given, **options)

    monkeypatch.setattr(plots, "trade_offs", remember)
    file = trade_offs(tmp_path, by="beta", metrics="mig", against="active_units")
    assert file == tmp_path / "figures" / "trade_offs.png" and file.exists()
    assert trade_offs(tmp_path, format=["svg", "png"]) == file.with_suffix(".svg")
    assert file.with_suffix(".svg").read_text().startswith("<?xml")
    (sweeps, chosen, options), (_, every, _) = drawn
    assert chosen == ["mig"] and options == {"x": "active_units", "by": "beta"}
    assert [row["beta"] for row in sweeps["beta_vae"]] == [1, 4, 4] and set(every) == {"mig", "active_units"}
    with pytest.raises(ValueError, match="trained with a number 'gamma'. run0 has"):
        trade_offs(tmp_path, by="gamma")
    with pytest.raises(ValueError, match="No folder in .* has a scores.json"):
        trade_offs(tmp_path / "run0")


def test_scores_of_all_metrics_have_names_of_their_own(run, data, tmp_path):
    scores = evaluate(run, dataset=data, metrics="all", out=tmp_path)
    assert not [name for name, about in scores["protocol"].items() if "error" in about]
    names = [name for metric in scores["scores"].values() for name in metric]
    assert len(names) == len(set(names)) > 30 and set(scores["protocol"]) == set(METRICS)
    assert {"dci_disentanglement", "dci_forest_disentanglement"} <= set(names)


def test_latents_have_intervals_and_information_on_request(run, data, tmp_path, monkeypatch):
    asked = evaluate(run, dataset=data, metrics="per_latent", bootstrap=10, out=tmp_path)
    assert {"mi", "mi_se", "mi_low", "kl_high", "mi_upper_low"} <= set(asked["latents"]) and asked["scores"] == {}
    assert asked["protocol"]["per_latent"]["arguments"]["num_samples"] == 48
    assert "z_0" in report.table(asked) and "mi_high" not in report.table(asked)
    monkeypatch.setattr(encoding, "dataset_aggregate_posterior", lambda *_, **__: pytest.fail("nothing needs it"))
    some = evaluate(run, dataset=data, metrics=QUICK, figures="traversals", out=tmp_path)
    assert "kl" in some["latents"] and "mi" not in some["latents"]


def test_what_a_metric_refuses_leaves_the_others(run, data, tmp_path):
    one = dataclasses.replace(data, factors=FactorGrid(("a",), (48,)))
    scores = evaluate(run, dataset=one, out=tmp_path)
    refused = {name for name, about in scores["protocol"].items() if "error" in about}
    assert refused == {"beta_vae_score", "factor_vae_score", "modularity", "infomec", "dci_random_forest"}
    assert scores["scores"]["mig"]["mig"] >= 0 and scores["scores"]["modularity"] == {}
    assert "modularity: `modularity` compares factors" in report.table(scores)
    with pytest.raises(ValueError, match="`modularity` compares factors"):
        evaluate(run, dataset=one, metrics=["default", "modularity"], out=tmp_path)


def test_factors_of_one_value_are_left_out(run, data, tmp_path):
    options = {"metrics": [*QUICK, "beta_vae_score"], "out": tmp_path}
    flat = dataclasses.replace(data, factors=FactorGrid(("a", "colour", "b"), (6, 1, 8)))
    received = evaluate(run, dataset=flat, **options)
    assert received["data"]["constant_factors"] == ["colour"] and "colour" in report.table(received)
    assert received["protocol"]["beta_vae_score"]["arguments"]["grid"] == "full grid"
    assert received["scores"] == evaluate(run, dataset=data, **options)["scores"]


def test_sets_that_are_no_full_grid_are_scored_by_matching_rows(run, data, images, tmp_path):
    less = vaezoo.data.constrained(data, holes=0.1, seed=0)
    shuffled = vaezoo.data.from_arrays(images[::-1], factors=data.factors.classes(range(48))[::-1])
    for number, table in enumerate((less, shuffled)):
        scores = evaluate(run, dataset=table, metrics="all", out=tmp_path / f"{number}")
        assert not [name for name, about in scores["protocol"].items() if "error" in about]
        for name in ("beta_vae_score", "factor_vae_score"):
            assert scores["protocol"][name]["arguments"]["grid"] == "matching rows"
        assert all(0 <= scores["scores"][name][name] <= 1 for name in ("mig", "sap", "irs"))


def test_few_images_of_a_grid_keep_their_classes(run, data, tmp_path):
    """Of ten images and eight values of b, most occur once."""
    received = evaluate(run, dataset=data, images=10, metrics=["mig", "irs"], out=tmp_path)
    assert 0 <= received["scores"]["mig"]["mig"] <= 1


def test_scores_say_what_was_trained(run, version, data, tmp_path):
    expected = {"model": "vae", "steps": 3, "seed": 1, "hyperparameters": {"temperature": 0.67}}
    options = {"dataset": data, "metrics": "active_units", "out": tmp_path}
    assert evaluate(run, **options)["training"] == {**expected, "step": 6}
    card = json.loads((version / "model.json").read_text())
    exported = evaluate(version, **options)["training"]
    assert exported == {"model": "VAE", "precision": "float32", "hyperparameters": card["hyperparameters"]}


def test_files_of_one_folder_have_scores_of_their_own(model, data, tmp_path):
    for name in ("first", "second"):
        model.save(tmp_path / f"{name}.keras")
        evaluate(tmp_path / f"{name}.keras", dataset=data, metrics="active_units", figures="kl")
        assert json.loads((tmp_path / f"{name}.scores.json").read_text())["subject"] == name
        assert (tmp_path / f"{name}.figures" / "kl.png").exists()
    assert not (tmp_path / "scores.json").exists()


def test_a_damaged_test_split_is_not_replaced_by_the_training_images(images, tmp_path):
    whole, damaged, alone = (tmp_path / f"{name}.npz" for name in ("whole", "damaged", "alone"))
    np.savez(whole, x_train=images, x_test=images[:20])
    np.savez(damaged, x_train=images, x_test=np.zeros(20))
    np.savez(alone, images=images)
    received, split = load_dataset(str(whole))
    assert split == "test" and received.size == 20
    assert load_dataset(str(alone))[1] == "train"
    with pytest.raises(ValueError, match="Expected"):
        load_dataset(str(damaged))


class Foreign(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], name="image")])
    def encode(self, image):
        return {"mean": image[:, 0, :3, 0], "log_var": image[:, 0, :3, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], name="pixels")])
    def other(self, pixels):
        return {"mean": pixels[:, 0, :3, 0], "log_var": pixels[:, 0, :3, 0]}


def test_what_is_no_model_is_named(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(ValueError, match="empty.keras is not a .keras file that can be read"):
        load_model(tmp_path / "empty.keras")
    module = Foreign()
    cases = {
        "half": ({"encode": module.encode}, r"signatures 'encode' and 'decode'. Received: .* with \['encode'\]"),
        "renamed": ({"encode": module.other, "decode": module.encode}, r"'encode' from \['image'\].*from \['pixels'\]"),
        "wrong": ({"encode": module.encode, "decode": module.other}, r"'decode' from \['mean'\].*from \['pixels'\]"),
    }
    for name, (signatures, words) in cases.items():
        tf.saved_model.save(module, str(tmp_path / name), signatures=signatures)
        with pytest.raises(ValueError, match=words):
            load_model(tmp_path / name)
    (tmp_path / "model.keras").write_bytes((run / "model.keras").read_bytes())
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="Expected '.*config.json' to hold a run's configuration as JSON. Received: "):
        load_model(tmp_path)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"metrics": ["chenmig"]}, "Unknown metric 'chenmig'. Did you mean 'chen_mig'?"),
        ({"metrics": ["udr", "mig"]}, "'udr' compares runs of several seeds: --metrics=udr alone, with --run=<folder"),
        ({"figures": ["kls"]}, "Unknown figure 'kls'. Did you mean 'kl'?"),
        ({"metrics": ["mig"], "dataset": "images"}, "'mig' needs what this model or data set does not have: factors"),
        ({"images": 49}, "from 2 to the 48"),
        ({"format": ["png", "jpeg"]}, "`format` must be one or more of png, pdf, svg. Received: png, jpeg"),
        ({"progress": "bars"}, "`progress` must be True, False or 'lines'. Received: 'bars'"),
        ({"bootstrap": -1}, "`bootstrap` must be 0 or at least 2"),
        ({"dataset": "dsprits"}, "Did you mean 'dsprites'"),
        ({"path": "nowhere"}, "There is no nowhere"),
        ({"dataset": "tall"}, r"takes images \(8, 8, 1\). Received: array with \(16, 8, 1\)"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    options, words, run, data, images, tmp_path, monkeypatch
):
    monkeypatch.setattr("vaezoo.evaluation.pipeline.encode_dataset", lambda *_, **__: pytest.fail("went on"))
    others = {"images": None, "tall": vaezoo.data.from_arrays(np.repeat(images, 2, axis=1))}
    given = {"path": run, "dataset": data, "out": tmp_path / "out"} | options
    if isinstance(given["dataset"], str):
        given["dataset"] = others.get(given["dataset"], given["dataset"])
    with pytest.raises((ValueError, OSError), match=words):
        evaluate(given.pop("path"), **given)
    assert not (tmp_path / "out").exists()


def command(folder, *flags):
    return forked.python("-m", "vaezoo", "evaluate", *flags, cwd=folder)


def test_the_command(run, tmp_path):
    done = command(ROOT, f"--run={run}", "--metrics=active_units,class_information", "--images=30")
    assert done.returncode == 0, done.stderr
    assert "trained after step 6 on 30 of 48 images of images" in done.stdout and "active_units" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Scores:  {run / 'scores.json'}"
    stages = [line.partition(" s  ")[2] for line in done.stderr.splitlines() if " s  " in line]
    assert stages[1:] == ["metric active_units", "metric class_information"]
    scores = json.loads((run / "scores.json").read_text())  # beside the model; the data are those of config.json
    assert scores["data"]["split"] == "train" and list(scores["scores"]) == ["active_units", "class_information"]
    wrong = command(ROOT, f"--run={run}", "--metrics=activ_units", f"--out={tmp_path / 'out'}")
    assert wrong.returncode != 0 and "Did you mean 'active_units'" in wrong.stderr and "Traceback" not in wrong.stderr
    assert not (tmp_path / "out").exists()
    process = subprocess.run([sys.executable, "-m", "vaezoo", "evaluate", "--help"], capture_output=True, text=True)
    described = " ".join(process.stdout.split())
    assert "--figures: Also draw: all (that apply), or some of: reconstructions, traversals" in described
