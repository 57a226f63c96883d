"""Milliseconds a training step, for each model: with and without XLA, with the data pipeline and without.

    python benchmarks/train_step.py                          every preset on dSprites or MNIST shapes, both ways
    python benchmarks/train_step.py --presets=nonsyn_dsprites --steps=60
    python benchmarks/train_step.py --precision=bfloat16     only where the hardware has it: elsewhere it is slow
    python benchmarks/train_step.py --peers                  steps of vaezoo and the same ones in PyTorch

All variants of a preset are timed in turn, round after round, in one process, so that what else the machine does
falls on all alike; the table gives medians over all steps, and ratios. "pipeline" is what drawing the batch adds.

With `--peers`, vaezoo and PyTorch run in one process each, strictly in turn (see `benchmarks/peers`). PyTorch is
installed by `pip install ".[peers]"`, or `--torch_python` names the interpreter of an environment that has it.
"""

import os
import statistics
import sys
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import tensorflow as tf
from absl import app, flags, logging

import vaezoo
from benchmarks.clock import Clock
from benchmarks.peers.cells import CELLS
from benchmarks.peers.compare import compare

FLAGS = flags.FLAGS
flags.DEFINE_list("presets", list(vaezoo.PRESETS), "Presets to time.")
flags.DEFINE_integer("steps", 20, "Steps in a round.")
flags.DEFINE_integer("rounds", 3, "Rounds, after one that is not counted.")
flags.DEFINE_string("precision", "float32", "Of the networks: float32, bfloat16 or auto.")
flags.DEFINE_bool("peers", False, "Compare with PyTorch instead.")
flags.DEFINE_list("cells", list(CELLS), "With --peers, the steps to time.")
flags.DEFINE_enum("bfloat16", "auto", ["auto", "always", "never"], "With --peers: auto asks the CPU.")
flags.DEFINE_string("torch_python", sys.executable, "With --peers, the interpreter that runs PyTorch.")


def main(argv: list[str]) -> None:
    """Prints a row for each preset, or the comparison with PyTorch."""
    del argv
    logging.set_verbosity(logging.WARNING)
    if FLAGS.peers:
        compare(
            cells=FLAGS.cells,
            steps=FLAGS.steps,
            rounds=FLAGS.rounds,
            bfloat16=FLAGS.bfloat16,
            torch_python=FLAGS.torch_python,
        )
        return
    print(f"{os.cpu_count()} cores, TensorFlow {tf.__version__}, oneDNN {os.environ['TF_ENABLE_ONEDNN_OPTS']}")
    print("| preset | images a step | graph, ms | XLA, ms | XLA / graph | with pipeline / without | chosen |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in FLAGS.presets:
        print(row(name), flush=True)


def row(name: str) -> str:
    """The Markdown row of a preset."""
    preset = vaezoo.PRESETS[name]
    options = {"seed": 0, "precision": FLAGS.precision}
    models = {jit: vaezoo.create(name, jit_compile=jit, **options) for jit in (False, True)}
    chosen = vaezoo.create(name, **options).jit_compile
    images = preset.batch_size * models[False].batches_per_step
    data = images_of(preset)
    one = next(iter(models[False].batches(data, images, seed=0, steps=1)))
    still = {jit: tf.data.Dataset.from_tensors(one).repeat(FLAGS.steps) for jit in models}
    variants = {
        **{("still", jit): (models[jit], still[jit]) for jit in models},
        ("fed", chosen): (models[chosen], models[chosen].batches(data, images, seed=0, steps=FLAGS.steps)),
    }
    times = {variant: [] for variant in variants}
    for counted in [False] + [True] * FLAGS.rounds:
        for variant, (model, dataset) in variants.items():
            clock = Clock()
            model.fit(dataset, callbacks=[clock], verbose=0, shuffle=False)
            if counted:
                times[variant] += list(1000 * np.diff(clock.ends))
    ms = {variant: statistics.median(values) for variant, values in times.items()}
    graph, xla, fed = ms["still", False], ms["still", True], ms["fed", chosen]
    cells = [name, images, f"{graph:.1f}", f"{xla:.1f}", f"{xla / graph:.2f}", f"{fed / ms['still', chosen]:.2f}"]
    return f"| {' | '.join(map(str, cells))} | {'XLA' if chosen else 'graph'} |"


def images_of(preset: vaezoo.presets.Preset) -> vaezoo.data.ImageData:
    """dSprites, or as many images of MNIST's shape as MNIST has."""
    if preset.dataset == "dsprites":
        return vaezoo.data.load("dsprites")
    return vaezoo.data.from_arrays(np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), np.uint8))


if __name__ == "__main__":
    app.run(main)
