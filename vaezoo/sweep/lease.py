"""Leases on run folders, so that one worker at a time has a run, on shared file systems too.

A lease is a file `.lease-<n>` in the run's folder: who holds it, and until when. The greatest n counts. To take a free
or expired lease n, a worker creates n + 1 by a hard link, which exactly one of several workers can do; so nobody
removes the lease of another. Clocks of machines that share the folder may differ by less than the lease's length.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PREFIX = ".lease-"
SECONDS = 120.0  # length of a lease; it is renewed four times as often


class Lease:
    """A lease that this process holds. `Lease.acquire` creates it.

    Args:
        file: `.lease-<n>`.
        seconds: for which each renewal holds.
        token: unique to this lease.
    """

    def __init__(self, file: Path, seconds: float, token: str):
        self.file, self.seconds, self.token, self.until = file, seconds, token, 0.0

    @classmethod
    def acquire(cls, folder: Path, seconds: float = SECONDS) -> Lease | None:
        """Takes the lease of a folder, which is created if it does not exist.

        Args:
            folder: of a run.
            seconds: length of the lease.

        Returns:
            The lease; None if another worker holds it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        number = newest_number(folder)
        if number and is_held(folder / f"{PREFIX}{number}", seconds):
            return None
        lease = cls(folder / f"{PREFIX}{number + 1}", seconds, uuid.uuid4().hex)
        if not lease.create():
            return None
        for old in lease_files(folder):
            if number_of(old) <= number:
                old.unlink(missing_ok=True)
        return lease

    def content(self, until: float) -> str:
        """Returns the content of the file."""
        return json.dumps({"holder": this_process(), "until": until, "token": self.token}) + "\n"

    def create(self) -> bool:
        """Creates the file with its content in one step; returns whether no other worker did before."""
        until = time.time() + self.seconds
        staging = self.file.with_name(f"{PREFIX}{self.token}.new")
        staging.write_text(self.content(until))
        try:
            os.link(staging, self.file)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links: for a moment the file is empty, which counts as held
            try:
                handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                return False
            with os.fdopen(handle, "w") as file:
                file.write(self.content(until))
        finally:
            staging.unlink(missing_ok=True)
        self.until = until
        return True

    def write(self, until: float) -> None:
        """Replaces the content of the file."""
        staging = self.file.with_name(f"{PREFIX}{self.token}.new")
        staging.write_text(self.content(until))
        os.replace(staging, self.file)
        self.until = until

    def renew(self) -> bool:
        """Extends the lease by its length from now; returns whether it is still held by this process."""
        if self.is_lost():
            return False
        try:
            self.write(time.time() + self.seconds)
        except OSError:  # the file system fails for now: the lease holds until it expires
            return time.time() < self.until
        return not self.is_lost()

    def is_lost(self) -> bool:
        """Returns whether another worker has taken the lease, or its file is gone."""
        return newest_number(self.file.parent) != number_of(self.file)

    def release(self) -> None:
        """Marks the lease as free. The file stays, so that numbers only rise."""
        if not self.is_lost():
            with contextlib.suppress(OSError):
                self.write(0.0)

    @contextlib.contextmanager
    def held(self, lost: Callable[[], Any]) -> Iterator[Lease]:
        """Renews the lease from a thread while the block runs, and releases it at the end.

        Args:
            lost: called by that thread if the lease is lost. It should end the process, which must no longer write.

        Yields:
            The lease.
        """
        ended = threading.Event()

        def heartbeat() -> None:
            while not ended.wait(self.seconds / 4):
                if not self.renew():
                    lost()
                    return

        thread = threading.Thread(target=heartbeat, name="lease", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join()
            self.release()


def lease_files(folder: Path) -> list[Path]:
    """Returns the lease files of a folder."""
    return [file for file in folder.glob(f"{PREFIX}*") if file.name.removeprefix(PREFIX).isdigit()]


def number_of(file: Path) -> int:
    """Returns the number of a lease file."""
    return int(file.name.removeprefix(PREFIX))


def newest_number(folder: Path) -> int:
    """Returns the greatest number of a folder's lease files; 0 if there is none."""
    return max(map(number_of, lease_files(folder)), default=0)


def is_held(file: Path, seconds: float = SECONDS) -> bool:
    """Returns whether a lease has not expired, and its holder is not known to be dead.

    Args:
        file: the newest lease file of a folder.
        seconds: for which a file without content counts as held.
    """
    try:
        text = file.read_text()
    except OSError:  # replaced by a newer one, which another worker has just created
        return True
    try:
        lease = json.loads(text)
        until, holder = float(lease["until"]), dict(lease["holder"])
    except (ValueError, KeyError, TypeError):
        with contextlib.suppress(OSError):
            return time.time() < file.stat().st_mtime + seconds
        return True
    return time.time() < until and not is_dead(holder)


def is_leased(folder: Path) -> bool:
    """Returns whether a worker holds the lease of a run's folder."""
    number = newest_number(folder)
    return bool(number) and is_held(folder / f"{PREFIX}{number}")


def this_process() -> dict[str, Any]:
    """Describes this process: its machine and namespace of process ids, its id, and when it started."""
    return {"machine": machine(), "pid": os.getpid(), "started": start_time(os.getpid())}


def machine() -> str:
    """Returns a name that two processes share if one can look up the other's process id."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def start_time(pid: int) -> str | None:
    """Returns when a process started, in ticks since boot; None if there is no such process, "" if unknown."""
    if not Path("/proc/self/stat").exists():
        return ""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]


def is_dead(holder: dict[str, Any]) -> bool:
    """Returns whether the holder of a lease was a process of this machine that has ended."""
    if holder.get("machine") != machine() or not holder.get("started"):
        return False
    return start_time(int(holder.get("pid", 0))) != holder["started"]
