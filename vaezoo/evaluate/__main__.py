"""vaezoo evaluate --run=runs/nonsyn_dsprites [--metrics=mig,dci] [--images=50000] [--figures=all]"""

import os
import sys

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

from vaezoo.evaluate import FigureError, evaluate, evaluate_seeds, report, trade_offs
from vaezoo.evaluate.arguments import FORMATS
from vaezoo.evaluate.catalogue import METRICS
from vaezoo.evaluate.figures import FIGURES

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "run", None, "A run's folder, a .keras file or a SavedModel; with --metrics=udr or --by, a folder of runs."
)
flags.DEFINE_list(
    "metrics",
    ["default"],
    f"default (all that apply but the slow), all, or some of: {', '.join(METRICS)}. Or udr alone, of runs that differ "
    "by their seeds.",
)
flags.DEFINE_list("figures", [], f"Draw, too: all (that apply), or some of: {', '.join(FIGURES)}.")
flags.DEFINE_list(
    "format",
    ["png"],
    f"Of the figures: some of {', '.join(FORMATS)}. animated_traversals is a GIF whatever the format.",
)
flags.DEFINE_list(
    "by",
    None,
    "Draw the trade-offs of evaluated runs, as this hyperparameter (beta, say) changes; no new scores. Several, as "
    "beta,lambda_,gamma: each model's own.",
)
flags.DEFINE_string("against", None, "With --by: the score on the abscissa. Default: the hyperparameter.")
flags.DEFINE_integer("images", None, "Encode so many, drawn at random. Default: all; for udr, 10,000.")
flags.DEFINE_integer("seed", 0, "Of every draw.")
flags.DEFINE_integer("bootstrap", 0, "Resamples for confidence intervals; 0 for none.")
flags.DEFINE_float("confidence", 0.95, "Of the intervals.")
flags.DEFINE_string("dataset", None, "As for train_main.py. Default: what the run was trained on.")
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_string("split", None, "Of the data set. Default: test where there is one.")
flags.DEFINE_string("out", None, "Folder of scores.json and figures/. Default: the run's, or evaluations/<name>.")

SHARED = ("seed", "bootstrap", "confidence", "dataset", "data_dir", "split", "out")


def main(argv):
    """Prints the table and where the files are; stages, bars and errors go to stderr."""
    if len(argv) > 1:
        sys.exit(f"vaezoo.evaluate: unexpected argument {argv[1]!r}; flags start with --.")
    if not FLAGS.run:
        sys.exit("vaezoo.evaluate: --run=<folder, .keras file or SavedModel> is needed.")
    options = {name: getattr(FLAGS, name) for name in SHARED} | {"progress": sys.stderr.isatty() or "lines"}
    failure = None
    try:
        if FLAGS.by:
            options = {name: getattr(FLAGS, name) for name in ("by", "against", "metrics", "out", "format")}
            file = trade_offs(FLAGS.run, **options)
            print(*(file.with_suffix(f".{suffix}") for suffix in dict.fromkeys(FLAGS.format)), sep="\n")
            return
        if FLAGS.metrics == ["udr"]:
            if FLAGS.figures:
                raise ValueError("--metrics=udr has no --figures.")
            if FLAGS.images is not None:
                options["images"] = FLAGS.images
            scores = evaluate_seeds(FLAGS.run, **options)
        else:
            options |= {"images": FLAGS.images, "figures": FLAGS.figures, "format": FLAGS.format}
            scores = evaluate(FLAGS.run, metrics=FLAGS.metrics, **options)
    except FigureError as error:
        scores, failure = error.evaluation, f"vaezoo.evaluate: {error}"
    except (ValueError, OSError) as error:
        sys.exit(f"vaezoo.evaluate: {error}")
    print(report.table(scores), scores.places, sep="\n\n", flush=True)
    sys.exit(failure)


if __name__ == "__main__":
    app.run(main)
