"""Publish a finished, evaluated run as the trained model of its preset, which vaezoo.from_preset loads.

vaezoo publish --run=runs/nonsyn_dsprites
"""

import sys

from absl import flags, logging

from vaezoo.cli.startup import program_name
from vaezoo.presets import PRESETS
from vaezoo.pretrained.publishing import publish

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "Folder of a run of a preset that has finished and has been evaluated.")
flags.DEFINE_string("folder", "saved_models", "Folder of the trained models and of their manifest.json.")
flags.DEFINE_integer("keep", None, "Number of newest versions of the preset to keep. Default: all.")
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")


def main(argv: list[str]) -> None:
    """Publishes the run and prints the path of its version.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    logging.set_verbosity(logging.WARNING)
    if not FLAGS.run:
        sys.exit(f"{program}: --run=<folder of a run> is needed.")
    try:
        version, trained = publish(FLAGS.run, FLAGS.folder, data_dir=FLAGS.data_dir, keep=FLAGS.keep)
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    steps = f"{trained.steps:,} of {PRESETS[version.parent.name].steps:,} steps"
    print(f"{steps}, {len(trained.flat_scores)} scores, {trained.bytes / 1e6:.1f} MB", file=sys.stderr)
    print(version)
