"""Publish a trained model where a model server finds it.

python -m vaezoo.export --run=runs/nonsyn_dsprites --to=saved_models/nonsyn --keep=5
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import app, flags, logging

from vaezoo.models import BaseVAE
from vaezoo.serving import about_run, check_export_folder, export
from vaezoo.serving.export import MAX_BATCH

LONGEST = 300  # characters of an error of Keras, which may quote a whole configuration
FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Folder of a finished run, or a .keras file.")
flags.DEFINE_string("to", None, "Folder of the model's versions; its name is the model's for the server.")
flags.DEFINE_integer("keep", None, "Keep the newest versions only, so many. Default: all.")
flags.DEFINE_integer("max_batch", MAX_BATCH, "Most images that the server takes in one request.")


def load(path: str) -> BaseVAE:
    """The model of a run's folder or of a .keras file. Raises ValueError where there is none."""
    file = Path(path, "model.keras") if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ValueError(f"--run={path}: there is no {file}. A run writes it when it has finished.")
    model = keras.saving.load_model(file, compile=False)
    if not isinstance(model, BaseVAE):
        raise ValueError(f"--run={path} must be a model of vaezoo. Received: {type(model).__name__}")
    return model


@contextlib.contextmanager
def loading(path: str) -> Iterator[None]:
    """Turns the errors of Keras, which are of any type for a damaged or foreign file, into one line that names it."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith("--run="):
            raise
        line = next(iter(str(error).splitlines()), "")
        raise ValueError(f"--run={path} cannot be loaded. {type(error).__name__}: {line[:LONGEST]}") from error


def main(argv):
    """Prints where the version is."""
    logging.set_verbosity(logging.WARNING)
    if len(argv) > 1:
        sys.exit(f"vaezoo.export: unexpected argument {argv[1]!r}; flags start with --.")
    if not (FLAGS.run and FLAGS.to):
        sys.exit("vaezoo.export: --run=<folder or .keras file> and --to=saved_models/<name> are needed.")
    try:
        check_export_folder(FLAGS.to)
        with loading(FLAGS.run):
            model = load(FLAGS.run)
        version = export(model, FLAGS.to, keep=FLAGS.keep, max_batch=FLAGS.max_batch, about=about_run(FLAGS.run))
    except (ValueError, OSError) as error:
        sys.exit(f"vaezoo.export: {error}")
    print(version)


if __name__ == "__main__":
    app.run(main)
else:
    sys.modules[__name__] = export  # what `import vaezoo.export` binds: `vaezoo.export` stays the function
