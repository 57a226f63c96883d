"""The house is read in the order in which data flows through it."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAGES = ["data", "networks", "latents", "terms", "regularizers", "optimizers", "models", "training"]
STAGES += ["encoding", "metrics", "plots", "evaluation", "serving"]
SHARED = ["choices", "durable", "packages", "progress"]


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vaezoo"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from [alias.name.split(".")[1] for alias in node.names if alias.name.startswith("vaezoo.")]


def libraries(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from [alias.name.split(".")[0] for alias in node.names]


def test_a_stage_imports_only_stages_above_it():
    seen = 0
    for position, stage in enumerate(STAGES):
        for file in (ROOT / "vaezoo" / stage).glob("**/*.py"):
            for name in imported(file):
                seen += 1
                assert name in [*SHARED, *STAGES[: position + 1]], f"{file.relative_to(ROOT)} imports vaezoo.{name}"
    assert seen > 30


def test_metrics_are_arrays_in_numbers_out():
    """No module of `vaezoo.metrics` imports TensorFlow or a stage that does."""
    for file in (ROOT / "vaezoo" / "metrics").glob("*.py"):
        assert set(imported(file)) <= {"metrics", "progress"}, file
        assert not {"tensorflow", "keras", "tensorflow_probability"} & set(libraries(file)), file


def test_metrics_are_imported_without_tensorflow():
    """In a process of its own, in which `vaezoo` is the folder alone, without its `__init__`."""
    script = "import sys, types; vaezoo = sys.modules['vaezoo'] = types.ModuleType('vaezoo'); "
    script += f"vaezoo.__path__ = [{str(ROOT / 'vaezoo')!r}]; import vaezoo.metrics; "
    script += "vaezoo.metrics.mig([[0.0], [1.0]], [[0], [1]]); print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert "vaezoo" in loaded and not {"tensorflow", "keras", "tensorflow_probability"} & loaded


def test_files_stay_readable():
    for file in ROOT.glob("vaezoo/**/*.py"):
        assert len(file.read_text().splitlines()) <= 400, file
    for file in ROOT.glob("vaezoo/models/*.py"):
        if file.stem not in ("__init__", "base"):
            assert len(file.read_text().splitlines()) < 120, file


def test_models_are_final():
    import vaezoo
    from vaezoo.models import BaseVAE

    assert all(BaseVAE in model.__bases__ and not model.__subclasses__() for model in vaezoo.MODELS.values())


def test_import_brings_in_no_library_that_tensorflow_does_not():
    """tfds, scikit-learn and Matplotlib are imported when used. (Keras itself looks for the last two.)"""
    script = "import sys, tensorflow, keras, tensorflow_probability; before = set(sys.modules); import vaezoo; "
    script += "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} - {'vaezoo'}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    new = ast.literal_eval(done.stdout.splitlines()[-1])
    assert not {"tensorflow_datasets", "sklearn", "matplotlib", "scipy", "tensorboard", "joblib"} & set(new), new
