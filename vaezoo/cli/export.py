"""Publish a trained model where a model server finds it.

vaezoo export --run=runs/nonsyn_dsprites --to=saved_models/nonsyn --keep=5
"""

import sys
from pathlib import Path

from absl import flags, logging

from vaezoo.models import BaseVAE
from vaezoo.serving import about_run, check_export_folder, export
from vaezoo.serving.export import MAX_BATCH
from vaezoo.training.loading import load_keras, load_newest

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Folder of a run, finished or not, or a .keras file.")
flags.DEFINE_string("to", None, "Folder of the model's versions; the server uses its name for the model.")
flags.DEFINE_integer("keep", None, "Number of newest versions to keep. Default: all.")
flags.DEFINE_integer("max_batch", MAX_BATCH, "Largest number of images that the server accepts in one request.")


def load(path: str) -> tuple[BaseVAE, int]:
    """Loads the newest model of a run's folder, or a .keras file.

    Returns:
        The model and its training step.

    Raises:
        ValueError: if there is no model.
    """
    if not Path(path).is_dir():
        model = load_keras(Path(path))
        return model, int(model.step)
    found = load_newest(Path(path))
    if found is None:
        raise ValueError(f"Expected --run to be a run's folder or a .keras file. {path} has no checkpoint and no model")
    return found


def main(argv: list[str]) -> None:
    """Exports the model and prints the path of its version.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program, *rest = argv
    logging.set_verbosity(logging.WARNING)
    if rest:
        sys.exit(f"{program}: unexpected argument {rest[0]!r}; flags start with --.")
    if not (FLAGS.run and FLAGS.to):
        sys.exit(f"{program}: --run=<folder or .keras file> and --to=saved_models/<name> are needed.")
    try:
        check_export_folder(FLAGS.to)
        model, step = load(FLAGS.run)
        about = about_run(FLAGS.run)
        about = {**about, "training": {**about.get("training", {}), "step": step}}
        version = export(model, FLAGS.to, keep=FLAGS.keep, max_batch=FLAGS.max_batch, about=about)
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    print(f"Step {step}", file=sys.stderr)
    print(version)
