"""Versions of the packages that results depend on, and the commit of this one."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

PACKAGES = (
    "python",
    "vaezoo",
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "numpy",
    "scipy",
    "scikit-learn",
)


def package_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Returns the installed version of each package by name, "unknown" for one that is not installed."""
    return {package: version(package) for package in packages}


def version(package: str) -> str:
    """Returns the version of an installed package, or of "python"; "unknown" if it is not installed."""
    if package == "python":
        return platform.python_version()
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@functools.cache
def source_commit(root: Path = Path(__file__).parents[1]) -> str | None:
    """Returns the commit of the clone that vaezoo is imported from, with "-dirty" if tracked files differ from it.

    Args:
        root: the folder that contains the package.

    Returns:
        The commit in hexadecimal; None if `root` is no clone, or git is not installed.
    """
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
