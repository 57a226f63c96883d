"""Damaged checkpoints, and what is restored instead."""

import hashlib
import json
import os
import shutil

import keras
import numpy as np
import pytest
from small import small_model

from vaezoo.training.checkpoint import DIGESTS, MODEL, ROWS, STATE, newest_valid_checkpoint
from vaezoo.training.checkpoint_manager import CheckpointManager
from vaezoo.training.loading import load_newest


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES = {
    "a flipped byte": lambda folder: flip(folder / STATE),
    "a cut file": lambda folder: os.truncate(folder / STATE, 100),
    "an empty file": lambda folder: os.truncate(folder / STATE, 0),
    "no state": lambda folder: (folder / STATE).unlink(),
    "no digests": lambda folder: (folder / DIGESTS).unlink(),
    "garbage for digests": lambda folder: (folder / DIGESTS).write_text("{"),
    "digests of nothing": lambda folder: (folder / DIGESTS).write_text("{}"),
    "a list for digests": lambda folder: (folder / DIGESTS).write_text("[]"),
    "changed rows": lambda folder: flip(folder / ROWS),
    "changed architecture": lambda folder: flip(folder / MODEL),
    "an empty folder": lambda folder: [file.unlink() for file in folder.iterdir()],
    "a file in the place of the folder": lambda folder: [shutil.rmtree(folder), folder.write_text("x")],
    "a folder in the place of a file": lambda folder: [(folder / STATE).unlink(), (folder / STATE).mkdir()],
}


def at(model, step):
    """Sets the step of the model and its last bias to the same number."""
    model.step.assign(step)
    model.decoder.trainable_variables[-1].assign(np.full(64, step, np.float32))
    return model


@pytest.fixture(scope="module")
def model():
    """One model for all tests, each of which sets its state."""
    return small_model("vae")


@pytest.fixture(scope="module")
def two(model, tmp_path_factory):
    """Checkpoints of steps 3 and 6, to be copied."""
    folder = tmp_path_factory.mktemp("two") / "checkpoints"
    manager = CheckpointManager(folder, at(model, 0))
    for step in (3, 6):
        at(model, step)
        manager.save(step, [{"step": step, "loss": 1.0}])
    return folder


@pytest.fixture
def checkpoints(two, tmp_path):
    return shutil.copytree(two, tmp_path / "checkpoints")


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_newest_is_restored(checkpoints, model):
    restored = CheckpointManager(checkpoints, at(model, 0)).restore()
    assert (restored.step, restored.rows) == (6, [{"step": 6, "loss": 1.0}])
    assert int(model.step) == 6 and float(model.decoder.trainable_variables[-1][0]) == 6


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_named_and_the_one_before_is_restored(damage, checkpoints, model):
    DAMAGES[damage](checkpoints / "6")
    before = contents(checkpoints)
    at(model, 0)
    with pytest.warns(RuntimeWarning, match=r"checkpoints/6 \(.*Going on from .*checkpoints/3"):
        assert newest_valid_checkpoint(checkpoints).step == 3
    with pytest.warns(RuntimeWarning):
        manager = CheckpointManager(checkpoints, model)
        assert manager.restore().step == 3 and int(model.step) == 3
    assert contents(checkpoints) == before
    manager.save(6, [])
    assert newest_valid_checkpoint(checkpoints).step == 6
    assert sorted(child.name for child in checkpoints.iterdir()) == ["3", "6"]


@pytest.mark.parametrize("damage", ["a flipped byte", "no state", "no digests", "an empty folder"])
def test_where_none_is_whole_nothing_is_deleted(damage, checkpoints, model):
    for step in ("3", "6"):
        DAMAGES[damage](checkpoints / step)
    before = contents(checkpoints)
    for read in (
        CheckpointManager(checkpoints, model).restore,
        lambda: load_newest(checkpoints.parent),
    ):
        with pytest.raises(ValueError, match=r"No checkpoint is whole: .*/6 \(.*/3 \(.*Nothing was deleted"):
            read()
    assert contents(checkpoints) == before


def test_the_clock_decides_nothing(checkpoints):
    for step, time in {"3": 4e9, "6": 0}.items():
        for file in [checkpoints / step, *(checkpoints / step).iterdir()]:
            os.utime(file, (time, time))
    assert newest_valid_checkpoint(checkpoints).step == 6


