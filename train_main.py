"""Train a model of the zoo: flags -> data -> model -> fit -> figures -> SavedModel.

python train_main.py --model=nonsyn
python train_main.py --preset=beta_vae_dsprites --set beta=8 --steps=20000
"""

import ast
import json
import os
import signal
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # or CPUs without AVX-512 lose half their speed
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def stop(number, frame):
    """Ends the process with one line; while a model is fit, `Run` handles signals."""
    print(f"train_main.py: stopped by {signal.Signals(number).name}.", file=sys.stderr)
    sys.exit(128 + number)


if __name__ == "__main__":  # before the imports, which take seconds
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import app, flags, logging  # noqa: E402

import vaezoo  # noqa: E402
from vaezoo import evaluation, plots, zoo  # noqa: E402
from vaezoo.choices import validate_choice  # noqa: E402
from vaezoo.durable import replaced_file, write_text  # noqa: E402
from vaezoo.serving import about_run, check_export_folder  # noqa: E402
from vaezoo.training import Interrupted, Run  # noqa: E402
from vaezoo.training.run import check_intervals  # noqa: E402

FLAGS = flags.FLAGS
flags.DEFINE_string("model", None, f"One of: {', '.join(zoo.MODELS)}. Default: the preset's, or nonsyn.")
flags.DEFINE_string("preset", None, f"One of: {', '.join(zoo.PRESETS)}. Default: the model's for the data set.")
flags.DEFINE_string(
    "dataset", None, "dsprites, mnist, fashion_mnist, a .npz file, or tfds:<name>. Default: the preset's."
)
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_multi_string("set", [], "name=value for the model's constructor, `latents` or `network`. Repeatable.")
flags.DEFINE_integer("steps", None, "Training steps. Default: the preset's.")
flags.DEFINE_integer("batch_size", None, "Images in a minibatch; some models draw two a step. Default: the preset's.")
flags.DEFINE_float("learning_rate", None, "Default: the preset's.")
flags.DEFINE_integer("seed", 0, "Of weights, noise and the order of the images.")
flags.DEFINE_string("workdir", None, "Folder of the run. Default: runs/<preset>, or runs/<model>_<data set>.")
flags.DEFINE_string("export_dir", None, "Folder of the SavedModel's versions. Default: saved_models/<model>.")
flags.DEFINE_integer("steps_per_execution", 1, "Steps between two looks from Python.")
flags.DEFINE_enum(
    "jit_compile", "auto", ["auto", "on", "off"], "XLA. auto: with a GPU, or for fully connected networks."
)
flags.DEFINE_bool("evaluate", False, "Score the trained model: scores.json and every figure that applies.")
flags.DEFINE_integer("checkpoint_every", 1000, "Steps between checkpoints.")
flags.DEFINE_integer("log_every", 100, "Steps between rows of metrics.csv.")


def main(argv):
    """Everything that can be refused is refused in `prepare`, before anything is written."""
    logging.set_verbosity(logging.WARNING)
    warnings.formatwarning = lambda message, *args, **options: f"train_main.py: {message}\n"
    if len(argv) > 1:
        sys.exit(f"train_main.py: unexpected argument {argv[1]!r}; flags start with --.")
    try:
        data, model, run, config = prepare()
        print(f"{config['model']} on {data.name} ({data.origin}): {config['steps']} steps in {run.folder}", flush=True)
        with run.locked():
            train(data, model, run)
    except Interrupted as interrupted:
        print(f"{interrupted} The same command goes on from there.")
        raise
    except (ArithmeticError, ValueError, OSError, RuntimeError, MemoryError, tf.errors.OpError) as error:
        sys.exit(f"train_main.py: {in_a_line(error)}")


def in_a_line(error: Exception) -> str:
    """What went wrong, for a person: our own errors whole, the first line of TensorFlow's."""
    if isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError)):
        return f"out of memory or disk. A smaller --batch_size needs less memory. {str(error).partition(chr(10))[0]}"
    return str(error).partition("\n")[0] if isinstance(error, tf.errors.OpError) else str(error)


