"""Faults against training: kills, damaged files, full disks, turned clocks, races.

python benchmarks/faults.py                  all of them, in turn: 224
python benchmarks/faults.py --short          one of each kind
python benchmarks/faults.py --models=imae    those of some families, so that several processes share the work

Every fault is done to a real process that runs train_main.py on small images. Then the same command is repeated. What
can become of it:

    survived   the repeated command ends with the bits of an undisturbed run: state, metrics.csv, one whole version
    refused    one line says what is wrong, nothing changes, and once that is undone the run ends with the same bits
    lost       anything else

The processes are forks of this one, which has imported TensorFlow and computed nothing: that saves the import.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fault_case import COMMON, FAMILIES, ROOT, Case  # noqa: E402

# The faults. Each is done to a case and returns "survived", "refused" or what was lost.


def killed(case: Case, number: int = signal.SIGKILL, times: int = 1) -> str:
    """A signal at a random moment between the start and the end, once or several times in a row."""
    for _ in range(times):
        process = case.start()
        time.sleep(case.rng.uniform(0.02, 1.0) * case.campaign.seconds[case.family])
        process.kill(number)
        ended = process.wait()
        if number != signal.SIGKILL and "Traceback" in ended.output:
            return f"traceback: {ended.output[-500:]}"
    return case.survives()


def interrupted_twice(case: Case) -> str:
    """SIGINT at a random moment, and again at once."""
    process = case.start()
    time.sleep(case.rng.uniform(0.02, 1.0) * case.campaign.seconds[case.family])
    process.kill(signal.SIGINT)
    time.sleep(0.05)
    process.kill(signal.SIGINT)
    ended = process.wait()
    return f"traceback: {ended.output[-500:]}" if "Traceback" in ended.output else case.survives()


def interrupted_import(case: Case) -> str:
    """SIGINT while a new interpreter imports TensorFlow."""
    command = [sys.executable, str(ROOT / "train_main.py"), *FAMILIES[case.family], *COMMON]
    places = [f"--dataset={case.data}", f"--workdir={case.run}", f"--export_dir={case.exports}"]
    with subprocess.Popen([*command, *places], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        time.sleep(case.rng.uniform(0.3, 1.5))
        process.send_signal(signal.SIGINT)
        output = process.communicate()[0]
    if process.returncode != 128 + signal.SIGINT or "Traceback" in output:
        return f"exit code {process.returncode}: {output[-500:]}"
    return case.survives()


def killed_while_writing(case: Case) -> str:
    """SIGKILL at a moment when a checkpoint is being written."""
    process = case.start()
    checkpoints, nth, seen = case.run / "checkpoints", int(case.rng.integers(1, 4)), set()
    while process.poll() and len(seen) < nth:
        with contextlib.suppress(OSError):
            seen |= {path.name for path in checkpoints.iterdir() if path.name.startswith(".writing-")}
    time.sleep(case.rng.uniform(0, 0.01))
    process.kill()
    process.wait()
    return case.survives()


def damage(path: Path, rng: np.random.Generator) -> None:
    """Flips a bit of a file, cuts it, empties it, fills it with garbage, or deletes it."""
    content = bytearray(path.read_bytes())
    match rng.integers(5):
        case 0:
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        case 1:
            content = content[: rng.integers(len(content))]
        case 2:
            content = b""
        case 3:
            content = rng.bytes(len(content))
        case 4:
            path.unlink()
            return
    path.write_bytes(content)


def damaged_newest(case: Case) -> str:
    """One file of the newest checkpoint is damaged."""
    case.half()
    damage(case.rng.choice(sorted(case.newest().iterdir())), case.rng)
    return case.survives()


def damaged_all(case: Case) -> str:
    """A file of every checkpoint is damaged: refused; a copy of one of them goes on."""
    case.half()
    keep = case.folder / "copy"
    shutil.copytree(case.newest(), keep)
    for state in (case.run / "checkpoints").glob("[0-9]*/state.npz"):
        damage(state, case.rng)

    def undo():
        shutil.rmtree(case.newest())
        shutil.move(keep, case.run / "checkpoints" / "18")

    return case.refused(undo, words="No checkpoint is whole")


def damaged_log(case: Case) -> str:
    """metrics.csv or config.json is damaged."""
    case.half()
    damage(case.run / str(case.rng.choice(["metrics.csv", "config.json"])), case.rng)
    return case.survives()


def damaged_note(case: Case) -> str:
    """export.json is damaged: refused until it is deleted."""
    case.half()
    (case.run / "export.json").write_text('{"saved_model": ')
    return case.refused((case.run / "export.json").unlink, words="export.json is damaged")


def limited_files(case: Case) -> str:
    """No file may grow beyond a limit (ulimit -f): writes fail with EFBIG."""
    limit = int(case.rng.choice([200, 2_000, 20_000, 100_000]))
    ended = case.start(prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))).wait()
    if ended.code < 0 or "Traceback" in ended.output:
        return f"exit code {ended.code}: {ended.output[-500:]}"
    return case.survives()


def full_disk(case: Case) -> str:
    """The disk is full at some moment (a small tmpfs), and is larger when the command is repeated."""
    size = int(case.campaign.sizes[case.family] * case.rng.uniform(0.1, 1.2))
    case.run.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size // 4096 * 4096}", "tmpfs", str(case.run)], check=True)
    try:
        ended = case.start().wait()
        if ended.code < 0 or "Traceback" in ended.output:
            return f"exit code {ended.code}: {ended.output[-500:]}"
        subprocess.run(["mount", "-o", "remount,size=1g", str(case.run)], check=True)
        return case.survives()
    finally:
        subprocess.run(["umount", str(case.run)], check=True)


def turned_clock(case: Case) -> str:
    """The clock goes back or forth between the start and the repetition, and the files' times with it."""
    process = case.start()
    time.sleep(case.rng.uniform(0.3, 0.9) * case.campaign.seconds[case.family])
    process.kill()
    process.wait()
    days = float(case.rng.choice([-400, -1, 1, 4000]))
    for path in [case.run, *case.run.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (time.time() + 86400 * days,) * 2)
    now, offset = time.time, -86400 * days
    ended = case.start(prepare=lambda: setattr(time, "time", lambda: now() + offset)).wait()
    return (case.difference() or "survived") if ended.code == 0 else ended.output[-500:]


