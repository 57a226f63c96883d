"""A finished run becomes the trained model of its preset, if it is one."""

import dataclasses
import json
import shutil

import forked
import numpy as np
import pytest
import tensorflow as tf
from small import small_model
from tiny_preset import NAME, STEPS, check_published, publish_commands

import vaezoo
from vaezoo.packages import source_commit
from vaezoo.pretrained import publishing
from vaezoo.pretrained.places import read_manifest
from vaezoo.pretrained.publishing import publish
from vaezoo.training import load_newest


def test_a_run_is_published_and_loads_with_its_weights(run, published, monkeypatch):
    folder, trained = published
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(folder))
    check_published(folder, NAME, trained)
    assert read_manifest(str(folder)) == {NAME: trained}
    assert (trained.version, trained.model, trained.seed, trained.precision) == (1, "beta_vae", 3, "float32")
    assert (trained.steps, trained.images) == (STEPS, STEPS * 5)
    assert trained.commit == source_commit() and set(trained.packages) == {"vaezoo", "tensorflow", "keras"}
    assert trained.data["name"] == "shapes" and len(trained.data["digest"]) == 32
    scores = json.loads((run / "scores.json").read_text())["scores"]
    assert trained.scores["mig"] == pytest.approx(scores["mig"], rel=1e-5) and "mig_low" in trained.scores["mig"]
    assert set(trained.flat_scores) == {"mig", "active_units"}
    assert trained.evaluation == {"split": "train", "images": 25, "of": 25, "seed": 0, "confidence": 0.95}

    model, _ = load_newest(run)
    again = vaezoo.from_preset(NAME)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    for mine, other in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    assert again.compiled and float(again.optimizer.learning_rate) == pytest.approx(0.01)
    assert again.optimizer.beta_1 == 0.8
    again.fit(np.zeros((5, 8, 8, 1), np.float32), verbose=0)
    assert int(again.step) == STEPS + 1


@pytest.mark.integration
def test_the_command(images_file, run, tmp_path):
    commands = [f"--run={run}", f"--folder={tmp_path}/trained"], ["--run=nowhere", f"--folder={tmp_path}/other"]
    done, refused = forked.call(publish_commands, images_file, *commands)
    assert done == (f"{tmp_path}/trained/{NAME}/1\n", 0)
    assert list(read_manifest(f"{tmp_path}/trained")) == [NAME]
    assert refused[0] == "" and refused[1].startswith("vaezoo publish: Expected a run of a preset")
    assert not (tmp_path / "other").exists()


def test_a_damaged_weight_is_seen_in_the_score(published, monkeypatch):
    """The check of a published model can fail."""
    folder, trained = published
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(folder))
    load = vaezoo.from_preset

    def damaged(name):
        model = load(name)
        model.decoder.variables[-1].assign_add(tf.constant([1e-2] * 64))
        return model

    monkeypatch.setattr(vaezoo, "from_preset", damaged)
    with pytest.raises(AssertionError):
        check_published(folder, NAME, trained)


def test_the_next_version_takes_the_place_of_the_first_and_other_presets_stay(run, published, tmp_path):
    folder = shutil.copytree(published[0], tmp_path / "trained")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({"other": manifest[NAME], **manifest}))
    version, trained = publish(run, folder, keep=1)
    assert version == folder / NAME / "2" and trained.version == 2 and not (folder / NAME / "1").exists()
    assert read_manifest(str(folder)) == {"other": published[1], NAME: trained}


@pytest.mark.parametrize(
    "file, change, words",
    [
        ("config.json", lambda c: c["hyperparameters"].update(beta=4.0), "hyperparameters.beta: 4.0 in the run, 2.0"),
        ("config.json", lambda c: c["hyperparameters"].pop("beta"), "hyperparameters.beta: None in the run"),
        ("config.json", lambda c: c.update(network="conv"), "network: 'conv' in the run"),
        ("config.json", lambda c: c["latents"].update(gaussian=4), "latents.gaussian: 4 in the run, 3 in the preset"),
        ("config.json", lambda c: c["optimizer"].update(beta_1=0.9), "optimizer.beta_1: 0.9 in the run, 0.8"),
        ("config.json", lambda c: c.update(learning_rate=0.1), "learning_rate: 0.1 in the run"),
        ("config.json", lambda c: c.update(batch_size=10), "batch_size: 10 in the run, 5"),
        ("config.json", lambda c: c.update(precision="bfloat16"), "precision: 'bfloat16' in the run, 'float32'"),
        ("config.json", lambda c: c.update(dataset="mnist"), "dataset: 'mnist' in the run"),
        ("config.json", lambda c: c["data"].update(size=9), "dataset_size: 9 in the run, 25"),
        ("config.json", lambda c: c["data"].update(digest="0" * 32), "Expected the training images of the run"),
        ("config.json", lambda c: c.update(steps=5), "is at step 4 of 5"),
        ("config.json", lambda c: c.update(preset=None), "Expected a run of a preset"),
        ("config.json", lambda c: c.update(preset="tiny_shape"), "Did you mean 'tiny_shapes'"),
        ("scores.json", lambda s: s["training"].update(step=2), "Received: step 2 on shapes"),
        ("scores.json", lambda s: s["data"].update(name="dsprites"), "Received: step 4 on dsprites"),
        ("scores.json", lambda s: s.pop("data"), "scores.json' to hold the scores of an evaluation"),
    ],
)
def test_a_run_that_is_not_the_presets_is_refused(file, change, words, run, changed, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    changed(copy / file, change)
    with pytest.raises(ValueError, match="(?s)" + words.replace("(", r"\(")):
        publish(copy, tmp_path / "trained")
    assert [child.name for child in tmp_path.iterdir()] == ["run"]


def test_a_run_without_scores_is_refused(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "scores.json").unlink()
    with pytest.raises(ValueError, match=r"Expected .*scores.json. Evaluate the run first: vaezoo evaluate --run="):
        publish(copy, tmp_path / "trained")
    assert not (tmp_path / "trained").exists()


def test_weights_of_another_network_are_refused(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(copy / "checkpoints")
    network = {"kind": "mlp", "encoder": {"hidden": (9,), "batch_norm": False}, "decoder": {"hidden": (16,)}}
    other = small_model("beta_vae", network=network)
    other.step.assign(STEPS)
    other.save(copy / "model.keras")
    with pytest.raises(ValueError, match="Expected the weights of .* to be those of preset 'tiny_shapes'"):
        publish(copy, tmp_path / "trained")
    assert not (tmp_path / "trained").exists()


def test_more_steps_than_the_presets_are_refused(run, tmp_path, preset, monkeypatch):
    monkeypatch.setitem(vaezoo.PRESETS, NAME, dataclasses.replace(preset, steps=3))
    with pytest.raises(ValueError, match="Expected at most the 3 steps of preset 'tiny_shapes'.*has had 4"):
        publish(run, tmp_path / "trained")
    assert not (tmp_path / "trained").exists()


def test_a_damaged_manifest_is_refused_before_anything_is_written(run, tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ValueError, match="manifest.json' to hold an object of trained models.*a list in the place"):
        publish(run, tmp_path)
    assert [child.name for child in tmp_path.iterdir()] == ["manifest.json"]


def test_a_version_with_another_score_is_not_recorded(run, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "load_keras_model", lambda version: small_model("beta_vae", seed=9))
    with pytest.raises(ValueError, match="does not have the score of the run's model"):
        publish(run, tmp_path)
    assert not (tmp_path / "manifest.json").exists() and not (tmp_path / NAME / "1").exists()
