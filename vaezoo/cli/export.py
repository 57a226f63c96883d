"""Publish a trained model where a model server finds it.

vaezoo export --run=runs/nonsyn_dsprites --to=saved_models/nonsyn --keep=5
"""

import sys

from absl import flags, logging

from vaezoo.cli.startup import program_name
from vaezoo.encoding import LoadedModel, load_model
from vaezoo.models import BaseVAE
from vaezoo.serving import about_run, check_export_folder, export
from vaezoo.serving.saved_model import MAX_BATCH

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Folder of a run, finished or not, or a .keras file.")
flags.DEFINE_string("to", None, "Folder of the model's versions; the server uses its name for the model.")
flags.DEFINE_integer("keep", None, "Number of newest versions to keep. Default: all.")
flags.DEFINE_integer("max_batch", MAX_BATCH, "Largest number of images that the server accepts in one request.")


def load(path: str) -> LoadedModel:
    """Loads the newest model of a run's folder, or a .keras file.

    Returns:
        The model with its training step.

    Raises:
        ValueError: if there is no model, or if it is a SavedModel.
    """
    loaded = load_model(path)
    if not isinstance(loaded.model, BaseVAE):
        raise ValueError(f"Expected --run to be a run's folder or a .keras file. {path} is a SavedModel")
    return loaded


def main(argv: list[str]) -> None:
    """Exports the model and prints the path of its version.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    logging.set_verbosity(logging.WARNING)
    if not (FLAGS.run and FLAGS.to):
        sys.exit(f"{program}: --run=<folder or .keras file> and --to=saved_models/<name> are needed.")
    try:
        check_export_folder(FLAGS.to)
        loaded = load(FLAGS.run)
        about = about_run(FLAGS.run)
        about = {**about, "training": {**about.get("training", {}), "step": loaded.step}}
        version = export(loaded.model, FLAGS.to, keep=FLAGS.keep, max_batch=FLAGS.max_batch, about=about)
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    print(f"Step {loaded.step}", file=sys.stderr)
    print(version)
