"""`vaezoo sweep` as a person runs it."""

import json

import forked
import pytest
from tiny_study import write_images

pytestmark = pytest.mark.integration
SETTINGS = ["--batch_size=8", "--metrics=active_units", "--cores=1", "--set=latents={'gaussian': 2}"]
SETTINGS += ["--set=network={'kind': 'mlp', 'encoder': {'hidden': [8]}, 'decoder': {'hidden': [8]}}"]


def vaezoo(folder, command, *flags):
    return forked.python("-m", "vaezoo", command, *flags, cwd=folder)


def test_flags_make_a_study_that_is_listed_swept_and_collected(tmp_path):
    grid = ["--models=beta_vae,nonsyn", "--set=beta=1,4", "--steps=4", "--dataset=images.npz", *SETTINGS]
    write_images(tmp_path / "images.npz")
    listed = vaezoo(tmp_path, "sweep", *grid, "--list")
    assert listed.stderr == "nonsyn does not take beta, which is left out\n"
    rows = [line.split() for line in listed.stdout.splitlines()]
    assert [row[:2] for row in rows] == [["0", "waiting"], ["1", "waiting"], ["2", "waiting"]]
    assert not (tmp_path / "runs").exists()
    one = vaezoo(tmp_path, "sweep", *grid, "--index=2")
    assert one.returncode == 0 and "1 of 1 runs are done" in one.stdout, one.stderr
    states = [line.split()[1] for line in vaezoo(tmp_path, "sweep", *grid, "--list").stdout.splitlines()]
    assert states == ["waiting", "waiting", "done"]
    rest = vaezoo(tmp_path, "sweep", *grid, "--set=alpha=-1", "--jobs=2")  # nonsyn refuses it
    assert rest.returncode == 1 and "1 runs failed" in rest.stderr and "nonsyn_alpha=-1" in rest.stderr
    collected = vaezoo(tmp_path, "collect", "runs/sweep")
    assert collected.returncode == 0 and "4 runs: 3 done, 1 failed" in collected.stdout, collected.stderr
    assert json.loads((tmp_path / "runs" / "sweep" / "status.json").read_text())["failed"] == 1
    assert (tmp_path / "runs" / "sweep" / "figures" / "violins.png").exists()


def test_the_cost_of_a_study(tmp_path):
    write_images(tmp_path / "images.npz")
    grid = ["--models=beta_vae,vae", "--set=beta=1,4", "--seeds=3", "--steps=1000", "--dataset=images.npz", *SETTINGS]
    shown = vaezoo(tmp_path, "sweep", *grid, "--dry_run")
    assert shown.returncode == 0, shown.stderr
    _, beta_vae, vae, total, last = (line.split() for line in shown.stdout.splitlines())
    assert beta_vae[:2] == ["6", "6,000"] and vae[:2] == ["3", "3,000"] and total[:2] == ["9", "9,000"]
    assert 0 < float(beta_vae[2]) < 1000 and last[:3] == ["Training", "takes", "about"]
    assert list(tmp_path.iterdir()) == [tmp_path / "images.npz"]


@pytest.mark.parametrize(
    "flags, words",
    [
        ([], "Expected --study=<name or file> or --models=<names>"),
        (["--study=quick", "--models=vae"], "Expected --study"),
        (["--study=quick", "--steps=5", "--seeds=2"], "Received with --study: --seeds, --steps"),
        (["--study=quick", "--index=8"], "--index from 0 to 7. Received: 8"),
        (["--study=quick", "--shard=5/4"], "--shard=k/n"),
        (["--models=vae", "--set=betta=1"], "Unknown name in --set for 'vae' 'betta'"),
        (["--models=vae", "--metrics=migg"], "Did you mean 'mig'"),
    ],
)
def test_what_cannot_be_is_refused(flags, words, tmp_path):
    refused = vaezoo(tmp_path, "sweep", *flags)
    assert refused.returncode == 1 and words in refused.stderr and "Traceback" not in refused.stderr
    assert not list(tmp_path.iterdir())
