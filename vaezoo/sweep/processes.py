"""Worker processes, forked from a server that has imported TensorFlow and computed nothing.

A fork saves the seconds of the import. The parent computes nothing either: it does not import TensorFlow.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import types
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess

from vaezoo.sweep.worker import thread_environment

PRELOAD = "vaezoo.cli.preload"


def start(function: Callable[..., None], *arguments: object, cores: int) -> BaseProcess:
    """Starts a process, forked from the server, which is started with the first of them.

    Args:
        function: of a module.
        *arguments: of the function.
        cores: number of threads of the libraries that the server imports. It is that of the first call.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOAD])
    with without_main_module():
        with environment(thread_environment(cores)):
            multiprocessing.forkserver.ensure_running()
        process = context.Process(target=function, args=arguments)
        process.start()
    return process


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets environment variables while the block runs."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def without_main_module() -> Iterator[None]:
    """Hides the main module while the block runs, so that new processes do not import a user's script again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