def raced(case: Case) -> str:
    """The same command twice at once: one runs, the other is refused and says who runs."""
    processes = [case.start(), case.start()]
    ended = [process.wait() for process in processes]
    losers = [e for e in ended if e.code != 0]
    if any("in use by process" not in e.output or not e.said_in_a_line for e in losers) or len(losers) > 1:
        return f"{[e.code for e in ended]}: {[e.output[-300:] for e in ended]}"
    if len(list(case.exports.glob("[0-9]*"))) != 1:
        return "both exported"
    return case.difference() or "survived"


def changed_data(case: Case) -> str:
    """The images have changed when the command is repeated: refused."""
    case.half()
    original = case.data
    case.data = case.folder / "images.npz"
    np.savez(case.data, images=255 - np.load(original)["images"])
    return case.refused(lambda: setattr(case, "data", original), words="data: ")


def in_the_way(case: Case) -> str:
    """A file is where the export folder should be: refused before training."""
    case.exports.write_text("")
    return case.refused(case.exports.unlink, words="is no folder")


FAULTS = {  # kind: (the fault, how often for each family in the whole campaign)
    "SIGKILL at a random moment": (killed, 10),
    "SIGKILL three times in a row": (lambda case: killed(case, times=3), 3),
    "SIGKILL while a checkpoint is written": (killed_while_writing, 5),
    "SIGTERM at a random moment": (lambda case: killed(case, signal.SIGTERM), 4),
    "SIGINT twice": (interrupted_twice, 3),
    "SIGINT during import": (interrupted_import, 1),
    "newest checkpoint damaged": (damaged_newest, 8),
    "every checkpoint damaged": (damaged_all, 2),
    "metrics.csv or config.json damaged": (damaged_log, 4),
    "export.json damaged": (damaged_note, 1),
    "file size limited": (limited_files, 4),
    "disk full": (full_disk, 3),
    "clock turned": (turned_clock, 3),
    "two processes at once": (raced, 3),
    "data changed": (changed_data, 1),
    "a file in the export folder's place": (in_the_way, 1),
}


EXPORTS = (killed, interrupted_twice, damaged_note, limited_files, full_disk, raced, in_the_way)
"""Faults that can hit the export. In the short campaign, the others are done to runs without one."""


