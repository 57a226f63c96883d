"""A sweep in processes: every run once, whatever fails or is killed, and with the bits of an undisturbed one."""

import json
import os
import signal
import time

import numpy as np
import pytest
from tiny_study import OPTIONS, tiny_study, write_images

from vaezoo.sweep import Study, processes, worker
from vaezoo.sweep.engine import execute_locally, share_cores
from vaezoo.sweep.lease import Lease
from vaezoo.sweep.records import last_step, read_object, record_study, recorded_runs, state_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "images.npz")


@pytest.fixture(scope="module")
def swept(dataset, tmp_path_factory):
    """A study of three runs, executed one at a time."""
    study, folder = tiny_study(dataset, seeds=1), tmp_path_factory.mktemp("sweep")
    assert execute_locally(study.runs, folder, jobs=1, options=OPTIONS) == []
    return study, folder


def scores_of(study, folder):
    return {run.name: (folder / run.name / "scores.json").read_bytes() for run in study.runs}


def state_of_weights(folder, step):
    with np.load(folder / "checkpoints" / str(step) / "state.npz") as state:
        return dict(state)


def test_every_run_is_an_ordinary_one_with_scores_and_no_export(swept):
    study, folder = swept
    assert len(study.runs) == 3 and {state_of(folder / run.name, run) for run in study.runs} == {"done"}
    for run in study.runs:
        files = {file.name for file in (folder / run.name).iterdir()}
        assert {"config.json", "checkpoints", "metrics.csv", "model.keras", "scores.json", "sweep.json"} <= files
        assert not {"export.json", "figures", "error.json"} & files
        config = json.loads((folder / run.name / "config.json").read_text())
        assert (config["seed"], config["steps"]) == (run.settings["seed"], 12)
    assert len(set(scores_of(study, folder).values())) == 3
    assert json.loads((folder / "status.json").read_text())["done"] == 3


def test_two_jobs_give_the_scores_of_one_byte_for_byte_and_finished_runs_are_skipped(swept, tmp_path):
    study, folder = swept
    assert execute_locally(study.runs, tmp_path, jobs=2, options=OPTIONS) == []
    assert scores_of(study, tmp_path) == scores_of(study, folder)
    written = {name: (tmp_path / name / "scores.json").stat().st_mtime_ns for name in scores_of(study, tmp_path)}
    assert execute_locally(study.runs, tmp_path, jobs=2, options=OPTIONS) == []
    assert written == {name: (tmp_path / name / "scores.json").stat().st_mtime_ns for name in written}


def test_other_metrics_evaluate_again_without_training(swept, dataset):
    study, folder = swept
    run = tiny_study(dataset, seeds=1, metrics=["active_units"]).runs[0]
    assert run.name == study.runs[0].name and state_of(folder / run.name, run) == "interrupted"
    before = scores_of(study, folder)[run.name]
    assert execute_locally([run], folder, jobs=1, options=OPTIONS) == []
    assert list(read_object(folder / run.name / "scores.json")["scores"]) == ["active_units"]
    assert read_object(folder / run.name / "sweep.json")["first_step"] == 12
    assert execute_locally(study.runs[:1], folder, jobs=1, options=OPTIONS) == []
    assert scores_of(study, folder)[run.name] == before


def test_a_killed_run_is_resumed_with_the_bits_of_an_undisturbed_one(dataset, tmp_path):
    run = tiny_study(dataset, steps=160, seeds=1).runs[0]
    killed, whole = (tmp_path / name for name in ("killed", "whole"))
    process = processes.start(worker.main, run, killed / run.name, OPTIONS, cores=1)
    while last_step(killed / run.name) < 8:
        assert process.is_alive()
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert 8 <= last_step(killed / run.name) < 160 and state_of(killed / run.name, run) == "interrupted"
    for folder in (killed, whole):
        assert execute_locally([run], folder, jobs=1, options=OPTIONS) == []
    assert 0 < read_object(killed / run.name / "sweep.json")["first_step"] < 160
    ours, theirs = (state_of_weights(folder / run.name, 160) for folder in (killed, whole))
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert scores_of(Study("one", [run.settings]), killed) == scores_of(Study("one", [run.settings]), whole)


def test_a_failed_run_is_recorded_and_the_others_go_on(dataset, tmp_path, capfd):
    study = tiny_study(dataset, seeds=1)
    bad = Study("bad", [{**study.settings[0], "beta": -1.0}, study.settings[1]])
    failed = execute_locally(bad.runs, tmp_path, jobs=1, options=OPTIONS)
    assert [run.number for run in failed] == [0]
    assert [state_of(tmp_path / run.name, run) for run in bad.runs] == ["failed", "done"]
    error = read_object(tmp_path / bad.runs[0].name / "error.json")
    assert "`beta` must be a finite number" in error["error"] and error["error"] in capfd.readouterr().err
    assert execute_locally(bad.runs, tmp_path, jobs=1, options=OPTIONS, retry_failed=False) == failed
    again = read_object(tmp_path / bad.runs[0].name / "error.json")
    assert again["time"] == error["time"]
    execute_locally(bad.runs[:1], tmp_path, jobs=1, options=OPTIONS)
    assert read_object(tmp_path / bad.runs[0].name / "error.json")["time"] > error["time"]


def test_a_run_that_another_worker_has_is_waited_for(dataset, tmp_path, capfd):
    run = tiny_study(dataset, seeds=1).runs[2]
    lease = Lease.acquire(tmp_path / run.name)
    assert state_of(tmp_path / run.name, run) == "running"
    process = processes.start(worker.main, run, tmp_path / run.name, OPTIONS, cores=1)
    process.join()
    assert process.exitcode == worker.BUSY and not (tmp_path / run.name / "config.json").exists()
    lease.release()
    assert execute_locally([run], tmp_path, jobs=1, options=OPTIONS) == []
    assert state_of(tmp_path / run.name, run) == "done"


def test_the_record_of_a_study_grows_and_is_of_one_study(dataset, tmp_path):
    record_study(tiny_study(dataset, seeds=1), tmp_path)
    record_study(tiny_study(dataset, seeds=2), tmp_path)
    assert len(recorded_runs(tmp_path)) == 6
    with pytest.raises(ValueError, match="holds the study 'tiny'"):
        record_study(Study("other", [{"model": "vae"}]), tmp_path)
    with pytest.raises(ValueError, match="no valid study.json"):
        recorded_runs(tmp_path / "none")


def test_cores_are_shared_out(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5})
    assert share_cores(2, 2) == [[0, 1], [2, 5]]
    assert share_cores(4, 1) == [[0], [1], [2], [5]]
    assert share_cores(3, 2) == [[], [], []]
