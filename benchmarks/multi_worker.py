"""Steps a second of one worker and of several, each bound to cores of its own, and the efficiency.

    python benchmarks/multi_worker.py                                   the Non-Syn VAE, 1 and 2 workers of 1 core each
    python benchmarks/multi_worker.py --preset=vae_dsprites --steps=200 --workers=1,2,4
    python benchmarks/multi_worker.py --weak                            a batch that grows with the workers

Each number of workers trains the same model in processes of `vaezoo train --strategy=multi_worker`; one worker is
`--strategy=none`. The global batch is that of the preset, so that all do the same work (strong scaling), or with
--weak that times the number of workers. Start-up is not counted: the time is that between the first row of metrics.csv
and the last. Efficiency is the speed-up divided by the number of workers.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from absl import app, flags

from vaezoo.presets import PRESETS

CASE = Path(__file__).with_name("multi_worker_case.py")
FLAGS = flags.FLAGS
flags.DEFINE_string("preset", "nonsyn_dsprites", "The preset to train.")
flags.DEFINE_list("workers", ["1", "2"], "Numbers of workers.")
flags.DEFINE_integer("cores", 1, "Cores of each worker.")
flags.DEFINE_integer("steps", 60, "Steps that are timed, after as many that are not.")
flags.DEFINE_integer("rounds", 3, "Trainings with each number of workers, in turn.")
flags.DEFINE_bool("weak", False, "Whether the global batch grows with the number of workers.")
flags.DEFINE_string("dataset", None, "Data set. Default: the preset's.")


def main(argv: list[str]) -> None:
    """Prints a row for each number of workers."""
    del argv
    numbers = [int(number) for number in FLAGS.workers]
    rates = {number: [] for number in numbers}
    for _ in range(FLAGS.rounds):
        for number in numbers:
            rates[number].append(rate(number))
    batch, one = PRESETS[FLAGS.preset].batch_size, statistics.median(rates[numbers[0]]) / numbers[0]
    print(f"{FLAGS.preset}, {FLAGS.cores} cores a worker, {FLAGS.steps} steps, {FLAGS.rounds} rounds")
    print("| workers | global batch | steps a second (of each round) | images a second | efficiency |")
    print("| --- | --- | --- | --- | --- |")
    for number, values in rates.items():
        grown = number if FLAGS.weak else 1
        steps = statistics.median(values)
        cells = [number, batch * grown, f"{steps:.2f} ({', '.join(f'{value:.2f}' for value in values)})"]
        cells += [f"{steps * batch * grown:.0f}", f"{steps * grown / (one * number):.2f}"]
        print(f"| {' | '.join(map(str, cells))} |")


def rate(number: int) -> float:
    """Returns the steps a second of a training by a number of workers."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(number)]
    batch = PRESETS[FLAGS.preset].batch_size * (number if FLAGS.weak else 1)
    with tempfile.TemporaryDirectory() as folder:
        processes = [start(Path(folder), index, addresses, batch) for index in range(number)]
        codes = [process.wait() for process in processes]
        if any(codes):
            sys.exit(Path(folder, "worker_0.txt").read_text())
        times = json.loads(Path(folder, "times.json").read_text())
    return FLAGS.steps / (times[str(2 * FLAGS.steps)] - times[str(FLAGS.steps)])


def start(folder: Path, index: int, addresses: list[str], batch: int) -> subprocess.Popen:
    """Starts worker `index`, bound to its cores."""
    cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    environment = {**os.environ, "TF_CONFIG": json.dumps(cluster), "PYTHONPATH": str(Path(__file__).parents[1])}
    cores = f"{index * FLAGS.cores}-{(index + 1) * FLAGS.cores - 1}"
    command = ["taskset", "--cpu-list", cores, sys.executable, str(CASE)]
    command += [f"--preset={FLAGS.preset}", f"--steps={2 * FLAGS.steps}", f"--log_every={FLAGS.steps}"]
    command += [f"--checkpoint_every={2 * FLAGS.steps}", f"--batch_size={batch}", "--jit_compile=off"]
    command += ["--noexport", "--nofigures"]
    command += [f"--strategy={'multi_worker' if len(addresses) > 1 else 'none'}"]
    command += [f"--dataset={FLAGS.dataset}"] if FLAGS.dataset else []
    with (folder / f"worker_{index}.txt").open("w") as output:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)


def free_ports(number: int) -> list[int]:
    """Returns ports of this machine that no process listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


if __name__ == "__main__":
    app.run(main)