class Campaign:
    """The references of every family, and the faults against them.

    Args:
        folder: of the data, the references and the cases.
        families: names in FAMILIES.
        short: whether no figure is drawn, and exported only where `EXPORTS` says so.
    """

    def __init__(self, folder: Path, families: list[str], short: bool):
        self.folder, self.short = folder, short
        self.data = folder / "images.npz"
        np.savez(self.data, images=np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8))
        self.references, self.halves, self.seconds, self.sizes = {}, {}, {}, {}
        for family in families:
            case = Case(self, family, np.random.default_rng(0), self.flags(killed))
            started = time.monotonic()
            ended = case.start().wait()
            if ended.code:
                sys.exit(f"{family} does not run at all: {ended.output}")
            self.references[family], self.seconds[family] = case.run, time.monotonic() - started
            self.sizes[family] = sum(path.stat().st_size for path in case.run.rglob("*") if path.is_file())
            other = Case(self, family, np.random.default_rng(0), self.flags(killed))
            process = other.start()
            while process.poll() and not (other.run / "checkpoints" / "18").exists():
                time.sleep(0.001)
            process.kill()
            process.wait()
            self.halves[family] = other.run

    def flags(self, fault: Callable[[Case], str]) -> tuple[str, ...]:
        """Of train_main.py, for a run that a fault is done to."""
        if not self.short:
            return ()
        return ("--nofigures",) if fault in EXPORTS else ("--nofigures", "--noexport")

    def run(self, planned: list[tuple[str, str, int]], seed: int) -> list[dict]:
        """Does the planned faults, (kind, family, number), and prints each as it ends."""
        done = []
        for kind, family, n in planned:
            seeds = [seed, list(FAULTS).index(kind), list(FAMILIES).index(family), n]
            fault = FAULTS[kind][0]
            case = Case(self, family, np.random.default_rng(seeds), self.flags(fault))
            outcome = fault(case)
            done.append({"kind": kind, "family": family, "outcome": outcome})
            print(f"{kind} | {family} | {outcome}", flush=True)
            if outcome in ("survived", "refused"):
                shutil.rmtree(case.folder)
        return done


def plan(short: bool) -> list[tuple[str, str, int]]:
    """All faults to all families, as often as `FAULTS` says; or one of each kind, to two families in turn.

    Where this user cannot mount a tmpfs, no disk is filled.
    """
    kinds = {kind: often for kind, (fault, often) in FAULTS.items() if fault is not full_disk or can_mount()}
    if short:
        return [(kind, list(FAMILIES)[i % 2], 0) for i, kind in enumerate(kinds)]
    return [(kind, family, n) for kind, often in kinds.items() for family in FAMILIES for n in range(often)]


def can_mount() -> bool:
    """Whether this user may mount a tmpfs, as `full_disk` does."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(OSError):
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True).returncode == 0:
            return subprocess.run(["umount", folder], capture_output=True).returncode == 0
    return False


def table(done: list[dict], by: str) -> str:
    """tried, survived, refused and lost, as Markdown."""
    lines = [f"| {by} | tried | survived | refused | lost |", "| --- | --- | --- | --- | --- |"]
    for name in [*dict.fromkeys(row[by] for row in done), "all"]:
        outcomes = [row["outcome"] for row in done if name in (row[by], "all")]
        counts = [outcomes.count("survived"), outcomes.count("refused")]
        lines.append(f"| {name} | {len(outcomes)} | {counts[0]} | {counts[1]} | {len(outcomes) - sum(counts)} |")
    return "\n".join(lines)


def main() -> int:
    """Prints both tables; the exit code is 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="one fault of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", default="", help="only the families of these models, as nonsyn,imae")
    parser.add_argument("--after", default="", help="only the kinds after this one, to go on with a campaign")
    arguments = parser.parse_args()
    models = tuple(filter(None, arguments.models.split(",")))
    kinds = list(FAULTS)[1 + list(FAULTS).index(arguments.after) if arguments.after else 0 :]
    planned = [
        fault for fault in plan(arguments.short) if fault[0] in kinds and (not models or fault[1].startswith(models))
    ]
    with tempfile.TemporaryDirectory() as folder:
        families = list(dict.fromkeys(family for _, family, _ in planned))
        done = Campaign(Path(folder), families, arguments.short).run(planned, arguments.seed)
    print(table(done, "kind"), table(done, "family"), sep="\n\n")
    return int(any(row["outcome"] not in ("survived", "refused") for row in done))


if __name__ == "__main__":
    sys.exit(main())