def test_what_a_kill_left_half_written_is_no_checkpoint(checkpoints, model):
    half = checkpoints / ".writing-1234-9"
    shutil.copytree(checkpoints / "6", half)
    manager = CheckpointManager(checkpoints, model)
    assert manager.restore().step == 6 and half.exists()
    manager.save(9, [])
    assert sorted(child.name for child in checkpoints.iterdir()) == ["6", "9"]


def test_other_files_are_refused_and_stay(tmp_path, model):
    (tmp_path / "step-3.index").write_text("of another program")
    with pytest.raises(ValueError, match="step-3.index. Nothing was deleted"):
        CheckpointManager(tmp_path, model).restore()
    assert (tmp_path / "step-3.index").exists()


def test_another_model_is_refused_before_a_variable_changes(checkpoints):
    for other in (small_model("vae", latents={"gaussian": 4}), small_model("factor_vae")):
        before = other.get_weights()
        with pytest.raises(ValueError, match="is of another model: expected"):
            CheckpointManager(checkpoints, other).restore()
        for a, b in zip(before, other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_failed_write_leaves_the_others_and_no_litter(checkpoints, model, monkeypatch):
    manager = CheckpointManager(checkpoints, model)
    manager.restore()
    before = contents(checkpoints)

    def full(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez", full)
    with pytest.raises(OSError, match="No space left"):
        manager.save(9, [])
    assert contents(checkpoints) == before and sorted(os.listdir(checkpoints)) == ["3", "6"]


def test_everything_is_synced_before_it_appears(tmp_path, model, monkeypatch):
    synced = []
    sync = os.fsync

    def fsync(handle):
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    CheckpointManager(tmp_path / "checkpoints", model).save(3, [])
    names = [path.rsplit("/", 1)[-1] for path in synced]
    assert {STATE, DIGESTS, MODEL, ROWS} <= set(names) and names[-1] == "checkpoints"


def test_weights_that_are_not_finite_are_not_kept(checkpoints, model):
    manager = CheckpointManager(checkpoints, model)
    manager.restore()
    kernel = model.decoder.trainable_variables[0]
    kernel.assign(kernel * np.inf)
    with pytest.raises(FloatingPointError, match="Step 9 made variable '.*kernel'"):
        manager.save(9, [])
    assert sorted(os.listdir(checkpoints)) == ["3", "6"]
    manager.restore()


def test_bfloat16_variables_come_back(tmp_path, model):
    manager = CheckpointManager(tmp_path, model)
    manager.state["extra/0"] = keras.Variable([1.5, -2.25], dtype="bfloat16")
    manager.save(1, [])
    manager.state["extra/0"].assign([0.0, 0.0])
    manager.restore()
    np.testing.assert_array_equal(np.asarray(manager.state["extra/0"], np.float32), [1.5, -2.25])


@pytest.mark.parametrize("name", ["nonsyn", "factor_vae", "imae"])
def test_the_model_of_a_checkpoint_is_loaded_without_a_configuration(name, images, tmp_path):
    latents = {"gaussian": 3} if name == "nonsyn" else {"gaussian": 3, "categorical": (2,)}
    model = small_model(name, latents=latents)
    model.fit(images, batch_size=24, epochs=2, verbose=0)
    CheckpointManager(tmp_path / "checkpoints", model).save(int(model.step), [])
    loaded, step = load_newest(tmp_path)
    assert step == 4 and type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))


def test_the_newer_of_model_and_checkpoint_is_loaded(tmp_path, model):
    assert load_newest(tmp_path) is None
    at(model, 5).save(tmp_path / "model.keras")
    assert load_newest(tmp_path)[1] == 5
    for step, newest in ((4, 5), (7, 7)):
        CheckpointManager(tmp_path / "checkpoints", at(model, step)).save(step, [])
        loaded, found = load_newest(tmp_path)
        assert found == newest and float(loaded.decoder.trainable_variables[-1][0]) == newest


def test_the_digests_are_of_the_files(two):
    digests = json.loads((two / "6" / DIGESTS).read_text())
    assert digests[STATE] == hashlib.sha256((two / "6" / STATE).read_bytes()).hexdigest()
