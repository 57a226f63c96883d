"""A data set larger than the memory against a small one: `python benchmarks/large_data.py`.

A sparse .npy stands for the large set: it takes no room on the disk, and reading it costs what reading a file costs
that the operating system has in its cache. The small set is in memory. Both have images of 64 x 64 x 3. Rounds of both
take turns, so that the ratios hold on a machine that does other things too.

    python benchmarks/large_data.py --gigabytes=20 --steps=30 --rounds=5
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags, logging

import vaezoo
import vaezoo.data
from vaezoo.encoding import encode_dataset

FLAGS = flags.FLAGS
flags.DEFINE_float("gigabytes", 20, "Size of the large set.")
flags.DEFINE_integer("small", 10_000, "Images of the small set.")
flags.DEFINE_integer("batch_size", 64, "Images in a batch.")
flags.DEFINE_integer("batches", 500, "Batches drawn in a round.")
flags.DEFINE_integer("steps", 30, "Training steps in a round.")
flags.DEFINE_integer("encoded", 4096, "Images encoded in a round.")
flags.DEFINE_integer("rounds", 5, "Rounds of each set.")
flags.DEFINE_string("folder", None, "Folder of the sparse file. Default: a temporary one.")

SHAPE = (64, 64, 3)


def main(argv: list[str]) -> None:
    """Prints memory, and the speed of the large set relative to the small one."""
    del argv
    logging.set_verbosity(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=FLAGS.folder) as folder:
        path = Path(folder) / "large.npy"
        size = int(FLAGS.gigabytes * 1e9) // int(np.prod(SHAPE))
        write_sparse(path, size)
        print(
            f"{size:,} images, {path.stat().st_size / 1e9:.1f} GB, {path.stat().st_blocks / 2:,.0f} KiB on disk",
            flush=True,
        )
        images = np.zeros((FLAGS.small, *SHAPE), np.uint8)
        images[0] = 255
        small = vaezoo.data.from_arrays(images, name="small")
        print_memory("before")
        started = time.perf_counter()
        large = vaezoo.data.load(path)
        loaded = time.perf_counter()
        digest = large.digest
        print(f"loaded in {loaded - started:.2f} s, digest {digest} in {time.perf_counter() - loaded:.2f} s")
        model = vaezoo.create("beta_vae", image_shape=SHAPE, beta=4.0, seed=0)
        compare(small, large, "batches/s", FLAGS.batches, lambda data: draw(data, FLAGS.batches))
        steps = lambda data: model.fit(data.batches(FLAGS.batch_size, seed=0, steps=FLAGS.steps), verbose=0)  # noqa: E731
        compare(small, large, "training steps/s", FLAGS.steps, steps)
        encode = lambda data: encode_dataset(model, data, images=FLAGS.encoded)  # noqa: E731
        compare(small, large, "encoded images/s", FLAGS.encoded, encode)


def write_sparse(path: Path, size: int) -> None:
    """Writes a .npy of `size` black images and a white one, without the blocks of the black ones."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (size, *SHAPE)}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        file.write(b"\xff" * int(np.prod(SHAPE)))
        file.truncate(start + size * int(np.prod(SHAPE)))


def draw(data: vaezoo.data.ImageData, count: int) -> None:
    """Draws batches and drops them."""
    for _ in data.batches(FLAGS.batch_size, seed=0, steps=count):
        pass


def compare(
    small: vaezoo.data.ImageData,
    large: vaezoo.data.ImageData,
    unit: str,
    count: int,
    run: Callable[[vaezoo.data.ImageData], object],
) -> None:
    """Times rounds of both sets in turns, the first of each uncounted, and prints medians, their ratio and memory."""
    seconds: Mapping[str, list[float]] = {"small": [], "large": []}
    for number in range(FLAGS.rounds + 1):
        for data, times in ((small, seconds["small"]), (large, seconds["large"])):
            start = time.perf_counter()
            run(data)
            if number:
                times.append(time.perf_counter() - start)
    rates = {name: count / statistics.median(times) for name, times in seconds.items()}
    ratios = sorted(a / b for a, b in zip(seconds["small"], seconds["large"], strict=True))
    print(
        f"{unit}: small {rates['small']:,.1f}, large {rates['large']:,.1f}, "
        f"large / small {statistics.median(ratios):.2f} ({ratios[0]:.2f} ... {ratios[-1]:.2f})"
    )
    print_memory("  after")


def print_memory(when: str) -> None:
    """Prints the process's anonymous memory, its file mappings (libraries), and the peak of both, in MiB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    values = {key: int(lines[key].split()[0]) / 1024 for key in ("RssAnon", "RssFile", "VmHWM")}
    print(f"{when}: " + ", ".join(f"{key} {value:,.0f} MiB" for key, value in values.items()), flush=True)


if __name__ == "__main__":
    app.run(main)
