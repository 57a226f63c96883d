"""The installed package: its import from any folder, its command, and its optional packages."""

import configparser
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vaezoo
from vaezoo.cli import main, outputs
from vaezoo.extras import MissingExtraError, extra
from vaezoo.packages import source_commit

ROOT = Path(__file__).parents[1]


def installed():
    try:
        return importlib.metadata.version("vaezoo") == vaezoo.__version__
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.mark.skipif(not installed(), reason="This version is not installed.")
def test_a_folder_of_the_same_name_does_not_hide_the_package(tmp_path):
    (tmp_path / "vaezoo" / "docs").mkdir(parents=True)  # as a clone has it
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", "import vaezoo; print(vaezoo.__version__, len(vaezoo.PRESETS))"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.stdout.split() == [vaezoo.__version__, str(len(vaezoo.PRESETS))], done.stderr


def test_the_commit_of_a_clone(tmp_path):
    commit = source_commit.__wrapped__
    assert commit(tmp_path) is None

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    (tmp_path / "file").write_text("1")
    for command in (["init"], ["add", "file"], ["commit", "-m", "first"], ["tag", "-a", "v1", "-m", "v1"]):
        git(*command)
    assert commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "file").write_text("2")
    assert commit(tmp_path) == git("rev-parse", "HEAD") + "-dirty"
    assert commit(Path(vaezoo.__file__)) is None  # a file


def settings():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_the_console_command_is_there():
    assert settings()["options.entry_points"]["console_scripts"].strip() == "vaezoo = vaezoo.cli.main:main"
    assert callable(main.main)


def test_every_extra_that_an_error_names_exists():
    extras = settings()["options.extras_require"]
    named = {
        line.partition('extra("')[2].partition('"')[0]
        for file in (ROOT / "vaezoo").glob("**/*.py")
        for line in file.read_text().splitlines()
        if 'with extra("' in line
    }
    assert named == {"metrics", "plots", "ray", "serving"} <= set(extras)


def test_a_missing_package_is_named_with_its_extra():
    words = r'nosuch is not installed. Install it with: pip install "vaezoo\[plots\]"'
    with pytest.raises(MissingExtraError, match=words) as raised, extra("plots"):
        import nosuch  # noqa: F401
    assert isinstance(raised.value, ImportError) and raised.value.name == "nosuch"


@pytest.fixture
def without(monkeypatch):
    """Hides an installed package."""
    return lambda package: monkeypatch.setitem(sys.modules, package, None)


def test_figures_need_plots_and_metrics_need_metrics(without):
    without("matplotlib")
    with pytest.raises(MissingExtraError, match=r"vaezoo\[plots\]"):
        vaezoo.plots.training_curves({"vae": [{"step": 1, "loss": 2.0}]})
    with pytest.raises(MissingExtraError, match=r"vaezoo\[plots\]"):
        outputs.check_installed()
    without("sklearn")
    without("sklearn.metrics")
    with pytest.raises(MissingExtraError, match=r"vaezoo\[metrics\]"):
        vaezoo.metrics.nmi([0, 1], [0, 1])
    with pytest.raises(MissingExtraError, match=r"vaezoo\[metrics\]"):
        outputs.check_installed()
