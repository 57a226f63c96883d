"""Two processes that train together, and the strategies of the command."""

import json

import numpy as np
import pytest
from on_workers import train

from vaezoo.cli import devices
from vaezoo.training.workers import check_batch_size

FLAGS = ["--model=nonsyn", "--dataset=images.npz", "--workdir=run", "--steps=20", "--log_every=4", "--batch_size=8"]
FLAGS += ["--checkpoint_every=6", "--seed=3", "--jit_compile=off", "--learning_rate=0.003"]
FLAGS += ["--set", "network={'kind': 'mlp', 'encoder': {'hidden': (32,)}, 'decoder': {'hidden': (32,)}}"]


def state(folder):
    with np.load(folder / "run" / "checkpoints" / "20" / "state.npz") as arrays:
        return dict(arrays)


def table(folder):
    return np.genfromtxt(folder / "run" / "metrics.csv", delimiter=",", skip_header=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders of one device and of two workers."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for folder, workers in zip(folders, (1, 2), strict=True):
        np.savez(folder / "images.npz", images=np.random.default_rng(0).random((60, 8, 8, 1)))
        codes, said = train(folder, *FLAGS, workers=workers, outputs=workers == 2)
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
    assert (two / "run" / "model.keras").is_file() and (two / "saved_models" / "nonsyn" / "1").is_dir()
    assert len(list((two / "run" / "tensorboard").iterdir())) == 1
    assert "step 20" in (two / "worker_0.txt").read_text() and "step" not in (two / "worker_1.txt").read_text()


@pytest.mark.slow
@pytest.mark.integration
def test_workers_are_killed_and_the_training_goes_on_with_the_same_bits(trained, tmp_path):
    np.savez(tmp_path / "images.npz", images=np.random.default_rng(0).random((60, 8, 8, 1)))
    for dies, left in (((1, 9), ["6"]), ((0, 15), ["12", "6"])):
        codes, said = train(tmp_path, *FLAGS, dies=dies)
        assert all(codes) and codes[dies[0]] == -9, (codes, said)
        assert sorted(child.name for child in (tmp_path / "run" / "checkpoints").iterdir()) == left
    codes, said = train(tmp_path, *FLAGS)
    assert codes == [0, 0], said
    for name, value in state(trained[1]).items():
        np.testing.assert_array_equal(state(tmp_path)[name], value, err_msg=name)
    np.testing.assert_array_equal(table(tmp_path), table(trained[1]))


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
