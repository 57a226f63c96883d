"""Train a model of the zoo: flags -> data -> model -> fit -> figures -> SavedModel.

vaezoo train --model=nonsyn
vaezoo train --preset=beta_vae_dsprites --set beta=8 --steps=20000
"""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf
from absl import flags, logging

import vaezoo
from vaezoo import zoo
from vaezoo.cli import outputs
from vaezoo.cli.devices import STRATEGIES, create_strategy
from vaezoo.cli.settings import check_settings, parse_setting, select_preset
from vaezoo.cli.startup import program_name
from vaezoo.data import ImageData
from vaezoo.models import BaseVAE
from vaezoo.networks.precision import PRECISIONS, resolve_precision
from vaezoo.serving import check_export_folder
from vaezoo.training import Interrupted, Run
from vaezoo.training.intervals import check_intervals
from vaezoo.training.workers import Workers, check_batch_size

FLAGS = flags.FLAGS
flags.DEFINE_string("model", None, f"One of: {', '.join(zoo.MODELS)}. Default: the preset's, or nonsyn.")
flags.DEFINE_string("preset", None, f"One of: {', '.join(zoo.PRESETS)}. Default: the model's for the data set.")
flags.DEFINE_string(
    "dataset",
    None,
    "A name of `vaezoo list`, a .npz, .npy or .h5 file, a folder of images, or tfds:<name>. Default: the preset's.",
)
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_multi_string("set", [], "name=value for the model's constructor, `latents` or `network`. Repeatable.")
flags.DEFINE_integer("steps", None, "Training steps. Default: the preset's.")
flags.DEFINE_integer("batch_size", None, "Images in a minibatch; some models draw two a step. Default: the preset's.")
flags.DEFINE_float("learning_rate", None, "Default: the preset's.")
flags.DEFINE_integer("seed", 0, "Seed of the weights, the noise and the order of the images.")
flags.DEFINE_string("workdir", None, "Folder of the run. Default: runs/<preset>, or runs/<model>_<data set>.")
flags.DEFINE_string("export_dir", None, "Folder of the SavedModel's versions. Default: saved_models/<model>.")
flags.DEFINE_integer("steps_per_execution", 1, "Training steps per compiled call (Keras `steps_per_execution`).")
flags.DEFINE_enum(
    "jit_compile", "auto", ["auto", "on", "off"], "XLA. auto: with a GPU, or for fully connected networks."
)
flags.DEFINE_string(
    "precision",
    None,
    f"Of the networks, one of: {', '.join(PRECISIONS)}. auto: bfloat16 where the hardware multiplies in it, else "
    "float32. Default: the preset's.",
)
flags.DEFINE_bool("export", True, "Publish a SavedModel after training.")
flags.DEFINE_bool("figures", True, "Draw reconstructions, traversals and curves after training.")
flags.DEFINE_enum(
    "strategy",
    "none",
    STRATEGIES,
    "Devices: none, one; mirrored, the GPUs of this machine; multi_worker, those of all workers that TF_CONFIG names.",
)
flags.DEFINE_integer("devices", None, "GPUs of --strategy=mirrored, or logical CPUs without a GPU. Default: all GPUs.")
flags.DEFINE_bool("evaluate", False, "Write scores.json and draw every figure that applies after training.")
flags.DEFINE_integer("checkpoint_every", 1000, "Steps between checkpoints.")
flags.DEFINE_integer("log_every", 100, "Steps between rows of metrics.csv.")


