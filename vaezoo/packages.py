"""Versions of the packages that results depend on."""

import importlib.metadata
import platform
from collections.abc import Iterable

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
