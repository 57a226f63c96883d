"""Score a trained model and draw its figures.

vaezoo evaluate --run=runs/nonsyn_dsprites --figures=all
vaezoo evaluate --run=saved_models/nonsyn/3 --metrics=mig,dci --bootstrap=200
vaezoo evaluate --run=runs/sweep --by=beta
"""

import sys

from absl import flags

from vaezoo.cli.startup import program_name
from vaezoo.evaluation import Evaluation, FigureError, evaluate, evaluate_seeds, report, trade_offs
from vaezoo.evaluation.arguments import FORMATS
from vaezoo.evaluation.figures import FIGURES
from vaezoo.evaluation.registry import METRICS

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "run", None, "A run's folder, a .keras file or a SavedModel; with --metrics=udr or --by, a folder of runs."
)
flags.DEFINE_list(
    "metrics",
    ["default"],
    f"default (all that apply except slow ones), all, or some of: {', '.join(METRICS)}. Or udr alone, for runs that "
    "differ by their seeds.",
)
flags.DEFINE_list("figures", [], f"Also draw: all (that apply), or some of: {', '.join(FIGURES)}.")
flags.DEFINE_list(
    "format",
    ["png"],
    f"Formats of the figures: some of {', '.join(FORMATS)}. animated_traversals is always a GIF.",
)
flags.DEFINE_list(
    "by",
    None,
    "Plot the trade-offs of evaluated runs against this hyperparameter (beta, say), without new scores. Several, as "
    "beta,lambda_,gamma, for models whose weights have different names.",
)
flags.DEFINE_string("against", None, "With --by: the score on the abscissa. Default: the hyperparameter.")
flags.DEFINE_integer("images", None, "Number of images to encode, drawn at random. Default: all; for udr, 10,000.")
flags.DEFINE_integer("seed", 0, "Seed of every draw.")
flags.DEFINE_integer("bootstrap", 0, "Resamples for confidence intervals; 0 for none.")
flags.DEFINE_float("confidence", 0.95, "Probability of the intervals.")
flags.DEFINE_string("dataset", None, "As for `vaezoo train`. Default: the data set of the training.")
flags.DEFINE_string("data_dir", None, "Folder of data files. Default: $VAEZOO_DATA_DIR.")
flags.DEFINE_string("split", None, "Split of the data set. Default: test if there is one.")
flags.DEFINE_string("out", None, "Folder of scores.json and figures/. Default: the run's, or evaluations/<name>.")

SHARED = ("seed", "bootstrap", "confidence", "dataset", "data_dir", "split", "out")


def main(argv: list[str]) -> None:
    """Prints the table and the paths of the files; stages, bars and errors go to stderr.

    Args:
        argv: the program's name, and the arguments that are not flags: none are accepted.
    """
    program = program_name(argv)
    if not FLAGS.run:
        sys.exit(f"{program}: --run=<folder, .keras file or SavedModel> is needed.")
    run = plot_sweep if FLAGS.by else score_seeds if FLAGS.metrics == ["udr"] else score_model
    failure = None
    try:
        output = run()
    except FigureError as error:
        output, failure = summary(error.evaluation), f"{program}: {error}"
    except (ValueError, OSError) as error:
        sys.exit(f"{program}: {error}")
    print(output, flush=True)
    sys.exit(failure)


def score_model() -> str:
    """Evaluates the model of --run; returns the table and the paths."""
    options = {name: getattr(FLAGS, name) for name in (*SHARED, "metrics", "images", "figures", "format")}
    return summary(evaluate(FLAGS.run, progress=progress(), **options))


def score_seeds() -> str:
    """Computes the UDR of the runs in --run; returns the table and the path."""
    if FLAGS.figures:
        raise ValueError("--metrics=udr has no --figures.")
    options = {name: getattr(FLAGS, name) for name in SHARED}
    if FLAGS.images is not None:
        options["images"] = FLAGS.images
    return summary(evaluate_seeds(FLAGS.run, progress=progress(), **options))


def plot_sweep() -> str:
    """Plots the trade-offs of the evaluated runs in --run; returns the paths."""
    options = {name: getattr(FLAGS, name) for name in ("by", "against", "metrics", "out", "format")}
    file = trade_offs(FLAGS.run, **options)
    return "\n".join(str(file.with_suffix(f".{suffix}")) for suffix in dict.fromkeys(FLAGS.format))


def progress() -> bool | str:
    """Returns True for bars in a terminal, "lines" elsewhere."""
    return sys.stderr.isatty() or "lines"


def summary(evaluation: Evaluation) -> str:
    """Formats the table of scores and the paths of the files."""
    return f"{report.table(evaluation)}\n\n{evaluation.places}"
