"""Explore the latents of one or two trained models in a browser.

vaezoo explore --run=runs/nonsyn_dsprites_2000
vaezoo explore --run=runs/nonsyn_dsprites_2000 --run=runs/beta_vae --out=both.html
vaezoo explore --preset=imae_mnist
vaezoo explore --run=saved_models/nonsyn --serve
"""

import sys

from absl import flags

from vaezoo.cli.startup import program_name
from vaezoo.explore import explore, serve
from vaezoo.explore.explorer import IMAGES
from vaezoo.explore.server import HOST

FLAGS = flags.FLAGS
flags.DEFINE_multi_string(
    "run",
    [],
    "A run's folder or a .keras file; with --serve, also a SavedModel. Twice for two models side by side.",
)
flags.DEFINE_multi_string("preset", [], "A trained preset, as for vaezoo.from_preset. Repeatable, as --run is.")
flags.DEFINE_string("out", "explore.html", "The HTML file. Not with --serve.")
flags.DEFINE_bool("serve", False, "Serve the page on 127.0.0.1 and decode in TensorFlow, for any network.")
flags.DEFINE_integer("port", 0, "With --serve: the port. Default: a free one.", 0, 65535)
flags.DEFINE_integer("images", IMAGES, "Number of images to encode for the scores, drawn at random.", 2)
flags.DEFINE_integer("seed", 0, "Seed of every draw.")
flags.DEFINE_string("dataset", None, "As for `vaezoo train`. Default: the data set of the training.")
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_string("split", None, "Split of the data set. Default: test if there is one.")


def main(argv: list[str]) -> None:
    """Writes the page and prints its path, or serves it and prints its address.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    if not FLAGS.run and not FLAGS.preset:
        sys.exit(f"{program}: --run=<folder or .keras file> or --preset=<name> is needed.")
    if FLAGS.serve and FLAGS["out"].present:
        sys.exit(f"{program}: --serve writes no file. Give --out or --serve.")
    if FLAGS["port"].present and not FLAGS.serve:
        sys.exit(f"{program}: --port is the port of --serve.")
    options = {name: getattr(FLAGS, name) for name in ("images", "seed", "dataset", "data_dir", "split")}
    options["presets"] = FLAGS.preset
    options["progress"] = sys.stderr.isatty() or "lines"
    try:
        if FLAGS.serve:
            with serve(FLAGS.run, port=FLAGS.port, **options) as server:
                print(f"http://{HOST}:{server.server_address[1]}/ (Ctrl-C stops the server)", flush=True)
                server.serve_forever()
        else:
            file = explore(FLAGS.run, FLAGS.out, **options)
            print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
