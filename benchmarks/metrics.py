"""Seconds and peak memory of every metric on stored codes of all 737,280 dSprites images.

    python -m benchmarks.metrics               # all but the slow fits
    python -m benchmarks.metrics --slow        # also DCI by gradient boosting: minutes

Each metric runs in a process of its own, at the reference's sizes, so that its peak is its own. "codes" is what a
process holds before the metric starts: Python, vaezoo with TensorFlow, codes [737280, 10] float32 and factors
[737280, 5] int64.
"""

import argparse
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np

SIZES = (3, 6, 40, 32, 32)
ONE_BUDGET = ("mig", "beta_vae_score", "factor_vae_score", "modularity", "irs")  # together under 30 s
CASES = {
    "codes": None,
    "mig": {},
    "mig, 200 resamples": {"bootstrap": 200},
    "mig, all rows": {"num_train": None},
    "beta_vae_score": {"grid": True},
    "beta_vae_score, matching rows": {},
    "factor_vae_score": {"grid": True},
    "factor_vae_score, matching rows": {},
    "modularity": {},
    "modularity, multinomial": {"classifier": "multinomial"},
    "infomec": {},
    "irs": {},
    "chen_mig": {},
    "chen_mig, all rows": {"num_train": None},
    "unibound": {},
    "udr, 5 models": {},
    "sap": {},
    "sap, thresholds": {"classifier": "thresholds"},
    "dci, random forest": {"importance": "random_forest"},
    "nmi": {},
    "clustering_accuracy": {},
}
SLOW = {"dci, gradient boosting": {"importance": "gradient_boosting"}}


def stored() -> tuple[np.ndarray, np.ndarray]:
    """Codes of a model that does well: positions apart, scale with some shape, orientation on a circle, five noisy."""
    rng = np.random.default_rng(0)
    factors = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    z = rng.normal(scale=0.02, size=(len(factors), 10)).astype(np.float32)
    angle = 2 * np.pi * factors[:, 2] / 40
    x, y, scale = ((factors[:, k] - factors[:, k].mean()) / factors[:, k].std() for k in (3, 4, 1))
    for d, column in enumerate((x, y, scale + 0.4 * factors[:, 0], np.sin(angle), np.cos(angle), 0.3 * x * y)):
        z[:, d] += column
    return z, factors


def run(case: str) -> str:
    """One line of the table."""
    from vaezoo import metrics

    codes, factors = stored()
    options = dict({**CASES, **SLOW}[case] or {})
    start, scores = time.perf_counter(), {}
    if case != "codes":
        name = case.split(",")[0]
        metric = getattr(metrics, name)
        if options.pop("grid", False):
            options["grid"] = SimpleNamespace(sizes=SIZES)
        if name in ("chen_mig", "unibound"):
            scores = metric(codes, np.full_like(codes, 2 * np.log(0.05)), factors, **options)
        elif name == "udr":
            scores = metric([codes * (1 + 0.1 * seed) for seed in range(5)], **options)
        elif name in ("nmi", "clustering_accuracy"):
            scores = metric(factors[:, 2] // 4, factors[:, 3] // 4, **options)
        else:
            scores = metric(codes, factors, **options)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    first = ", ".join(f"{key}={value:.3f}" for key, value in list(scores.items())[:2])
    return f"{case:32s} {seconds:8.2f} {peak:8.2f}   {first}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="also DCI by gradient boosting")
    parser.add_argument("--case", help="one line only, in this process")
    arguments = parser.parse_args()
    if arguments.case:
        print(run(arguments.case))
        return
    print(f"{'metric':32s} {'seconds':>8s} {'peak GB':>8s}   scores")
    together = 0.0
    for case in CASES | (SLOW if arguments.slow else {}):
        command = [sys.executable, "-m", "benchmarks.metrics", f"--case={case}"]
        line = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
        print(line.rstrip(), flush=True)
        together += float(line[32:41]) if case in ONE_BUDGET else 0
    print(f"{'together: ' + str(len(ONE_BUDGET)) + ' metrics of the budget':32s} {together:8.2f}")


if __name__ == "__main__":
    main()
