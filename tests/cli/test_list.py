"""`vaezoo list`: the names are those that the other commands take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from absl.testing import flagsaver

import vaezoo
from vaezoo.cli import list as command
from vaezoo.data import sources
from vaezoo.evaluation import figures, registry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shown(tmp_path, capsys):
    """What is printed, with two versions of one preset and a damaged card."""
    for version, steps, preset in ((2, 2000, "nonsyn_dsprites"), (10, 5000, "nonsyn_dsprites"), (11, 3, None)):
        folder = tmp_path / "nonsyn" / str(version)
        folder.mkdir(parents=True)
        (folder / "model.json").write_text(json.dumps({"training": {"preset": preset, "steps": steps}}))
    (tmp_path / "vae" / "1").mkdir(parents=True)
    (tmp_path / "vae" / "1" / "model.json").write_text("{")
    with flagsaver.flagsaver():
        command.FLAGS(["vaezoo list", f"--saved_models={tmp_path}"])
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


def test_presets_say_what_they_train_and_where_their_weights_are(shown, tmp_path):
    assert "\n  vae_dsprites: dsprites, 300,000 steps, not trained\n" in shown
    assert f"\n  nonsyn_dsprites: dsprites, 150,000 steps, trained: {tmp_path}/nonsyn/10 (5,000 steps)\n" in shown
    words = " ".join(shown.split())
    assert all(preset.source in words for preset in vaezoo.PRESETS.values())


def test_it_costs_no_tensorflow():
    script = "import sys; from vaezoo.cli import list as command; command.FLAGS(['list']); command.main(['list']); "
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
