"""`vaezoo list`: the names are those that the other commands take."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from trained_model import TRAINED

import vaezoo
from vaezoo.cli import list as command
from vaezoo.data import sources
from vaezoo.evaluation import figures, registry
from vaezoo.pretrained import places
from vaezoo.pretrained.manifest import format_manifest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shown(tmp_path, capsys, monkeypatch):
    """What is printed where two presets are trained."""
    whole = dataclasses.replace(TRAINED, steps=300_000, precision="float32")
    (tmp_path / "manifest.json").write_text(format_manifest({"nonsyn_dsprites": TRAINED, "vae_dsprites": whole}))
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(tmp_path))
    command.main(["vaezoo list"])
    return capsys.readouterr().out


def section(shown, heading):
    """The names below a heading."""
    return shown[shown.index(heading) :].partition("\n")[2].partition("\n\n")[0].replace("\n", " ").split()


@pytest.mark.parametrize(
    "heading, names",
    [
        ("Models", vaezoo.MODELS),
        ("Metrics", registry.METRICS),
        ("Figures", figures.FIGURES),
        ("Data sets", sources.NAMES),
    ],
)
def test_names_are_those_of_the_registries(shown, heading, names):
    assert {name.strip(",") for name in section(shown, heading)} == set(names)


def test_presets_say_what_they_train_and_how_far(shown):
    assert "\n  beta_vae_dsprites: dsprites, 300,000 steps, not trained\n" in shown
    words = "300,000 steps, trained: 300,000 steps in float32, seed 7\n"
    assert f"\n  vae_dsprites: dsprites, {words}" in shown
    words = "150,000 steps, trained: 30,000 of 150,000 steps in bfloat16, seed 7\n"
    assert f"\n  nonsyn_dsprites: dsprites, {words}" in shown
    assert shown.count("\n      Scores: mig 0.3123, sap 0.07\n") == 2
    words = " ".join(shown.split())
    assert all(preset.source in words for preset in vaezoo.PRESETS.values())


def test_without_a_manifest_it_says_what_to_set(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("VAEZOO_WEIGHTS", raising=False)
    monkeypatch.setattr(places, "CLONE", tmp_path)
    command.main(["vaezoo list"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "No trained weights were found. " in shown and "Set the environment's VAEZOO_WEIGHTS to" in shown
    assert shown.count("not trained") == len(vaezoo.PRESETS)


def test_it_costs_no_tensorflow():
    script = "import sys; from vaezoo.cli import list as command; command.main(['list']); "
    script += "print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


def test_an_argument_is_refused():
    with pytest.raises(SystemExit, match="unexpected argument 'models'"):
        command.main(["vaezoo list", "models"])


def test_a_reader_may_stop_early():
    command = f"{sys.executable} -m vaezoo list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.startswith("Models (") and done.stderr == ""
