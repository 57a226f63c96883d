"""Leases: one holder at a time, whoever comes first; the dead and the late lose theirs."""

import json
import multiprocessing
import os
import signal
import threading
import time

import pytest

from vaezoo.sweep import lease as module
from vaezoo.sweep.lease import Lease, is_leased, lease_files, newest_number


def test_one_of_two_workers_has_it(tmp_path):
    first = Lease.acquire(tmp_path)
    assert first is not None and is_leased(tmp_path)
    assert Lease.acquire(tmp_path) is None
    first.release()
    assert not is_leased(tmp_path)
    second = Lease.acquire(tmp_path)
    assert second is not None and not first.renew() and second.renew()
    assert [file.name for file in lease_files(tmp_path)] == [".lease-2"]  # older ones are removed


def test_of_many_at_once_exactly_one_has_it(tmp_path):
    for _ in range(20):
        barrier, taken = threading.Barrier(8), []

        def take(barrier=barrier, taken=taken):
            barrier.wait()
            taken.append(Lease.acquire(tmp_path))

        threads = [threading.Thread(target=take) for _ in range(8)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        holders = [lease for lease in taken if lease]
        assert len(holders) == 1
        holders[0].release()
    assert newest_number(tmp_path) == 20


def test_an_expired_lease_is_taken_over_and_its_holder_notices(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "machine", lambda: "another machine")
    first = Lease.acquire(tmp_path, seconds=0.3)
    monkeypatch.undo()
    assert Lease.acquire(tmp_path, seconds=0.3) is None  # who knows whether that process lives
    time.sleep(0.35)
    second = Lease.acquire(tmp_path, seconds=60)
    assert second is not None
    assert first.is_lost() and not first.renew()
    first.release()
    assert is_leased(tmp_path)  # of another
    assert not list(tmp_path.glob("*.new"))


def test_a_heartbeat_keeps_it_and_reports_its_loss(tmp_path):
    lease, lost = Lease.acquire(tmp_path, seconds=0.4), threading.Event()
    with lease.held(lost=lost.set):
        time.sleep(0.8)
        assert is_leased(tmp_path) and not lost.is_set()
        (tmp_path / ".lease-2").write_text("{}")  # another worker has taken it
        assert lost.wait(2)
    assert (tmp_path / ".lease-2").read_text() == "{}"


def hold_and_wait(folder):
    assert Lease.acquire(folder)
    (folder / "ready").touch()
    time.sleep(60)


def test_a_killed_holder_on_this_machine_loses_it_at_once(tmp_path):
    process = multiprocessing.get_context("fork").Process(target=hold_and_wait, args=(tmp_path,))
    process.start()
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    assert is_leased(tmp_path) and Lease.acquire(tmp_path) is None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not is_leased(tmp_path)
    assert Lease.acquire(tmp_path) is not None


def test_the_number_of_a_dead_process_that_another_one_has_now(tmp_path):
    Lease.acquire(tmp_path)
    file = tmp_path / ".lease-1"
    content = json.loads(file.read_text())
    content["holder"]["started"] = "1"
    file.write_text(json.dumps(content))
    assert not is_leased(tmp_path)


def test_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    assert Lease.acquire(tmp_path) is not None and Lease.acquire(tmp_path) is None
    other = tmp_path / "other"
    other.mkdir()
    (other / ".lease-1").touch()  # created, but not yet written
    assert Lease.acquire(other) is None
    os.utime(other / ".lease-1", (0, 0))
    assert Lease.acquire(other) is not None


@pytest.mark.parametrize("failing", [True, False])
def test_a_file_system_that_fails_for_a_while(tmp_path, monkeypatch, failing):
    lease = Lease.acquire(tmp_path, seconds=60)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("for now")))
    if failing:
        lease.until = time.time() - 1
    assert lease.renew() is not failing
