"""Importing TensorFlow with its environment set, and without the lines that it logs at every start."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

NOISE = re.compile(rb"absl::InitializeLog|oneDNN custom operations are on|Could not find cuda drivers|call to cuInit")
"""Lines that TensorFlow's C++ code logs while it is imported, whatever TF_CPP_MIN_LOG_LEVEL is."""


def set_environment() -> None:
    """Sets environment variables that TensorFlow reads when it is imported, unless they are set already."""
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # by default off on CPUs without VNNI, BF16 or AMX
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def program_name(argv: list[str]) -> str:
    """Returns the program's name of a command that takes flags alone.

    Args:
        argv: the program's name, and the arguments that are not flags.

    Raises:
        SystemExit: if there are such arguments.
    """
    program, *rest = argv
    if rest:
        sys.exit(f"{program}: unexpected argument {rest[0]!r}; flags start with --.")
    return program


def import_quietly(name: str) -> ModuleType:
    """Imports a module that may import TensorFlow, with TensorFlow's environment set and `NOISE` left out of stderr.

    Args:
        name: of the module.

    Returns:
        The module.
    """
    set_environment()
    with filtered_stderr():
        module = importlib.import_module(name)
        if "tensorflow" in sys.modules:
            sys.modules["tensorflow"].config.list_physical_devices()  # the first search for GPUs logs lines, too
    return module


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """Holds back what this process writes to file descriptor 2, and writes it at the end without the `NOISE`."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not NOISE.search(line):
                    os.write(2, line)
