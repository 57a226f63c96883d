"""Publish a trained model where a model server finds it.

python -m vaezoo.export --run=runs/nonsyn_dsprites --to=saved_models/nonsyn --keep=5
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags, logging

from vaezoo.encoding import LoadedModel, load_model
from vaezoo.models import BaseVAE
from vaezoo.serving import about_run, check_export_folder, export
from vaezoo.serving.saved_model import MAX_BATCH

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Folder of a run, finished or not, or a .keras file.")
flags.DEFINE_string("to", None, "Folder of the model's versions; its name is the model's for the server.")
flags.DEFINE_integer("keep", None, "Keep the newest versions only, so many. Default: all.")
flags.DEFINE_integer("max_batch", MAX_BATCH, "Most images that the server takes in one request.")


def load(path: str) -> LoadedModel:
    """Loads a run's folder or a .keras file. Raises ValueError for anything else, a SavedModel too."""
    loaded = load_model(path)
    if not isinstance(loaded.model, BaseVAE):
        raise ValueError(f"Expected --run to be a run's folder or a .keras file. {path} is a SavedModel")
    return loaded


def main(argv):
    """Prints where the version is."""
    logging.set_verbosity(logging.WARNING)
    if len(argv) > 1:
        sys.exit(f"vaezoo.export: unexpected argument {argv[1]!r}; flags start with --.")
    if not (FLAGS.run and FLAGS.to):
        sys.exit("vaezoo.export: --run=<folder or .keras file> and --to=saved_models/<name> are needed.")
    try:
        check_export_folder(FLAGS.to)
        loaded = load(FLAGS.run)
        about = about_run(FLAGS.run)
        about = {**about, "training": {**about.get("training", {}), "step": loaded.step}}
        version = export(loaded.model, FLAGS.to, keep=FLAGS.keep, max_batch=FLAGS.max_batch, about=about)
    except (ValueError, OSError) as error:
        sys.exit(f"vaezoo.export: {error}")
    print(f"Step {loaded.step}", file=sys.stderr)
    print(version)


if __name__ == "__main__":
    app.run(main)
else:
    sys.modules[__name__] = export  # what `import vaezoo.export` binds: `vaezoo.export` stays the function
