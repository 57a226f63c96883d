"""The short version of the fault campaign: processes that are killed, lose their disk or compete."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.parametrize("model", ["nonsyn", "factor_vae"])
def test_nothing_is_lost(model):
    command = [sys.executable, "benchmarks/faults.py", "--short", f"--models={model}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    kinds = [line.split(" | ") for line in done.stdout.splitlines() if " | " in line and not line.startswith("|")]
    assert len(kinds) >= 7 and {outcome for *_, outcome in kinds} == {"survived", "refused"}
