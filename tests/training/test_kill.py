"""A real process, killed at random and in the middle of writing a checkpoint, and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

TRAIN = Path(__file__).parents[2] / "train_main.py"


def start(folder, data):
    settings = ["--set", "network=mlp", "--steps=40", "--batch_size=8", "--checkpoint_every=2", "--log_every=10"]
    command = [sys.executable, str(TRAIN), "--model=nonsyn", f"--dataset={data}", *settings]
    return subprocess.Popen(
        [*command, f"--workdir={folder / 'run'}", f"--export_dir={folder / 'export'}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(process, condition):
    while process.poll() is None and not condition():
        time.sleep(0.001)
    assert process.poll() is None, f"ended before it could be killed:\n{process.stdout.read()}"


def final_state(folder):
    reader = tf.train.load_checkpoint(str(folder / "run" / "checkpoints"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if name.startswith("state")}


def test_killed_runs_end_with_the_bits_of_an_undisturbed_one(tmp_path):
    data = tmp_path / "images.npz"
    rng = np.random.default_rng(0)
    np.savez(data, images=rng.integers(0, 256, (100, 28, 28), np.uint8))
    whole = start(tmp_path / "whole", data)
    output, _ = whole.communicate()
    assert whole.returncode == 0, output

    killed = tmp_path / "killed"
    checkpoints = killed / "run" / "checkpoints"

    def known():
        state = checkpoints / "checkpoint"
        return state.read_text() if state.exists() else ""

    def writing():
        """A file of a checkpoint is there that the file naming the newest does not know yet."""
        newest = known()
        return any(
            f'"{file.name.split(".")[0].removesuffix("_temp")}"' not in newest for file in checkpoints.glob("step-*")
        )

    for at in (writing, lambda: "step-12" in known(), writing, writing):
        process = start(killed, data)
        before = known()
        wait_for(process, lambda at=at, before=before: known() != before and at())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = start(killed, data)
    output, _ = last.communicate()
    assert last.returncode == 0, output
    one, other = final_state(tmp_path / "whole"), final_state(killed)
    assert one.keys() == other.keys() and len(one) > 20
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)
    rows = [(folder / "run" / "metrics.csv").read_text() for folder in (tmp_path / "whole", killed)]
    assert rows[0] == rows[1]
