"""Baselines of disentanglement tables: PCA of the pixels, and an auto-encoder with weight decay, then ICA of its codes.

    python -m experiments.baselines                                     both on dSprites, one seed
    python -m experiments.baselines --models=pca --dataset=shapes3d --bootstrap=200

Each model is saved as a run, <workdir>/<data set>/<model>_<seed>/model.keras, with its scores.json; its figures are
drawn by `vaezoo evaluate --run=<its folder> --figures=all --metrics=mig`. The scores are those of the means: there is
no posterior. PCA and ICA are fitted to a random sample of the images. After an interruption, the same command continues
the training of the auto-encoder, whose settings were not tuned.
"""

import json
from pathlib import Path

import keras
import numpy as np
from absl import app, flags, logging

import vaezoo
from experiments.linear_codes import autoencoder, pca, with_ica
from vaezoo.choices import validate_choice
from vaezoo.durable import write_text
from vaezoo.evaluation import evaluate, report
from vaezoo.evaluation.registry import METRICS
from vaezoo.evaluation.selection import validate_names
from vaezoo.training import Run

MODELS = ["pca", "ae_ica"]
OF_MEANS = [name for name, metric in METRICS.items() if metric.computed_from.startswith("means") and not metric.slow]

FLAGS = flags.FLAGS
flags.DEFINE_string("dataset", "dsprites", "A data set with factors, as for `vaezoo train`.")
flags.DEFINE_list("models", MODELS, f"Some of {', '.join(MODELS)}.")
flags.DEFINE_integer("latents", 10, "Number of latents.")
flags.DEFINE_integer("seeds", 1, "Runs of each model.")
flags.DEFINE_enum("network", "conv", ["conv", "mlp"], "Networks of the auto-encoder.")
flags.DEFINE_integer("steps", 20_000, "Training steps of the auto-encoder.")
flags.DEFINE_integer("batch_size", 64, "Images in a batch.")
flags.DEFINE_float("learning_rate", 1e-3, "Of Keras's AdamW.")
flags.DEFINE_float("weight_decay", 0.1, "Of Keras's AdamW.")
flags.DEFINE_integer("fitted_images", 20_000, "Random images to fit PCA and ICA to; all if there are fewer.")
flags.DEFINE_list("metrics", OF_MEANS, "As for `vaezoo evaluate`.")
flags.DEFINE_integer("bootstrap", 0, "Resamples for confidence intervals; 0 for none.")
flags.DEFINE_string("workdir", "runs/baselines", "Folder of the runs.")


def main(argv: list[str]) -> None:
    """Fits and scores the baselines that are not there yet, and prints their tables."""
    del argv
    logging.set_verbosity(logging.WARNING)
    for name in FLAGS.models:
        validate_choice("baseline", name, MODELS)
    validate_names(FLAGS.metrics, METRICS)
    data = vaezoo.data.load(FLAGS.dataset)
    if data.factors is None:
        raise ValueError(f"Expected a data set with ground-truth factors. Received: {FLAGS.dataset}")
    for seed in range(FLAGS.seeds):
        for name in FLAGS.models:
            folder = Path(FLAGS.workdir) / Path(FLAGS.dataset).stem / f"{name}_{seed}"
            save(name, seed, data, folder)
            options = {"dataset": data, "split": "train", "metrics": FLAGS.metrics, "bootstrap": FLAGS.bootstrap}
            print(report.table(evaluate(folder, **options)), flush=True)


def save(name: str, seed: int, data: vaezoo.data.ImageData, folder: Path) -> None:
    """Fits a baseline, and writes model.keras and config.json."""
    sample = np.random.default_rng(seed).permutation(data.size)[: FLAGS.fitted_images]
    images, settings = data.images(np.sort(sample)), {"fitted_images": len(sample)}
    config = {"model": name, "dataset": FLAGS.dataset, "seed": seed}
    if name == "pca":
        model = pca(images, FLAGS.latents, seed=seed)
    else:
        config |= {flag: getattr(FLAGS, flag) for flag in ("steps", "batch_size", "learning_rate")}
        settings |= {flag: getattr(FLAGS, flag) for flag in ("network", "weight_decay")}
        model = with_ica(trained(Run(folder / "autoencoder", config | settings), data), images, seed=seed)
        model.step.assign(FLAGS.steps)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    hyperparameters = {"latents": FLAGS.latents, **settings}
    write_text(folder / "config.json", json.dumps(config | {"hyperparameters": hyperparameters}, indent=2) + "\n")


def trained(run: Run, data: vaezoo.data.ImageData) -> vaezoo.BetaVAE:
    """Trains the auto-encoder of a run, or the rest of it."""
    model = autoencoder(data.image_shape, FLAGS.latents, network=FLAGS.network, seed=run.config["seed"])
    optimizer = keras.optimizers.AdamW(FLAGS.learning_rate, weight_decay=FLAGS.weight_decay)
    model.compile(optimizer, jit_compile=vaezoo.zoo.should_jit_compile(model))
    run.fit(model, data, **{name: run.config[name] for name in ("steps", "batch_size", "seed")})
    return model


if __name__ == "__main__":
    app.run(main)
