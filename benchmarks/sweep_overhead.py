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

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.ray_sweep import write_study  # noqa: E402
from vaezoo.sweep import Study, load_study  # noqa: E402
from vaezoo.sweep.worker import thread_environment  # noqa: E402

VAEZOO = [sys.executable, "-m", "vaezoo"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def main() -> None:
    """Times every way and prints a table; the exit code is 1 where scores differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="seeds of each of four models")
    parser.add_argument("--steps", type=int, default=50, help="training steps of each run")
    parser.add_argument("--ways", default="loop,jobs,ray", help="of loop, jobs and ray")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweep_overhead-") as name:
        folder = Path(name)
        settings = {"metrics": ["active_units"], "checkpoint_every": 1000}
        file = write_study(folder, steps=arguments.steps, seeds=arguments.seeds, **settings)
        study = load_study(str(file))
        print(f"{len(study.runs)} runs of {arguments.steps} steps, two at a time\n", flush=True)
        print("| way | seconds | seconds a run |\n| --- | ---: | ---: |", flush=True)
        scores = []
        for way in arguments.ways.split(","):
            start = time.monotonic()
            if way == "loop":
                loop(study, folder / way)
            else:
                flags = [f"--study={file}", f"--out={folder / way}", "--cores=1"]
                flags.append("--ray" if way == "ray" else "--jobs=2")
                subprocess.run([*VAEZOO, "sweep", *flags], check=True, cwd=ROOT, env=ENVIRONMENT, capture_output=True)
            seconds = time.monotonic() - start
            print(f"| {way} | {seconds:.0f} | {seconds / len(study.runs):.1f} |", flush=True)
            scores.append({run.name: scores_of(folder / way / run.name) for run in study.runs})
    equal = all(one == scores[0] for one in scores)
    print(f"\nThe scores are {'equal' if equal else 'NOT equal'}.")
    sys.exit(not equal)


def loop(study: Study, out: Path) -> None:
    """Does by two commands a run, two runs at a time, what a sweep does."""
    lines = []
    for run in study.runs:
        folder = out / run.name
        evaluate = ["evaluate", f"--run={folder}", "--metrics=active_units"]
        both = ([*VAEZOO, *arguments] for arguments in (["train", *run.train_arguments(folder)], evaluate))
        lines.append(" && ".join(map(shlex.join, both)))
    command = ["xargs", "-P", "2", "-d", "\n", "-I", "{}", "sh", "-c", "{}"]
    environment = {**ENVIRONMENT, **thread_environment(1)}
    subprocess.run(
        command, input="\n".join(lines), text=True, check=True, cwd=ROOT, env=environment, capture_output=True
    )


def scores_of(run: Path) -> dict:
    """Returns the scores of a run."""
    return json.loads((run / "scores.json").read_text())["scores"]


if __name__ == "__main__":
    main()
