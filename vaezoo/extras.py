"""Packages that are installed with an extra, as `pip install "vaezoo[plots]"`."""

import contextlib
from collections.abc import Iterator


class MissingExtraError(ModuleNotFoundError):
    """A package of an extra is not installed."""


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Names the extra to install if a package that is imported in this context is missing.

    Args:
        name: of the extra in setup.cfg.

    Raises:
        MissingExtraError: if the package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f'{error.name} is not installed. Install it with: pip install "vaezoo[{name}]"'
        raise MissingExtraError(message, name=error.name) from error
