"""The house is read in the order in which data flows through it."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAGES = ["data", "networks", "latents", "terms", "regularizers", "optimizers", "models", "training"]
STAGES += ["metrics", "plots", "serving"]


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vaezoo"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from [alias.name.split(".")[1] for alias in node.names if alias.name.startswith("vaezoo.")]


def test_a_stage_imports_only_stages_above_it():
    seen = 0
    for position, stage in enumerate(STAGES):
        for file in (ROOT / "vaezoo" / stage).glob("**/*.py"):
            for name in imported(file):
                seen += 1
                assert name in ["durable", *STAGES[: position + 1]], f"{file.relative_to(ROOT)} imports vaezoo.{name}"
    assert seen > 30


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
