"""A sweep on a Ray cluster of three nodes that loses a node and its driver, against the same sweep on --jobs=1.

    python benchmarks/ray_sweep.py --seeds=3 --steps=800

The nodes are processes of this machine (`ray.cluster_utils.Cluster`). In mid-sweep one node is killed; later the driver
is, with SIGKILL, and the same command is given again. Every scores.json must be that of the undisturbed sweep, byte for
byte. Prints a table, and exits with 1 if one differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from vaezoo.sweep import Study, load_study  # noqa: E402
from vaezoo.sweep.records import DONE, last_step, read_object, state_of  # noqa: E402

STUDY = """
from vaezoo.sweep import Study, chain, product, sweep
NETWORK = {{"kind": "mlp", "encoder": {{"hidden": [32]}}, "decoder": {{"hidden": [32]}}}}
COMMON = {{"dataset": {dataset!r}, "steps": {steps}, "batch_size": 16, "network": NETWORK, "jit_compile": "off"}}
COMMON |= {{"metrics": {metrics!r}, "checkpoint_every": {checkpoint_every}, "latents": {{"gaussian": 4}}}}
BETA_VAE = product([{{"model": "beta_vae"}}], sweep("beta", [1, 4]))
MODELS = chain(BETA_VAE, product([{{"model": "nonsyn"}}], sweep("alpha", [1, 5])))
STUDY = Study("small", product([COMMON], MODELS, sweep("seed", range({seeds}))))
"""


def main() -> None:
    """Runs both sweeps and compares them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each of four models")
    parser.add_argument("--steps", type=int, default=800, help="training steps of each run")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ray_sweep-"))
    settings = {"metrics": ["active_units", "decomposition"], "checkpoint_every": 20}
    file = write_study(folder, steps=arguments.steps, seeds=arguments.seeds, **settings)
    study = load_study(str(file))
    print(f"{len(study.runs)} runs of {arguments.steps} steps in {folder}", flush=True)
    start = time.monotonic()
    finish(command(file, folder / "local", "--jobs=1", "--cores=1"))
    print(f"--jobs=1, undisturbed: {time.monotonic() - start:.0f} s", flush=True)
    start = time.monotonic()
    resumed = sweep_on_cluster(study, file, folder / "ray")
    print(f"Ray, three nodes, a node and the driver killed: {time.monotonic() - start:.0f} s", flush=True)
    differing = compare(study, folder, resumed)
    if not arguments.keep:
        shutil.rmtree(folder)
    sys.exit(1 if differing else 0)


def write_study(folder: Path, **settings: object) -> Path:
    """Writes 256 random images and a study of small models on them, and returns the study's file."""
    images = np.random.default_rng(0).integers(0, 256, (256, 16, 16), dtype=np.uint8)
    np.savez(folder / "images.npz", images=images)
    file = folder / "study.py"
    file.write_text(STUDY.format(dataset=str(folder / "images.npz"), **settings))
    return file


def command(file: Path, out: Path, *flags: str) -> subprocess.Popen:
    """Starts `vaezoo sweep` in a process."""
    program = [sys.executable, "-m", "vaezoo", "sweep", f"--study={file}", f"--out={out}", *flags]
    return subprocess.Popen(program, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def finish(process: subprocess.Popen) -> None:
    """Waits for the end of a process.

    Raises:
        RuntimeError: if it fails.
    """
    if process.wait(timeout=3600):
        raise RuntimeError(f"{process.args} ended with {process.returncode}")


def sweep_on_cluster(study: Study, file: Path, out: Path) -> dict[str, int]:
    """Sweeps on three nodes, kills one of them and the driver, and gives the command again.

    Returns:
        Run -> its step when its node or driver was killed, for the runs that were running then.
    """
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(3)]
    cluster.wait_for_nodes()
    flags = (f"--ray={cluster.address}", "--cores=1", "--lease=30")
    caught: dict[str, int] = {}
    try:
        driver = command(file, out, *flags)
        caught |= wait_for_half_done(study, out, driver, finished=0)
        print(f"killing a node; running: {caught}", flush=True)
        cluster.remove_node(nodes[0], allow_graceful=False)
        more = wait_for_half_done(study, out, driver, finished=len(study.runs) // 3)
        print(f"killing the driver; running: {more}", flush=True)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        finish(command(file, out, *flags))
    finally:
        cluster.shutdown()
    return more | caught


def wait_for_half_done(study: Study, out: Path, driver: subprocess.Popen, finished: int) -> dict[str, int]:
    """Waits until some runs are finished and at least two are in the middle of their training.

    Returns:
        The steps of the running ones.
    """
    deadline = time.monotonic() + 600
    while driver.poll() is None and time.monotonic() < deadline:
        states = {run.name: state_of(out / run.name, run) for run in study.runs}
        steps = {name: last_step(out / name) for name, state in states.items() if state == "running"}
        running = {name: step for name, step in steps.items() if step > 0}
        if len(running) >= 2 and list(states.values()).count("done") >= finished:
            return running
        time.sleep(0.05)
    raise RuntimeError(f"The driver ended with {driver.poll()}, or no two runs were in the middle at once")


def compare(study: Study, folder: Path, caught: dict[str, int]) -> int:
    """Prints a table of the runs, and returns how many scores.json differ."""
    print("| run | step when disturbed | resumed from | scores.json |\n| --- | ---: | ---: | --- |")
    differing = 0
    for run in study.runs:
        ours, theirs = ((folder / engine / run.name / "scores.json").read_bytes() for engine in ("ray", "local"))
        differing += ours != theirs
        resumed = read_object(folder / "ray" / run.name / DONE)["first_step"]
        print(f"| {run.name} | {caught.get(run.name, '')} | {resumed} | {'equal' if ours == theirs else 'DIFFERS'} |")
    print(f"{len(study.runs) - differing} of {len(study.runs)} scores.json are equal, byte for byte.")
    return differing


if __name__ == "__main__":
    main()
