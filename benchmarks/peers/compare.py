"""Times the steps of vaezoo and of PyTorch in turn, round after round, and prints a Markdown report."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Sequence

from benchmarks.peers.cells import CELLS, Cell
from benchmarks.peers.cpu import FLAGS, cpu_flags, multiplies_bfloat16
from benchmarks.peers.flops import step_flops
from benchmarks.peers.worker import Worker

GEMM_SIZE = 2048
IDLE = 0.5  # most processes that run on an idle machine, on average
Variant = tuple[str, str]  # worker, variant
Rounds = list[list[float]]  # milliseconds of each step, in each round


def compare(
    *,
    cells: Sequence[str] = tuple(CELLS),
    steps: int = 20,
    rounds: int = 3,
    bfloat16: str = "auto",
    torch_python: str = sys.executable,
) -> None:
    """Prints a report on cells.

    The machine must be idle: OpenMP's threads wait for each other after each operation, so that another process on one
    core makes PyTorch slower several times over, and TensorFlow less so.

    Args:
        cells: names of cells, keys of `CELLS`.
        steps: steps of each variant in a round.
        rounds: rounds, after one that is not counted.
        bfloat16: whether bfloat16 is measured: "always", "never", or "auto", if the CPU has instructions for it.
        torch_python: the interpreter that runs PyTorch.
    """
    load = os.getloadavg()[0]
    flags = cpu_flags()
    with_bfloat16 = bfloat16 == "always" or (bfloat16 == "auto" and multiplies_bfloat16(flags))
    ours, peers = "benchmarks.peers.vaezoo_worker", "benchmarks.peers.torch_worker"
    with Worker(sys.executable, ours) as vaezoo, Worker(torch_python, peers) as torch:
        workers = {"vaezoo": vaezoo, "PyTorch": torch}
        print(f"Load of the machine in the minute before: {load:.1f}" + (", NOT IDLE" if load > IDLE else ""))
        print("CPU:", ", ".join(f"{flag} {'yes' if flag in flags else 'no'}" for flag in FLAGS))
        for worker in workers.values():
            about = worker.ask("about")
            print(f"{about['name']}, {about['threads']} threads")
        dtypes = ["float32", "bfloat16"] if with_bfloat16 else ["float32"]
        peaks = {dtype: peak(workers, dtype) for dtype in dtypes}
        for name in cells:
            if CELLS[name].dtype in peaks:
                times = measure(workers, CELLS[name], steps, rounds)
                default = vaezoo.ask("default", cell=name)
                print("\n".join(report(CELLS[name], times, default, peaks[CELLS[name].dtype])), flush=True)
                for worker in workers.values():
                    worker.ask("drop")
            else:
                print(f"\n{name}: not measured (bfloat16={bfloat16}; the CPU has no instructions for bfloat16)")


def peak(workers: dict[str, Worker], dtype: str) -> float:
    """Prints the speed of a matrix product in each framework; returns the highest, in GFLOPS."""
    speeds = {name: worker.ask("gemm", dtype=dtype, size=GEMM_SIZE) for name, worker in workers.items()}
    each = ", ".join(f"{name} {speed:.1f}" for name, speed in speeds.items())
    print(f"Product of {GEMM_SIZE} x {GEMM_SIZE} matrices in {dtype}, GFLOPS, best of 5: {each}", flush=True)
    return max(speeds.values())


def measure(workers: dict[str, Worker], cell: Cell, steps: int, rounds: int) -> dict[Variant, Rounds]:
    """Returns the milliseconds of the steps of each variant. Every other round has the variants in reverse order."""
    times: dict[Variant, Rounds] = {}
    for name, worker in workers.items():
        for variant in worker.ask("about")["variants"]:
            reason = worker.ask("prepare", cell=cell.name, variant=variant)
            if reason:
                print(f"\n{cell.name}: {name}, {variant}, cannot run: {reason}")
            else:
                times[name, variant] = []
    for n in range(rounds + 1):
        for name, variant in list(times)[:: 1 if n % 2 else -1]:
            milliseconds = workers[name].ask("run", cell=cell.name, variant=variant, steps=steps)
            if n:
                times[name, variant].append(milliseconds)
    return times


def report(cell: Cell, times: dict[Variant, Rounds], default: str, peak: float) -> list[str]:
    """Returns the lines of a cell.

    Args:
        cell: what was timed.
        times: milliseconds of the steps of each variant in each round.
        default: the variant that vaezoo chooses by default.
        peak: GFLOPS of the faster framework's matrix product.
    """
    gflop = step_flops(cell) / 1e9
    median = {variant: statistics.median(sum(rounds, [])) for variant, rounds in times.items()}
    tuned = min((v for v in median if v[1].startswith("tuned")), key=median.__getitem__)
    lines = [
        f"\n### {cell.name}",
        f"{gflop:.2f} GFLOP a step of {cell.minibatches} x {cell.batch_size} images, in {cell.dtype}",
        "| step | ms | GFLOPS | of the peak | fastest tuned PyTorch / this, by round (range) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for variant, ms in median.items():
        speed = gflop / ms * 1000
        each = [
            statistics.median(peer) / statistics.median(own)
            for peer, own in zip(times[tuned], times[variant], strict=True)
        ]
        ratio = f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})"
        mark = " (default)" if variant == ("vaezoo", default) else ""
        lines.append(f"| {', '.join(variant)}{mark} | {ms:.2f} | {speed:.1f} | {speed / peak:.0%} | {ratio} |")
    return lines
