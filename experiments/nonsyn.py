"""Figures 3 and 4 of the Non-Syn VAE paper: the synergy along the first 4,000 steps on dSprites.

    python -m experiments.nonsyn                   Non-Syn VAE and FactorVAE, curves and numbers in docs/
    python -m experiments.nonsyn --models=nonsyn   one of them

After an interruption, the same command continues. The synergy of both models is alpha Imax(W), alpha = 5, omega = 0.9,
measured every 20 steps on the same 512 images. The measurement does not influence the training.
"""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags, logging

import vaezoo
from vaezoo import plots
from vaezoo.durable import write_text
from vaezoo.training import Run
from vaezoo.training.metrics_csv import read_rows, write_rows

FLAGS = flags.FLAGS
flags.DEFINE_list("models", ["nonsyn", "factor_vae"], "Models to train.")
flags.DEFINE_integer("steps", 4000, "Training steps.")
flags.DEFINE_integer("seed", 0, "Seed of the weights, the noise and the order of the images.")
flags.DEFINE_string("workdir", "runs/papers/nonsyn", "Folder of the runs.")
flags.DEFINE_string("docs", "docs", "Folder of the figure and the table.")
EVERY = 20
ALPHA, OMEGA = 5.0, 0.9


class SynergyTrace(keras.callbacks.Callback):
    """Writes alpha Imax(W) on fixed images, in nats, to synergy.csv in the run's folder every `EVERY` steps.

    Args:
        folder: of the run.
        images: float32 [N, H, W, C].
    """

    def __init__(self, folder: Path, images: np.ndarray):
        super().__init__()
        self.file = folder / "synergy.csv"
        self.images = tf.data.Dataset.from_tensors(images)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Reads the rows up to the step at which training begins, so that a resumed run goes on with them."""
        start = int(self.model.step.numpy())
        self.rows = [row for row in read_rows(self.file) if row["step"] <= start]

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Measures the synergy and writes all rows, every `EVERY` steps."""
        step = int(self.model.step.numpy())
        if step % EVERY == 0:
            value = vaezoo.synergy_metric(self.model, self.images, alpha=ALPHA, omega=OMEGA)
            self.rows.append({"step": step, "synergy": value})
            write_rows(self.file, self.rows)


def main(argv: list[str]) -> None:
    """Trains the models that are not trained yet, then draws the figures and writes the table."""
    del argv
    logging.set_verbosity(logging.WARNING)
    for folder in ("figures", "results"):
        (Path(FLAGS.docs) / folder).mkdir(parents=True, exist_ok=True)
    data = vaezoo.data.load("dsprites")
    probe = data.images(np.random.default_rng(0).choice(data.size, 512, replace=False))
    curves = {}
    for name in FLAGS.models:
        config = {"model": name, "preset": f"{name}_dsprites", "dataset": "dsprites", "origin": data.origin}
        config |= {"steps": FLAGS.steps, "batch_size": 64, "seed": FLAGS.seed}
        run = Run(Path(FLAGS.workdir) / name, config)
        model = vaezoo.create(f"{name}_dsprites", seed=FLAGS.seed)
        settings = {"steps": FLAGS.steps, "batch_size": 64, "seed": FLAGS.seed, "log_every": EVERY}
        rows = run.fit(model, data, **settings, callbacks=[SynergyTrace(run.folder, probe)])
        model.save(run.folder / "model.keras")
        synergy = {row["step"]: row["synergy"] for row in read_rows(run.folder / "synergy.csv")}
        curves[name] = [
            {"step": r["step"], **{k: r[k] for k in ("reconstruction", "kl_z")}, "5 x synergy": synergy[r["step"]]}
            for r in rows
        ]
        plots.traversals(model, probe).savefig(Path(FLAGS.docs) / "figures" / f"traversals_{name}_{FLAGS.steps}.png")
    figure = plots.training_curves(curves)
    figure.savefig(Path(FLAGS.docs) / "figures" / f"synergy_{FLAGS.steps}.png")
    write_page(curves)
    print(table(curves))


def write_page(curves: dict[str, list[dict[str, float]]]) -> None:
    """Writes docs/results/synergy.md: the figures and the table."""
    figures = "\n".join(f"![traversals of {name}](../figures/traversals_{name}_{FLAGS.steps}.png)" for name in curves)
    text = f"""# The synergy of {" and ".join(curves)} on dSprites, {FLAGS.steps:,} steps

Figures 3 and 4 of the Non-Syn VAE paper: presets {" and ".join(f"`{name}_dsprites`" for name in curves)}, batch 64,
seed {FLAGS.seed}:

```sh
python -m experiments.nonsyn --models={",".join(curves)} --steps={FLAGS.steps}
```

![curves](../figures/synergy_{FLAGS.steps}.png)

Nats. Reconstruction and KL are means over the {EVERY} steps before; α·Imax(W), α = {ALPHA:g}, ω = {OMEGA:g}, is of both
models at that step, on the same 512 images.

{table(curves)}

{figures}
"""
    write_text(Path(FLAGS.docs) / "results" / "synergy.md", text)


def table(curves: dict[str, list[dict[str, float]]]) -> str:
    """Formats the curves at a few steps as Markdown: means over the last 20 steps, and the synergy at the step."""
    terms = ["reconstruction", "kl_z", "5 x synergy"]
    lines = ["| model | step | " + " | ".join(terms) + " |", "| --- " * 5 + "|"]
    for name, rows in curves.items():
        shown = [row for row in rows if row["step"] in (40, 60, 100, 500, 1000, 1500, 2000, 2600, 3000, 4000)]
        lines += [f"| {name} | {r['step']} | " + " | ".join(f"{r[t]:.4g}" for t in terms) + " |" for r in shown]
        peak = max(rows, key=lambda row: row["5 x synergy"])
        lines.append(f"| {name} | peak of the synergy, {peak['step']} | | | {peak['5 x synergy']:.4g} |")
    return "\n".join(lines)


if __name__ == "__main__":
    app.run(main)
