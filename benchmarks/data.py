"""dSprites from nothing to its first batch, and batches a second: `python benchmarks/data.py`.

For one core: `taskset -c 0 python benchmarks/data.py`.
"""

import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import vaezoo.data

BATCHES, SIZE = 3000, 64


def peak_mb() -> float:
    """The process's peak memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints seconds, MiB and batches a second."""
    before, start = peak_mb(), time.perf_counter()
    data = vaezoo.data.load("dsprites")
    loaded = time.perf_counter() - start
    next(iter(data.batches(SIZE, seed=0)))
    first = time.perf_counter() - start
    print(f"dSprites, {data.origin}, on {len(os.sched_getaffinity(0))} core(s)")
    print(f"loaded in {loaded:.2f} s, first batch after {first:.2f} s")
    print(f"peak memory {before:.0f} MiB before, {peak_mb() - before:.0f} MiB more after the first batch")

    resumed = time.perf_counter()
    next(iter(data.batches(SIZE, seed=0, start_step=10_000_000)))
    print(f"batch 10,000,000 after {time.perf_counter() - resumed:.3f} s")

    for batch_size in (SIZE, 2 * SIZE):
        batches = iter(data.batches(batch_size, seed=0, steps=BATCHES + 100))
        for _ in range(100):  # let tf.data's autotuning settle
            next(batches)
        start = time.perf_counter()
        for _ in batches:
            pass
        rate = BATCHES / (time.perf_counter() - start)
        print(f"{rate:,.0f} batches of {batch_size} images a second")
    print(f"peak memory {peak_mb() - before:.0f} MiB more in the end")


if __name__ == "__main__":
    main()
