"""The house is read in the order in which data flows through it."""

import ast
import importlib.util
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import vaezoo

ROOT = Path(__file__).parents[1]
ORDER = [
    "__init__",
    "choices",
    "durable",
    "packages",
    "progress",
    "extras",
    "keras_backend",
    "replicas",
    "data",
    "networks",
    "latents",
    "terms",
    "regularizers",
    "optimizers",
    "models",
    "training",
    "encoding",
    "metrics",
    "plots",
    "evaluation",
    "serving",
    "presets",
    "zoo",
    "pretrained",
    "sweep",
    "explore",
    "cli",
    "__main__",
]
"""Every folder and module of vaezoo. Each imports only those before it."""


def imported(file):
    """The folders and modules of vaezoo that a file imports; all else that it takes from vaezoo stands in zoo.py."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "vaezoo":
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from [
                alias.name.partition(".")[2].partition(".")[0] or "zoo"
                for alias in node.names
                if alias.name.partition(".")[0] == "vaezoo"
            ]


def test_every_folder_and_module_has_its_place():
    children = [child for child in (ROOT / "vaezoo").iterdir() if child.suffix == ".py" or any(child.glob("*.py"))]
    assert sorted(child.stem for child in children) == sorted(ORDER)


def libraries(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from [alias.name.split(".")[0] for alias in node.names]


def test_a_stage_imports_only_stages_above_it():
    seen = 0
    for position, stage in enumerate(ORDER):
        for file in [*(ROOT / "vaezoo" / stage).glob("**/*.py"), *(ROOT / "vaezoo").glob(f"{stage}.py")]:
            for name in imported(file):
                seen += 1
                assert name in ORDER[: position + 1], f"{file.relative_to(ROOT)} imports vaezoo.{name}"
    assert seen > 30


def test_metrics_are_arrays_in_numbers_out():
    """No module of `vaezoo.metrics` imports TensorFlow or a stage that does."""
    for file in (ROOT / "vaezoo" / "metrics").glob("*.py"):
        assert set(imported(file)) <= {"metrics", "progress", "extras"}, file
        assert not {"tensorflow", "keras", "tensorflow_probability"} & set(libraries(file)), file


def test_metrics_are_imported_without_tensorflow():
    script = "import sys, vaezoo.metrics; vaezoo.metrics.mig([[0.0], [1.0]], [[0], [1]]); "
    script += "print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(ast.literal_eval(done.stdout))
    assert "vaezoo" in loaded and not {"tensorflow", "keras", "tensorflow_probability"} & loaded


def test_the_package_does_not_import_what_stands_outside_it():
    for file in ROOT.glob("vaezoo/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {"experiments", "benchmarks", "tests"} & {name.partition(".")[0] for name in modules}, file


def test_keras_is_imported_after_the_check_of_its_backend():
    for folder in (child for child in (ROOT / "vaezoo").iterdir() if (child / "__init__.py").exists()):
        sources = [file.read_text() for file in folder.glob("*.py")]
        if any(re.search(r"^(import|from) keras\b", source, re.MULTILINE) for source in sources):
            first = next(imported(folder / "__init__.py"), None)
            assert first == "keras_backend" or folder.name == "cli", folder


def test_public_names_cost_no_tensorflow_until_they_are_used():
    script = "import sys, vaezoo; from vaezoo.presets import PRESETS; assert vaezoo.PRESETS is PRESETS; dir(vaezoo); "
    script += "print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["set()"], done.stderr


def test_every_public_name_is_there_and_none_shadows_a_module():
    values = {name: getattr(vaezoo, name) for name in vaezoo.__all__}
    modules = {name for name, value in values.items() if isinstance(value, types.ModuleType)}
    some = {"create", "export", "from_preset", "MODELS", "PRESETS", "VAT", "NonSynVAE", "LatentSpec"}
    assert some <= values.keys() - modules
    assert set(vaezoo.__all__) <= set(dir(vaezoo))
    assert not (values.keys() - modules) & set(ORDER)
    with pytest.raises(AttributeError, match="nonsense"):
        vaezoo.nonsense  # noqa: B018


def test_no_two_test_files_have_one_name():
    """pytest imports them by name."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_files_stay_readable():
    for file in ROOT.glob("vaezoo/**/*.py"):
        assert len(file.read_text().splitlines()) <= 250, file
    for model in vaezoo.MODELS.values():
        assert len(inspect.getsource(inspect.getmodule(model)).splitlines()) < 120, model
    assert len((ROOT / "vaezoo" / "models" / "base.py").read_text().splitlines()) < 200


def test_models_are_final():
    from vaezoo.models import BaseVAE

    assert all(BaseVAE in model.__bases__ and not model.__subclasses__() for model in vaezoo.MODELS.values())


def test_import_brings_in_no_library_that_tensorflow_does_not():
    """tfds, scikit-learn and Matplotlib are imported when used. (Keras itself looks for the last two.)"""
    script = "import sys, tensorflow, keras, tensorflow_probability; before = set(sys.modules); "
    script += "import vaezoo; [getattr(vaezoo, name) for name in vaezoo.__all__]; "
    script += "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} - {'vaezoo'}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    new = ast.literal_eval(done.stdout.splitlines()[-1])
    assert not {"tensorflow_datasets", "sklearn", "matplotlib", "scipy", "tensorboard", "joblib"} & set(new), new


def test_the_picture_of_the_stages_is_current():
    """Where this fails, run `python docs/stages.py`."""
    spec = importlib.util.spec_from_file_location("stages", ROOT / "docs" / "stages.py")
    stages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stages)
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert stages.updated(page) == page
    assert list(stages.stages()) == [name for name in ORDER if name in stages.stages()]
    assert "    terms --> regularizers" in page and "    models --> training" in page
    with pytest.raises(ValueError, match="Expected one <!-- stages -->"):
        stages.updated("# Architecture")
