import os
from pathlib import Path

import pytest

REAL = os.environ.get("VAEZOO_DATA_DIR")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path_factory):
    """Hides the machine's own data sets from all tests that do not use `real`."""
    for name in ("VAEZOO_DATA_DIR", "VAEZOO_MAX_BYTES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path_factory.mktemp("tensorflow_datasets")))


@pytest.fixture
def real():
    """Finds a file of real data in the folder that VAEZOO_DATA_DIR names, or skips the test."""

    def path(name):
        found = Path(REAL or "", name)
        if not REAL or not found.is_file():
            pytest.skip(f"needs {name} in the folder that VAEZOO_DATA_DIR names")
        return found

    return path


@pytest.fixture
def save(tmp_path):
    """Writes arrays to an .npz and returns its path."""
    import numpy as np

    def write(name, **arrays):
        path = tmp_path / name
        np.savez_compressed(path, **arrays)
        return path

    return write
