"""A run of train_main.py in a process that a fault can be done to, and what is expected of it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from vaezoo.cli.main import stop  # noqa: E402
from vaezoo.cli.startup import set_environment  # noqa: E402

set_environment()

from absl import app  # noqa: E402

from vaezoo.cli import train  # noqa: E402
from vaezoo.models import factor_vae  # noqa: E402
from vaezoo.networks import discriminator  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.faults import Campaign

NETWORK = "{'kind': 'mlp', 'encoder': {'hidden': (16,), 'batch_norm': True}, 'decoder': {'hidden': (16,)}}"
COMMON = ["--set", f"network={NETWORK}", "--steps=24", "--batch_size=8", "--checkpoint_every=6", "--log_every=4"]
# The paper's discriminator has 5 million weights, which would be most of every checkpoint.
factor_vae.build_discriminator = functools.partial(discriminator, width=16, depth=2)
HYBRID = "latents={'gaussian': 3, 'categorical': (3,)}"
FAMILIES = {
    "nonsyn, 2 steps an execution": ["--model=nonsyn", "--steps_per_execution=2", "--jit_compile=off"],
    "factor_vae, two optimizers": ["--model=factor_vae", "--jit_compile=off"],
    "imae, VAT": ["--model=imae", "--set", HYBRID, "--jit_compile=off"],
    "beta_vae, XLA": ["--model=beta_vae", "--jit_compile=on"],
}


@dataclasses.dataclass
class Ended:
    """A process that ended.

    Args:
        code: its exit code, or minus the number of the signal that ended it.
        output: all that it printed.
    """

    code: int
    output: str

    @property
    def said_in_a_line(self) -> bool:
        """Whether it failed and said so without a traceback."""
        return self.code not in (0, None) and "Traceback" not in self.output and "train_main.py: " in self.output


class Process:
    """A fork that runs train_main.py.

    Args:
        folder: where its log is written.
        flags: of train_main.py.
        prepare: called in the fork first.
    """

    def __init__(self, folder: Path, flags: list[str], prepare: Callable[[], None] = lambda: None):
        self.log = folder / f"log.{time.monotonic_ns()}"
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                with self.log.open("w") as log:
                    os.dup2(log.fileno(), 1), os.dup2(log.fileno(), 2)
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, stop)
                prepare()
                app.run(train.main, ["train_main.py", *flags])
            except SystemExit as stopped:
                code = stopped.code if isinstance(stopped.code, int) else bool(stopped.code)
                if isinstance(stopped.code, str):
                    print(stopped.code, file=sys.stderr)
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stdout.flush(), sys.stderr.flush()
                os._exit(code)

    def poll(self) -> bool:
        """Whether it still runs."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def wait(self) -> Ended:
        """Waits for its end."""
        _, status = os.waitpid(self.pid, 0)
        return Ended(os.waitstatus_to_exitcode(status), self.log.read_text(errors="replace"))

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal, where there is still something to send it to."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Case:
    """One fault: a folder of its own, with the run and the export folder below it.

    Args:
        campaign: gives the data and the folder in which that of the case is made.
        family: a name in FAMILIES.
        rng: of the fault.
        flags: of train_main.py, beside the family's.
    """

    def __init__(self, campaign: Campaign, family: str, rng: np.random.Generator, flags: tuple[str, ...] = ()):
        self.campaign, self.family, self.rng, self.flags = campaign, family, rng, flags
        self.folder = Path(tempfile.mkdtemp(dir=campaign.folder))
        self.run, self.exports, self.data = self.folder / "run", self.folder / "exports", campaign.data

    def start(self, *more: str, prepare: Callable[[], None] = lambda: None) -> Process:
        """The family's command, in this folder."""
        places = [f"--dataset={self.data}", f"--workdir={self.run}", f"--export_dir={self.exports}"]
        return Process(self.folder, [*FAMILIES[self.family], *COMMON, *self.flags, *places, *more], prepare)

    def half(self) -> None:
        """Puts a run here that was killed after step 18."""
        shutil.copytree(self.campaign.halves[self.family], self.run)

    def newest(self) -> Path:
        """Its newest checkpoint."""
        return max((self.run / "checkpoints").glob("[0-9]*"), key=lambda path: int(path.name))

    def survives(self) -> str:
        """Repeats the command: "survived" if all is as after an undisturbed run, else what is not."""
        ended = self.start().wait()
        if ended.code != 0:
            return f"exit code {ended.code}: {ended.output[-500:]}"
        return self.difference() or "survived"

    def difference(self) -> str:
        """What differs from an undisturbed run; "" for nothing."""
        one, other = (final_state(run) for run in (self.campaign.references[self.family], self.run))
        if one.keys() != other.keys() or not all(np.array_equal(one[name], other[name]) for name in one):
            return "other bits"
        if (self.run / "metrics.csv").read_text() != (
            self.campaign.references[self.family] / "metrics.csv"
        ).read_text():
            return "another metrics.csv"
        versions = sorted(self.exports.glob("[0-9]*"))
        exported = "--noexport" not in self.flags
        if bool(versions) != exported or not all((version / "model.json").exists() for version in versions):
            return "no whole version" if exported else "a version that was not asked for"
        litter = [path for path in self.folder.rglob(".*") if path.name != ".lock"]
        return f"litter: {litter}" if litter else ""

    def refused(self, undo: Callable[[], object], *more: str, words: str = "") -> str:
        """Expects the command to be refused with nothing changed, and to go on when what is wrong is undone."""
        before = contents(self.folder)
        ended = self.start(*more).wait()
        if not ended.said_in_a_line or words not in ended.output:
            return f"exit code {ended.code}, not refused with {words!r}: {ended.output[-500:]}"
        if contents(self.folder) != before:
            return "refused, but files changed"
        undo()
        end = self.survives()
        return "refused" if end == "survived" else end


def final_state(run: Path) -> dict[str, np.ndarray]:
    """The arrays of the checkpoint of step 24."""
    with np.load(run / "checkpoints" / "24" / "state.npz") as state:
        return dict(state)


def contents(folder: Path) -> dict[str, str]:
    """Hashes of all files but locks and logs."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock" and "log." not in path.name]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