def main(argv: list[str]) -> None:
    """Trains a model. Whatever can be refused is refused in `prepare`, before anything is written.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    logging.set_verbosity(logging.WARNING)
    warnings.formatwarning = lambda message, *args, **options: f"{program}: {message}\n"
    try:
        strategy = create_strategy(FLAGS.strategy, FLAGS.devices)
        if strategy:
            own = ("workdir", "export_dir", "data_dir", "dataset")  # paths may differ; the images are compared later
            values = {flag.name: flag.value for flag in FLAGS.get_flags_for_module(__name__) if flag.name not in own}
            Workers(strategy).check_same(json.dumps(values, sort_keys=True), "flags")
        data, model, run, config = prepare(strategy)
        if run.writes:
            work = f"{config['steps']} steps in {config['precision']}"
            work += f" on {config['replicas']} replicas" if strategy else ""
            print(f"{config['model']} on {data.name} ({data.origin}): {work}, {run.folder}", flush=True)
        with run.locked():
            train(data, model, run)
    except Interrupted as interrupted:
        print(f"{interrupted} The same command goes on from there.")
        raise
    except (ArithmeticError, ValueError, OSError, RuntimeError, MemoryError, tf.errors.OpError) as error:
        sys.exit(f"{program}: {one_line(error)}")


def one_line(error: Exception) -> str:
    """Returns the whole message of vaezoo's own errors, and the first line of TensorFlow's."""
    if isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError)):
        return f"out of memory or disk. A smaller --batch_size needs less memory. {str(error).partition(chr(10))[0]}"
    if isinstance(error, (tf.errors.UnavailableError, tf.errors.AbortedError)):
        return (
            "another worker has ended or cannot be reached. Start all workers again to go on from the last checkpoint."
        )
    return str(error).partition("\n")[0] if isinstance(error, tf.errors.OpError) else str(error)


def train(data: ImageData, model: BaseVAE, run: Run) -> None:
    """Fits the model in its run's folder, draws figures and exports it."""
    examples = data.images(range(0, data.size, data.size // 1000 + 1))
    rows = run.fit(
        model,
        data,
        **{name: run.config[name] for name in ("steps", "batch_size", "seed", "log_every", "checkpoint_every")},
        examples=examples[:: max(1, len(examples) // 10)][:10],
    )
    if run.writes:
        outputs.write(
            model,
            run,
            rows,
            examples,
            drawn=FLAGS.figures,
            exported=FLAGS.export,
            export_dir=FLAGS.export_dir,
            evaluated=FLAGS.evaluate,
            data_dir=FLAGS.data_dir,
        )
    Workers(model.distribute_strategy).finish()


def prepare(strategy: tf.distribute.Strategy | None = None) -> tuple[ImageData, BaseVAE, Run, dict[str, Any]]:
    """Builds what the flags ask for and checks it; nothing is written.

    Args:
        strategy: of the devices; None for one device.

    Returns:
        The data, the compiled model, its run and the run's configuration.

    Raises:
        ValueError, OSError: if the flags, the data or the folders do not allow the training.
        MissingExtraError: if --evaluate needs packages that are not installed.
    """
    if FLAGS.evaluate:
        outputs.check_installed()
    model_name, preset_name, preset = select_preset()
    given = dict(parse_setting(text) for text in FLAGS.set)
    check_settings(model_name, given)
    precision = resolve_precision(preset.precision if FLAGS.precision is None else FLAGS.precision)
    data = vaezoo.data.load(FLAGS.dataset or preset.dataset, data_dir=FLAGS.data_dir)
    if "dataset_size" in zoo.MODELS[model_name].hyperparameters():
        given.setdefault("dataset_size", data.size)
    steps = preset.steps if FLAGS.steps is None else FLAGS.steps
    batch_size = preset.batch_size if FLAGS.batch_size is None else FLAGS.batch_size
    workers = Workers(strategy or tf.distribute.get_strategy())
    check_batch_size(batch_size, workers.replicas)
    if strategy and (FLAGS.jit_compile == "on" or FLAGS.steps_per_execution > 1):
        raise ValueError(f"--strategy={FLAGS.strategy} takes no --jit_compile=on, and --steps_per_execution=1 alone.")
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = vaezoo.create(
            preset_name or model_name,
            image_shape=data.image_shape,
            learning_rate=FLAGS.learning_rate,
            seed=FLAGS.seed,
            jit_compile={"on": True, "off": False}.get(FLAGS.jit_compile, "auto"),
            steps_per_execution=FLAGS.steps_per_execution,
            precision=precision,
            **given,
        )
    if given.get("dataset_size", batch_size) < batch_size:
        raise ValueError(f"`dataset_size` must be at least batch_size={batch_size}. Received: {given['dataset_size']}")
    config = {
        "model": model_name,
        "preset": preset_name,
        "dataset": FLAGS.dataset or preset.dataset,
        "origin": data.origin,
        "network": given.get("network", preset.network),
        **zoo.model_settings(model),
        "batch_size": batch_size,
        "steps": steps,
        "seed": FLAGS.seed,
        "steps_per_execution": FLAGS.steps_per_execution,
        "jit_compile": model.jit_compile,
        "precision": precision,
        "log_every": FLAGS.log_every,
        "checkpoint_every": FLAGS.checkpoint_every,
        "replicas": workers.replicas,
        **({"strategy": FLAGS.strategy} if strategy else {}),
    }
    check_intervals(
        FLAGS.steps_per_execution, steps=steps, **{name: config[name] for name in ("log_every", "checkpoint_every")}
    )
    model.batches(data, batch_size * model.batches_per_step, seed=FLAGS.seed, steps=1)  # refuses an impossible size
    workdir = FLAGS.workdir or f"runs/{preset_name or f'{model_name}_{Path(data.name).stem}'}"
    run = Run(workdir, config, writes=workers.chief)
    if run.writes:
        if FLAGS.export:
            check_export_folder(outputs.export_folder(config, FLAGS.export_dir))
        outputs.last_export(run.folder)
    return data, model, run, config
