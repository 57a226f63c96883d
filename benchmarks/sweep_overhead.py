"""The overhead of a sweep: 40 short runs by `vaezoo sweep --jobs=2`, on Ray and by a shell loop, one after the other.

    python benchmarks/sweep_overhead.py
    python benchmarks/sweep_overhead.py --seeds=2 --ways=loop,jobs

Every run trains for 50 steps of 16 images of 16 x 16 pixels and computes the active units. Two runs go at a time, with
one core each: the loop is `xargs -P 2` over `vaezoo train` and `vaezoo evaluate`. The scores of all must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
NETWORK = "{'kind': 'mlp', 'encoder': {'hidden': [32]}, 'decoder': {'hidden': [32]}}"
MODELS = {"beta_vae_1": ("beta_vae", "beta=1"), "beta_vae_4": ("beta_vae", "beta=4")}
MODELS |= {"nonsyn_1": ("nonsyn", "alpha=1"), "nonsyn_5": ("nonsyn", "alpha=5")}
STUDY = """
from vaezoo.sweep import Study, chain, product, sweep
COMMON = {{"dataset": {dataset!r}, "steps": {steps}, "batch_size": 16, "network": {network}, "jit_compile": "off"}}
COMMON |= {{"metrics": ["active_units"], "latents": {{"gaussian": 4}}}}
BETA_VAE = product([{{"model": "beta_vae"}}], sweep("beta", [1, 4]))
MODELS = chain(BETA_VAE, product([{{"model": "nonsyn"}}], sweep("alpha", [1, 5])))
STUDY = Study("overhead", product([COMMON], MODELS, sweep("seed", range({seeds}))))
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ONE_CORE = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main() -> None:
    """Times every way and prints a table; the exit code is 1 where scores differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="seeds of each of four models")
    parser.add_argument("--steps", type=int, default=50, help="training steps of each run")
    parser.add_argument("--ways", default="loop,jobs,ray", help="of loop, jobs and ray")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweep_overhead-") as folder:
        images = Path(folder, "images.npz")
        np.savez(images, images=np.random.default_rng(0).integers(0, 256, (256, 16, 16), dtype=np.uint8))
        study = Path(folder, "overhead.py")
        study.write_text(
            STUDY.format(dataset=str(images), steps=arguments.steps, network=NETWORK, seeds=arguments.seeds)
        )
        runs = arguments.seeds * len(MODELS)
        print(f"{runs} runs of {arguments.steps} steps, two at a time\n", flush=True)
        print("| way | seconds | seconds a run |\n| --- | ---: | ---: |", flush=True)
        scores = []
        for way in arguments.ways.split(","):
            out = Path(folder, way)
            start = time.monotonic()
            if way == "loop":
                loop(out, images, arguments.steps, arguments.seeds)
            else:
                flags = ["--ray"] if way == "ray" else ["--jobs=2"]
                sweep = [
                    sys.executable,
                    "-m",
                    "vaezoo",
                    "sweep",
                    f"--study={study}",
                    f"--out={out}",
                    "--cores=1",
                    *flags,
                ]
                subprocess.run(sweep, check=True, cwd=ROOT, env=ENVIRONMENT, capture_output=True)
            seconds = time.monotonic() - start
            print(f"| {way} | {seconds:.0f} | {seconds / runs:.1f} |", flush=True)
            scores.append(scores_below(out))
    equal = all(len(one) == runs and one == scores[0] for one in scores)
    print(f"\nThe scores are {'equal' if equal else 'NOT equal'}.")
    sys.exit(not equal)


def loop(out: Path, images: Path, steps: int, seeds: int) -> None:
    """Does by two commands a run, two runs at a time, what a sweep does."""
    program, lines = f"{shlex.quote(sys.executable)} -m vaezoo", []
    for name, (model, setting) in MODELS.items():
        for seed in range(seeds):
            run = out / f"{name}_{seed}"
            flags = [f"--model={model}", f"--dataset={images}", "--set", setting, "--set", f"network={NETWORK}"]
            flags += ["--set", "latents={'gaussian': 4}", f"--steps={steps}", "--batch_size=16", f"--seed={seed}"]
            flags += [f"--workdir={run}", "--jit_compile=off", "--noexport", "--nofigures"]
            train = f"{program} train {shlex.join(flags)}"
            lines.append(f"{train} && {program} evaluate --run={run} --metrics=active_units")
    command = ["xargs", "-P", "2", "-d", "\n", "-I", "{}", "sh", "-c", "{}"]
    environment = {**ENVIRONMENT, **ONE_CORE}
    subprocess.run(
        command, input="\n".join(lines), text=True, check=True, cwd=ROOT, env=environment, capture_output=True
    )


def scores_below(folder: Path) -> list[str]:
    """Returns the scores of all runs, sorted."""
    files = folder.rglob("scores.json")
    return sorted(json.dumps(json.loads(file.read_text())["scores"], sort_keys=True) for file in files)


if __name__ == "__main__":
    main()
