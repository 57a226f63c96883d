"""Two processes that train together, and the strategies of the command."""

import json

import numpy as np
import pytest
from on_workers import train
from small import small_model

import vaezoo
from vaezoo.cli import devices
from vaezoo.training import Interrupted, Run
from vaezoo.training.workers import Workers, check_batch_size

FLAGS = ["--model=dip_vae", "--dataset=images.npy", "--workdir=run", "--steps=20"]
FLAGS += ["--batch_size=8", "--log_every=4", "--checkpoint_every=6", "--seed=3", "--jit_compile=off"]
FLAGS += ["--learning_rate=0.003"]
FLAGS += ["--set", "network={'kind': 'mlp', 'encoder': {'hidden': (), 'batch_norm': False}, 'decoder': {'hidden': ()}}"]
IMAGES = np.random.default_rng(0).integers(256, size=(60, 8, 8, 1), dtype=np.uint8)


def state(folder):
    with np.load(folder / "run" / "checkpoints" / "20" / "state.npz") as arrays:
        return dict(arrays)


def table(folder):
    return np.genfromtxt(folder / "run" / "metrics.csv", delimiter=",", skip_header=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders of one device, with the images in memory, and of two workers, which read them batch by batch."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for folder, workers in zip(folders, (1, 2), strict=True):
        np.save(folder / "images.npy", IMAGES)
        codes, said = train(folder, *FLAGS, workers=workers, exported=workers == 2)
        assert codes == [0] * workers, said
    return folders


@pytest.mark.slow
@pytest.mark.integration
def test_two_workers_train_as_one_device_does_and_the_first_one_writes(trained):
    one, two = trained
    for name, value in state(one).items():
        np.testing.assert_allclose(state(two)[name], value, rtol=1e-4, atol=2e-5, err_msg=name)
    np.testing.assert_allclose(table(two), table(one), rtol=1e-5)
    config = json.loads((two / "run" / "config.json").read_text())
    assert (config["strategy"], config["replicas"]) == ("multi_worker", 2)
    assert "strategy" not in json.loads((one / "run" / "config.json").read_text())
    assert (two / "run" / "model.keras").is_file() and (two / "saved_models" / "dip_vae" / "1").is_dir()
    assert len(list((two / "run" / "tensorboard").iterdir())) == 1
    assert "step 20" in (two / "worker_0.txt").read_text() and "step" not in (two / "worker_1.txt").read_text()


@pytest.mark.slow
@pytest.mark.integration
def test_workers_are_killed_and_the_training_goes_on_with_the_same_bits(trained, tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    for dies, left in (((1, 9), ["6"]), ((0, 15), ["12", "6"])):
        codes, said = train(tmp_path, *FLAGS, dies=dies)
        assert all(codes) and codes[dies[0]] == -9, (codes, said)
        assert sorted(child.name for child in (tmp_path / "run" / "checkpoints").iterdir()) == left
    codes, said = train(tmp_path, *FLAGS)
    assert codes == [0, 0], said
    for name, value in state(trained[1]).items():
        np.testing.assert_array_equal(state(tmp_path)[name], value, err_msg=name)
    np.testing.assert_array_equal(table(tmp_path), table(trained[1]))


def test_workers_must_agree_on_data_settings_and_precision(images, tmp_path, monkeypatch):
    """The precision `auto` may be bfloat16 on one machine and float32 on another."""
    said, data = [], vaezoo.data.from_arrays(images)
    monkeypatch.setattr(Workers, "check_same", lambda self, text, what: said.append(text) or 1 / 0)
    model = small_model("vae")
    for different in ({}, {"seed": 2}, {"batch_size": 6}, {"log_every": 2}):
        with pytest.raises(ZeroDivisionError):
            Run(tmp_path, {}).fit(model, data, **{"steps": 4, "batch_size": 4, "seed": 1, **different})
    with pytest.raises(ZeroDivisionError):
        Run(tmp_path, {}).fit(model, vaezoo.data.from_arrays(images[:40]), steps=4, batch_size=4, seed=1)
    with pytest.raises(ZeroDivisionError):
        Run(tmp_path, {}).fit(small_model("vae", precision="bfloat16"), data, steps=4, batch_size=4, seed=1)
    assert len(said) == len(set(said)) == 6


def test_a_signal_to_another_worker_stops_this_one_with_a_checkpoint(images, tmp_path, monkeypatch):
    model = small_model("vae")

    class WithAnother(Workers):
        """The first of two workers; the other one receives a signal in step 12."""

        def __init__(self, strategy):
            super().__init__(strategy)
            self.several = True

        def from_chief(self, array):
            return array

        def any(self, flag):
            return flag or model.step.numpy() >= 12

    monkeypatch.setattr("vaezoo.training.run.Workers", WithAnother)
    with pytest.raises(Interrupted, match="after step 20"):
        Run(tmp_path, {}).fit(
            model, vaezoo.data.from_arrays(images), steps=40, batch_size=4, seed=1, log_every=20, checkpoint_every=40
        )
    assert [child.name for child in (tmp_path / "checkpoints").iterdir()] == ["20"]


def test_a_batch_that_does_not_divide_is_refused():
    check_batch_size(64, 4)
    with pytest.raises(
        ValueError, match="`batch_size` is that of all replicas together .* multiple of 3. Received: 64"
    ):
        check_batch_size(64, 3)


@pytest.mark.parametrize(
    "name, number, message",
    [
        ("mirrored", None, "found no GPU. With --devices=N"),
        ("mirrored", 0, "at least 1"),
        ("none", 2, "belongs to --strategy=mirrored"),
        ("multi_worker", None, "expects TF_CONFIG .* Received: ''"),
    ],
)
def test_a_strategy_that_the_machine_does_not_allow_is_refused(name, number, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=message):
        devices.create_strategy(name, number)


@pytest.mark.parametrize(
    "config",
    [
        "{",
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
    ],
)
def test_a_cluster_of_another_kind_is_refused(config):
    with pytest.raises(ValueError, match="expects TF_CONFIG"):
        devices.check_tf_config(config)


def test_one_device_has_no_strategy():
    assert devices.create_strategy("none") is None
