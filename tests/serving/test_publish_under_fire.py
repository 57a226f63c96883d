"""A reader never loads a partial version while publishers run, prune and are killed."""

import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
from c_session import Session
from small import small_model

from vaezoo.serving import export
from vaezoo.serving import publish as module
from vaezoo.serving.publish import versions
from vaezoo.serving.staging import file_lock

WRITER = """
    import pathlib, runpy, shutil, sys, time, types
    for name, level in {"vaezoo": 1, "vaezoo.serving": 0}.items():  # without TensorFlow, which takes seconds to import
        package = sys.modules[name] = types.ModuleType(name)
        package.__path__ = [str(pathlib.Path(sys.argv[1]).parents[level])]
    publishing = runpy.run_path(sys.argv[1])["publishing"]
    while True:
        with publishing(sys.argv[2], keep=30) as publication:
            for part in sys.argv[4:]:
                target = publication.staging_dir / part
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(f"{sys.argv[3]}/{part}", target)
                time.sleep(0.002)
        time.sleep(0.02)
"""


def abandoned(lock):
    """Returns whether a lock file is unlocked, because its publisher was killed."""
    with file_lock(lock) as acquired:
        return acquired


def test_publishing_under_fire(images, tmp_path):
    """Two writers publish 50 versions and prune, one is killed at random moments, while this reader loads."""
    model, folder, rng = small_model("vae"), tmp_path / "served", np.random.default_rng(0)
    source, expected = export(model, tmp_path / "source"), model.encode(images).mu
    parts = [str(file.relative_to(source)) for file in source.rglob("*") if file.is_file()]
    folder.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(WRITER), module.__file__, str(folder), str(source), *parts]

    def start():
        return subprocess.Popen(command), time.monotonic() + rng.uniform(0.05, 0.3)

    steady, (victim, doom) = subprocess.Popen(command), start()
    loads = kills = hits = 0
    try:
        while max(versions(folder), default=0) < 50 or kills < 5 or hits < 2 or loads < 20:
            assert steady.poll() is None
            if time.monotonic() > doom:
                victim.send_signal(signal.SIGKILL)
                kills += victim.wait() == -signal.SIGKILL
                hits += any(child.suffix == ".lock" and abandoned(child) for child in folder.glob(".writing-*"))
                victim, doom = start()
            for version in versions(folder)[-2:]:
                session = Session(folder / str(version))
                loads += 1
                np.testing.assert_allclose(session("encode", image=images)["mean"], expected, atol=1e-5)
                session.close()
    finally:
        for process in (steady, victim):
            process.kill()
            process.wait()
    with module.publishing(folder, keep=30) as publication:  # the next publisher cleans up
        (publication.staging_dir / "model").write_text("x")
    left = versions(folder)
    assert sorted(child.name for child in folder.iterdir()) == sorted(map(str, left))
    assert left == list(range(left[-1] - 29, left[-1] + 1))  # also where a publisher was killed before it pruned
    for version in versions(folder)[:-1]:
        written = [file for file in (folder / str(version)).rglob("*") if file.is_file()]
        assert sorted(str(file.relative_to(folder / str(version))) for file in written) == sorted(parts)
