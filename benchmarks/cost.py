"""How time and memory of a training step grow: with the batch, with the image, with the latents; and of encoding.

    python -m benchmarks.cost                        every table; writes docs/results/cost.csv and the figure
    python -m benchmarks.cost --sweeps=side,latents  some of them; prints only

Each row is measured in a process of its own, forked from one that has imported TensorFlow: the median of the steps, and
the peak of resident memory above what an idle process holds.

    batch     every model, its fully connected networks on 28 x 28 pixels, batches of 16 to 4,096 (8,192 for models that
              estimate the aggregate posterior)
    side      the convolutional VAE and Non-Syn VAE, 16 images of 32 x 32 to 256 x 256 pixels
    latents   the VAE, beta-TCVAE, FactorVAE and Non-Syn VAE with 2 to 128 Gaussian latents, 256 images
    encoding  the convolutional encoder, 1,000 to 64,000 images, by `encode_dataset`
"""

from __future__ import annotations

import argparse
import csv
import gc
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tensorflow_probability", "vaezoo.zoo", "vaezoo.encoding", "keras.src.trainers"])
DOCS = Path(__file__).parents[1] / "docs"
AGGREGATE = ("beta_tcvae", "imae", "info_vae")
MLP = {"kind": "mlp", "encoder": {"hidden": (500, 500)}, "decoder": {"hidden": (500, 500)}}
SECONDS = 3.0  # of steps for each row, but at least 3 steps


def rows(sweeps: list[str]) -> Iterator[dict]:
    """Yields what each row measures: sweep, model, batch, side and latents."""
    from vaezoo import MODELS

    if "batch" in sweeps:
        for model in MODELS:
            for batch in (16, 64, 256, 1024, 4096, *([8192] if model in AGGREGATE else [])):
                yield {"sweep": "batch", "model": model, "batch": batch, "side": 28, "latents": 10}
    if "side" in sweeps:
        for model in ("vae", "nonsyn"):
            for side in (32, 64, 128, 256):
                yield {"sweep": "side", "model": model, "batch": 16, "side": side, "latents": 10}
    if "latents" in sweeps:
        for model in ("vae", "beta_tcvae", "factor_vae", "nonsyn"):
            for latents in (2, 8, 32, 128):
                yield {"sweep": "latents", "model": model, "batch": 256, "side": 28, "latents": latents}
    if "encoding" in sweeps:
        for images in (1_000, 4_000, 16_000, 64_000):
            yield {"sweep": "encoding", "model": "vae", "batch": images, "side": 64, "latents": 10}


def measure(row: dict) -> dict:
    """Returns a row with its median milliseconds of a step, or of all images, and megabytes above an idle process."""
    import numpy as np
    import tensorflow as tf

    import vaezoo

    tf.zeros(1).numpy()  # starts TensorFlow
    idle = peak_mb()
    network = "conv" if row["sweep"] in ("side", "encoding") else MLP
    sized = {"dataset_size": 1_000_000} if "dataset_size" in vaezoo.MODELS[row["model"]].hyperparameters() else {}
    shape, latents = (row["side"], row["side"], 1), {"gaussian": row["latents"]}
    model = vaezoo.create(row["model"], image_shape=shape, latents=latents, network=network, seed=0, **sized)
    rng = np.random.default_rng(0)
    if row["sweep"] == "encoding":
        data = vaezoo.data.from_arrays(rng.integers(0, 256, (row["batch"], *shape), np.uint8))
        from vaezoo.encoding import encode_dataset

        encode_dataset(model, data, images=256)
        started = time.perf_counter()
        encode_dataset(model, data)
        return {**row, "ms": 1000 * (time.perf_counter() - started), "mb": peak_mb() - idle}
    x = tf.constant(rng.random((row["batch"] * model.batches_per_step, *shape)) > 0.5, tf.float32)
    x = (x, x[::-1]) if isinstance(model.element_spec, tuple) else x
    model.make_train_function()
    step = model.train_function
    batches = iter(tf.data.Dataset.from_tensors((x,)).repeat())
    step(batches)
    gc.collect()
    times: list[float] = []
    while len(times) < 3 or sum(times) < SECONDS:
        started = time.perf_counter()
        float(step(batches)["loss"])
        times.append(time.perf_counter() - started)
    return {**row, "ms": 1000 * statistics.median(times), "mb": peak_mb() - idle}


