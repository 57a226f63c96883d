"""The worker of PyTorch: `python -m benchmarks.peers.torch_worker`. It needs PyTorch and NumPy, and no vaezoo."""

from __future__ import annotations

import time

import torch

from benchmarks.peers.cells import CELLS, images_of
from benchmarks.peers.torch_steps import STEPS, VARIANTS, Step
from benchmarks.peers.worker import cores, gflops, serve

READY: dict[tuple[str, str], tuple[Step, torch.Tensor]] = {}


def about() -> dict:
    """Returns the framework's name, its number of threads and the variants of its steps."""
    return {"name": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads(), "variants": VARIANTS}


def gemm(dtype: str, size: int) -> float:
    """Returns the speed of a matrix product in GFLOPS."""
    a, b = torch.randn(2, size, size).to(getattr(torch, dtype))
    return gflops(lambda: a @ b, size)


def prepare(cell: str, variant: str) -> str | None:
    """Builds a step and runs it twice; returns why it cannot run, or None."""
    torch.manual_seed(0)
    step = STEPS[CELLS[cell].model](CELLS[cell], variant)
    x = step.images(images_of(CELLS[cell]))
    try:
        for _ in range(2):
            step(x)
    except Exception as error:  # Inductor's errors have no common class: no compiler, no headers
        if variant != VARIANTS[2]:
            raise
        return str(error).strip().partition("\n")[0]
    READY[cell, variant] = step, x
    return None


def run(cell: str, variant: str, steps: int) -> list[float]:
    """Runs steps; returns the milliseconds of each but the first."""
    step, x = READY[cell, variant]
    ends = []
    for _ in range(steps):
        step(x)
        ends.append(time.perf_counter())
    return [1000 * (end - start) for start, end in zip(ends, ends[1:], strict=False)]


def drop() -> None:
    """Frees all steps."""
    READY.clear()
    torch.compiler.reset()


if __name__ == "__main__":
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)  # as TensorFlow does
    serve({"about": about, "gemm": gemm, "prepare": prepare, "run": run, "drop": drop})