def train(data, model, run):
    """Fits the model, draws figures and exports it. The run's folder is held meanwhile."""
    examples = data.images(range(0, data.size, data.size // 1000 + 1))
    rows = run.fit(
        model,
        data,
        **{name: run.config[name] for name in ("steps", "batch_size", "seed", "log_every", "checkpoint_every")},
        examples=examples[:: max(1, len(examples) // 10)][:10],
    )
    finish(model, run, rows, examples)


def prepare():
    """Data, compiled model, run folder (not yet written) and the configuration that the flags ask for."""
    model_name, preset_name, preset = chosen_preset()
    given = dict(parse_setting(text) for text in FLAGS.set)
    check_settings(model_name, given)
    data = vaezoo.data.load(FLAGS.dataset or preset.dataset, data_dir=FLAGS.data_dir)
    parameters = zoo.MODELS[model_name].hyperparameters()
    if "dataset_size" in parameters:
        given.setdefault("dataset_size", data.size)
    model = vaezoo.create(
        preset_name or model_name,
        image_shape=data.image_shape,
        learning_rate=FLAGS.learning_rate,
        seed=FLAGS.seed,
        jit_compile={"on": True, "off": False}.get(FLAGS.jit_compile, "auto"),
        steps_per_execution=FLAGS.steps_per_execution,
        **given,
    )
    steps = preset.steps if FLAGS.steps is None else FLAGS.steps
    batch_size = preset.batch_size if FLAGS.batch_size is None else FLAGS.batch_size
    if given.get("dataset_size", batch_size) < batch_size:
        raise ValueError(f"`dataset_size` must be at least batch_size={batch_size}. Received: {given['dataset_size']}")
    config = {
        "model": model_name,
        "preset": preset_name,
        "dataset": FLAGS.dataset or preset.dataset,
        "origin": data.origin,
        "image_shape": data.image_shape,
        "network": given.get("network", preset.network),
        "latents": model.latents.get_config(),
        "hyperparameters": {
            name: keras.saving.serialize_keras_object(getattr(model, name))
            for name in parameters
            if name not in ("latents", "seed", "name") and not isinstance(getattr(model, name), keras.Model)
        },
        "learning_rate": float(model.optimizer.learning_rate),
        "optimizer": model.optimizer.get_config(),
        "batch_size": batch_size,
        "steps": steps,
        "seed": FLAGS.seed,
        "steps_per_execution": FLAGS.steps_per_execution,
        "jit_compile": model.jit_compile,
        "log_every": FLAGS.log_every,
        "checkpoint_every": FLAGS.checkpoint_every,
    }
    check_intervals(
        FLAGS.steps_per_execution, steps=steps, **{name: config[name] for name in ("log_every", "checkpoint_every")}
    )
    data.batches(batch_size * model.batches_per_step, seed=FLAGS.seed, steps=1)  # refuses an impossible size
    workdir = FLAGS.workdir or f"runs/{preset_name or f'{model_name}_{Path(data.name).stem}'}"
    run = Run(workdir, config)
    check_export_folder(export_folder(config))
    exported_before(run.folder)
    return data, model, run, config


def chosen_preset():
    """(model, preset or None, its settings) from --model, --preset and --dataset.

    Without --preset, the model's preset for the data set if there is one; otherwise the constructor's defaults,
    trained as the model's first preset is.
    """
    if FLAGS.preset is not None:
        validate_choice("preset", FLAGS.preset, zoo.PRESETS)
        preset = zoo.PRESETS[FLAGS.preset]
        if FLAGS.model not in (None, preset.model):
            raise ValueError(f"--preset={FLAGS.preset} is of --model={preset.model}. Received: {FLAGS.model!r}")
        return preset.model, FLAGS.preset, preset
    model = FLAGS.model or "nonsyn"
    validate_choice("model", model, zoo.MODELS)
    preset = zoo.preset_of(model, FLAGS.dataset)
    names = [name for name in zoo.PRESETS if zoo.PRESETS[name] is preset]
    return model, names[0] if names and FLAGS.dataset in (None, preset.dataset) else None, preset


def parse_setting(text: str):
    """(name, value) of a --set name=value; the value is read as Python, or is a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set takes name=value. Received: {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def check_settings(model: str, given) -> None:
    """Raises ValueError for a name that is a flag, and for one that is no argument of the model."""
    for name, value in given.items():
        if name in FLAGS:
            raise ValueError(f"`{name}` is a flag: give --{name}={value}. Received: --set {name}={value}")
        validate_choice(f"name in --set for {model!r}", name, [*zoo.hyperparameter_names(model), "latents", "network"])


def finish(model, run, rows, examples):
    """Figures, the Keras model and the SavedModel of a trained model."""
    figures = run.folder / "figures"
    figures.mkdir(exist_ok=True)
    alpha = {"synergy": model.alpha} if hasattr(model, "alpha") else {}
    plots.reconstructions(model, examples[:: max(1, len(examples) // 10)][:10]).savefig(figures / "reconstructions.png")
    plots.traversals(model, examples).savefig(figures / "traversals.png")
    plots.training_curves({run.config["model"]: rows}, weights=alpha).savefig(figures / "curves.png")
    with replaced_file(run.folder / "model.keras") as file:
        model.save(file)
    if FLAGS.evaluate:
        progress = sys.stderr.isatty() or "lines"
        scores = evaluation.evaluate(run.folder, data_dir=FLAGS.data_dir, figures=True, progress=progress)
        print(evaluation.report.table(scores), scores.places, sep="\n\n")
    version = exported(model, run)
    print(f"Figures:    {figures}")
    print(f"Curves:     {run.folder / 'metrics.csv'}; tensorboard --logdir {run.folder}")
    print(f"Model:      {run.folder / 'model.keras'}")
    print(f"SavedModel: {version}{'' if version.is_dir() else ' (removed since)'}")


def exported(model, run) -> Path:
    """The version of a run's model, which is exported once to a folder, and again when the run has been extended.

    One that was pruned is not published again: it would be served in the place of its successors.
    """
    folder, before = export_folder(run.config), exported_before(run.folder)
    if before and before["step"] == int(model.step):
        version = Path(before["saved_model"])
        if FLAGS.export_dir is None or version.parent.resolve() == folder.resolve():
            return version
    version = vaezoo.export(model, folder, about=about_run(run.folder))
    note = {"saved_model": str(version), "step": int(model.step)}
    write_text(run.folder / "export.json", json.dumps(note) + "\n")
    return version


def export_folder(config) -> Path:
    """The folder of the SavedModel's versions."""
    return Path(FLAGS.export_dir or f"saved_models/{config['model']}")


def exported_before(folder: Path) -> dict | None:
    """What a run's export.json says; None where there is none. Raises ValueError where it is damaged."""
    file = folder / "export.json"
    if not file.exists():
        return None
    try:
        note = json.loads(file.read_text())
        return {"saved_model": str(note["saved_model"]), "step": int(note["step"])}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged. Delete it to export the model of this run again.") from error


if __name__ == "__main__":
    app.run(main)