def peak_mb() -> float:
    """Returns the largest resident memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(sweep: str, measured: list[dict]) -> str:
    """Returns a sweep as Markdown: a row a model, a column a size, milliseconds and megabytes."""
    of_sweep = [row for row in measured if row["sweep"] == sweep]
    axis = "batch" if sweep == "encoding" else sweep
    sizes = sorted({row[axis] for row in of_sweep})
    lines = [f"| model | {' | '.join(f'{size:,}' for size in sizes)} |", "| --- |" + " --- |" * len(sizes)]
    for model in dict.fromkeys(row["model"] for row in of_sweep):
        cells = {row[axis]: f"{row['ms']:,.1f} ms, {row['mb']:,.0f} MB" for row in of_sweep if row["model"] == model}
        lines.append(f"| {model} | {' | '.join(cells.get(size, '') for size in sizes)} |")
    return "\n".join(lines)


def draw(measured: list[dict], file: Path) -> None:
    """Draws milliseconds and megabytes against the size, a column for each sweep."""
    from vaezoo.plots.style import COLOURS, LINE_STYLES, MARKERS, WIDTH, new_figure, paper_style

    axes_of = {"batch": "images in a minibatch", "side": "side of an image, pixels", "latents": "Gaussian latents"}
    sweeps = [sweep for sweep in axes_of if any(row["sweep"] == sweep for row in measured)]
    with paper_style():
        figure = new_figure(height=3.6, width=2.2 * WIDTH)
        panels = figure.subplots(2, len(sweeps), squeeze=False)
        for column, sweep in enumerate(sweeps):
            models = dict.fromkeys(row["model"] for row in measured if row["sweep"] == sweep)
            for n, model in enumerate(models):
                points = [row for row in measured if (row["sweep"], row["model"]) == (sweep, model)]
                style = {
                    "color": COLOURS[n % len(COLOURS)],
                    "marker": MARKERS[n % len(MARKERS)],
                    "linestyle": LINE_STYLES[n // len(COLOURS)],
                    "markersize": 2.5,
                    "linewidth": 0.8,
                    "label": model,
                }
                for panel, unit in zip(panels[:, column], ("ms", "mb"), strict=True):
                    panel.plot([row[sweep] for row in points], [row[unit] for row in points], **style)
            for panel, label in zip(panels[:, column], ("ms a step", "peak memory, MB"), strict=True):
                panel.set(xscale="log", yscale="log", xlabel=axes_of[sweep], ylabel=label)
            panels[0, column].legend(fontsize=4, ncols=2 if len(models) > 4 else 1)
        figure.savefig(file)


def main() -> None:
    """Measures, prints and, where every sweep was asked for, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = ["batch", "side", "latents", "encoding"]
    parser.add_argument("--sweeps", default=",".join(every), help="some of them, with commas")
    sweeps = parser.parse_args().sweeps.split(",")
    if unknown := set(sweeps) - set(every):
        parser.error(f"unknown sweeps {sorted(unknown)}. Choose from: {every}")
    measured = []
    for row in rows(sweeps):
        with ProcessPoolExecutor(1, mp_context=CONTEXT) as process:
            measured.append(process.submit(measure, row).result())
        print({name: value if isinstance(value, str) else round(value, 1) for name, value in measured[-1].items()})
    for sweep in sweeps:
        print(f"\n## {sweep}\n\n{table(sweep, measured)}", flush=True)
    if sweeps == every:
        with (DOCS / "results" / "cost.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(measured[0]))
            writer.writeheader()
            writer.writerows({**row, "ms": round(row["ms"], 2), "mb": round(row["mb"])} for row in measured)
        draw(measured, DOCS / "figures" / "cost.png")


if __name__ == "__main__":
    main()
