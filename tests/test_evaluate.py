"""From a run's folder, a .keras file or a SavedModel to scores.json, as a person asks for it."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import small_model

import vaezoo
from vaezoo import metrics
from vaezoo.data import FactorGrid
from vaezoo.evaluate import catalogue, evaluate, evaluate_seeds, report
from vaezoo.evaluate.choice import choose, offers
from vaezoo.evaluate.subject import find
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
    (folder / "config.json").write_text(json.dumps({"model": "vae", "dataset": str(folder / "images.npz")}))
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def version(model, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("saved") / "rectangles")


def test_scores_are_those_of_the_functions_on_the_representation(model, run, data, tmp_path):
    written = evaluate(run, dataset=data, metrics=[*QUICK, "nmi", "class_information"], out=tmp_path, seed=5)
    assert json.loads((tmp_path / "scores.json").read_text()) == json.loads(json.dumps(written))
    assert [file.name for file in tmp_path.iterdir()] == ["scores.json"]
    r = metrics.represent(model, data)
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
    options = {"dataset": data, "out": tmp_path, "metrics": ["mig", "beta_vae_score", "decomposition"]}
    protocol = evaluate(run, **options, images=40, bootstrap=3, seed=2)["protocol"]
    mig = protocol["mig"]
    assert mig["definition"].startswith("Mutual information gap (Chen et al. 2018")
    expected = {"seed": 2, "num_train": 10_000, "bins": 20, "discrete": [3], "bootstrap": 3, "confidence": 0.95}
    assert json.loads(json.dumps(mig["arguments"])) == expected
    assert "10000 rows were asked and 40 received" in mig["warnings"][0]
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
    assert "likelihood_bounds" in choose(["default"], offers(find(run).model, data))
    assert "likelihood_bounds" not in choose(["all"], offers(find(version).model, data))
    with pytest.raises(ValueError, match="'likelihood_bounds' needs what .* not have: likelihood"):
        evaluate(version, dataset=data, metrics="likelihood_bounds", out=tmp_path)
    assert version not in find(version).folder.absolute().parents  # a served version stays as it is


def test_default_leaves_out_the_slow_ones_and_what_does_not_apply(model, data, images):
    everything = choose(["all"], offers(model, data))
    assert everything == list(catalogue.METRICS)
    assert set(everything) - set(choose(["default"], offers(model, data))) == {"sap", "dci"}
    bare = offers(small_model("vae"), vaezoo.data.from_arrays(images))
    assert choose(["all"], bare) == ["likelihood_bounds", "decomposition", "active_units"]
    assert choose(["mig", "default", "mig"], offers(model, data)).count("mig") == 1


def test_the_table_names_every_score_with_its_interval(run, data, tmp_path):
    metrics = ["mig", "decomposition", "likelihood_bounds"]  # of fewer images than that takes
    scores = evaluate(run, dataset=data, metrics=metrics, bootstrap=5, out=tmp_path)
    assert "elbo" in scores["scores"]["likelihood_bounds"]
    table = report.table(scores)
    low, high = (scores["scores"]["mig"][f"mig_{end}"] for end in ("low", "high"))
    assert f"[{low:.4f}, {high:.4f}]" in table and "mig_low" not in table
    assert f"± {scores['scores']['decomposition']['mi_z_se']:.4f}" in table
    assert table.index("z_" + str(np.argmax(scores["latents"]["kl"]))) < table.index(
        "z_" + str(np.argmin(scores["latents"]["kl"]))
    )


def test_udr_over_a_folder_of_seeds(images, tmp_path):
    for seed in (0, 1):
        (tmp_path / f"seed{seed}").mkdir()
        model = small_model("vae", seed=seed)
        model.fit(images, epochs=8, verbose=0)
        model.save(tmp_path / f"seed{seed}" / "model.keras")
    data = vaezoo.data.from_arrays(images)
    written = evaluate_seeds(tmp_path, dataset=data, seed=1)
    codes = [metrics.represent(find(tmp_path / f"seed{seed}").model, data) for seed in (0, 1)]
    kl = [metrics.per_latent(r.mean, r.log_var)["kl"] for r in codes]
    expected = metrics.udr([r.mean for r in codes], kl=kl, num_train=None)
    assert written["scores"]["udr"] == pytest.approx(expected) and written["subject"] == ["seed0", "seed1"]
    assert json.loads((tmp_path / "scores.json").read_text())["model"] == ["VAE"]
    with pytest.raises(ValueError, match="two or more finished runs"):
        evaluate_seeds(tmp_path / "seed0", dataset=data)


def test_figures_that_apply_are_drawn(run, data, tmp_path):
    evaluate(run, dataset=data, metrics="active_units", figures=True, out=tmp_path)
    names = {file.name for file in (tmp_path / "figures").iterdir()}
    expected = {"reconstructions.png", "traversals.png", "traversals.gif", "kl.png", "variance_information.png"}
    assert names >= expected | {"factor_information.png", "class_matrix.png"}
    assert len(names) == 10 and "mean_activations.png" not in names  # three class traversals; these are not sprites


@pytest.mark.parametrize(
    "options, words",
    [
        ({"metrics": ["chenmig"]}, "Unknown metric 'chenmig'. Did you mean 'chen_mig'?"),
        ({"metrics": ["mig"], "dataset": "images"}, "'mig' needs what this model or data set does not have: factors"),
        ({"images": 49}, "from 2 to the 48"),
        ({"bootstrap": -1}, "`bootstrap` must be >= 0"),
        ({"dataset": "dsprits"}, "Did you mean 'dsprites'"),
        ({"path": "nowhere"}, "There is no nowhere"),
        ({"dataset": "tall"}, r"takes images \(8, 8, 1\). Received: array with \(16, 8, 1\)"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    options, words, run, data, images, tmp_path, monkeypatch
):
    monkeypatch.setattr("vaezoo.evaluate.represent", lambda *_, **__: pytest.fail("went on"))
    others = {"images": None, "tall": vaezoo.data.from_arrays(np.repeat(images, 2, axis=1))}
    given = {"path": run, "dataset": data, "out": tmp_path / "out"} | options
    if isinstance(given["dataset"], str):
        given["dataset"] = others.get(given["dataset"], given["dataset"])
    with pytest.raises((ValueError, OSError), match=words):
        evaluate(given.pop("path"), **given)
    assert not (tmp_path / "out").exists()


def command(folder, *flags):
    command = [sys.executable, "-m", "vaezoo.evaluate", *flags]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=None)


def test_the_command(run, tmp_path):
    done = command(ROOT, f"--run={run}", "--metrics=active_units,class_information", "--images=30")
    assert done.returncode == 0, done.stderr
    assert "trained on 30 of 48 images of images" in done.stdout and "active_units" in done.stdout
    scores = json.loads((run / "scores.json").read_text())  # beside the model; the data are those of config.json
    assert scores["data"]["split"] == "train" and list(scores["scores"]) == ["active_units", "class_information"]
    wrong = command(ROOT, f"--run={run}", "--metrics=activ_units", f"--out={tmp_path / 'out'}")
    assert wrong.returncode != 0 and "Did you mean 'active_units'" in wrong.stderr and "Traceback" not in wrong.stderr
    assert not (tmp_path / "out").exists()
