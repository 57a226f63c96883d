"""The experiments as a person runs them, shortened to a few steps."""

import json
import os
from pathlib import Path

import forked
import numpy as np
import pytest


def run(folder, *command):
    done = forked.python("-m", *command, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.integration
def test_the_synergy_of_both(tmp_path):
    said = run(tmp_path, "experiments.nonsyn", "--steps=20")
    page = (tmp_path / "docs" / "results" / "synergy.md").read_text()
    assert "nonsyn and factor_vae on dSprites, 20 steps" in page
    assert said[said.index("| model") :].strip() in page and "| factor_vae | peak of the synergy, 20 |" in page
    figures = {file.name for file in (tmp_path / "docs" / "figures").iterdir()}
    assert figures == {"synergy_20.png", "traversals_nonsyn_20.png", "traversals_factor_vae_20.png"}


@pytest.mark.slow
@pytest.mark.integration
def test_imaes_table_grows_and_nothing_is_trained_twice(tmp_path):
    if not Path(os.environ.get("VAEZOO_DATA_DIR", tmp_path), "mnist.npz").exists():
        pytest.skip("There is no mnist.npz in $VAEZOO_DATA_DIR.")
    command = ["experiments.imae", "--models=beta_vae", "--seeds=1"]
    first = run(tmp_path, *command, "--steps=1")
    again = run(tmp_path, *command, "--steps=1")
    assert first.count("beta_vae 0 {") == 1 and again.count("beta_vae 0 {") == 0
    file = tmp_path / "docs" / "results" / "imae_mnist_table.md"
    longer = run(tmp_path, *command, "--steps=2")
    page = file.read_text()
    assert page.strip() == longer[longer.index("# Hybrid") :].strip()
    assert [child.name for child in file.parent.iterdir()] == [file.name]  # pages written by hand are not touched
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| beta_vae")]
    assert [row[1:3] for row in rows] == [["1", "1 (0)"], ["2", "1 (0)"]]
    assert "--steps=2 --first_seed=0 --seeds=1 --models=beta_vae" in page and "* joint_vae" not in page

    config = tmp_path / "runs" / "papers" / "imae" / "mnist_2" / "beta_vae_0" / "config.json"
    config.write_text(config.read_text().replace('"beta": 5.0', '"beta": 4.0'))
    refused = forked.python("-m", *command, "--steps=2", cwd=tmp_path)
    assert refused.returncode != 0 and "another configuration" in refused.stderr and "'beta': 4.0" in refused.stderr


@pytest.mark.slow
@pytest.mark.integration
def test_the_baselines_of_tables(images, tmp_path):
    factors = np.stack(np.unravel_index(np.arange(48), (6, 8)), axis=1)
    np.savez(tmp_path / "rectangles.npz", images=images, factors=factors)
    command = ["experiments.baselines", f"--dataset={tmp_path / 'rectangles.npz'}", "--network=mlp", "--latents=3"]
    command += ["--metrics=mig,infomec,active_units", "--batch_size=16"]
    said, folder = run(tmp_path, *command, "--steps=20"), tmp_path / "runs" / "baselines" / "rectangles"
    found = {name: json.loads((folder / f"{name}_0" / "scores.json").read_text()) for name in ("pca", "ae_ica")}
    for name, scores in found.items():
        assert set(scores["scores"]) == {"mig", "infomec", "active_units"} and f"{name}_0 after step" in said
        assert scores["training"]["model"] == name and scores["training"]["hyperparameters"]["latents"] == 3
    assert found["pca"]["scores"] != found["ae_ica"]["scores"] and found["ae_ica"]["training"]["step"] == 20
    assert found["ae_ica"]["training"]["hyperparameters"]["weight_decay"] == 0.1
    again = run(tmp_path, *command, "--steps=20")
    assert "step 20  loss" in said and "step 20  loss" not in again  # trained once
    assert json.loads((folder / "ae_ica_0" / "scores.json").read_text()) == found["ae_ica"]
    refused = forked.python("-m", *command, "--steps=20", "--weight_decay=0.2", cwd=tmp_path)
    assert refused.returncode != 0 and "another configuration" in refused.stderr
    refused = forked.python("-m", *command, "--models=ica", cwd=tmp_path)
    assert refused.returncode != 0 and "Choose from: pca, ae_ica" in refused.stderr
