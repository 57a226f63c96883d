"""A sweep on Ray gives the scores of local processes; without Ray, the error names the extra."""

import sys
from types import SimpleNamespace

import pytest
from tiny_study import OPTIONS, tiny_study, write_images

from vaezoo.extras import MissingExtraError
from vaezoo.sweep import Study
from vaezoo.sweep.engine import execute_locally
from vaezoo.sweep.ray_engine import execute_on_ray
from vaezoo.sweep.records import state_of


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"vaezoo\[ray\]"):
        execute_on_ray([], tmp_path, options=OPTIONS)


@pytest.mark.parametrize("address, expected", [(None, "local"), ("10.0.0.1:6379", "10.0.0.1:6379")])
def test_without_an_address_no_cluster_is_looked_for(address, expected, tmp_path, monkeypatch):
    class Asked(Exception):
        pass

    def init(*, address, **options):
        raise Asked(address)

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    with pytest.raises(Asked, match=expected):
        execute_on_ray([], tmp_path, address=address, options=OPTIONS)


@pytest.mark.integration
@pytest.mark.slow
def test_scores_are_those_of_local_processes(tmp_path):
    ray = pytest.importorskip("ray")
    study = tiny_study(write_images(tmp_path / "images.npz"), seeds=1)
    runs = Study("tiny", [*study.settings, {**study.settings[0], "beta": -1}]).runs
    ray.init(num_cpus=2, log_to_driver=False)
    try:
        failed = execute_on_ray(runs, tmp_path / "ray", options=OPTIONS)
    finally:
        ray.shutdown()
    assert [run.number for run in failed] == [3]
    assert [state_of(tmp_path / "ray" / run.name, run) for run in runs] == ["done", "done", "done", "failed"]
    execute_locally(runs[:3], tmp_path / "local", jobs=1, options=OPTIONS)
    for run in runs[:3]:
        ours, theirs = (tmp_path / engine / run.name / "scores.json" for engine in ("ray", "local"))
        assert ours.read_bytes() == theirs.read_bytes()
