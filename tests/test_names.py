"""Public names: no package has a function with the name of the module that defines it."""

import importlib
import pkgutil
import types

import pytest


@pytest.mark.parametrize("package", ["data", "latents", "networks", "optimizers", "terms"])
def test_no_function_shadows_its_module(package):
    """`vaezoo.terms.vat` is a module and not a function, for instance."""
    package = importlib.import_module(f"vaezoo.{package}")
    names = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not [name for name in names if not isinstance(getattr(package, name, package), types.ModuleType)]
