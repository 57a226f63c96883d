"""The command `vaezoo`: selects a command by name and runs it."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import types
from collections.abc import Sequence

from vaezoo.cli.startup import import_quietly
from vaezoo.extras import MissingExtraError

COMMANDS = {
    "train": ("vaezoo.cli.train", "train a model: run folder, figures and SavedModel"),
    "evaluate": ("vaezoo.cli.evaluate", "score a trained model and draw its figures"),
    "export": ("vaezoo.cli.export", "publish a trained model as the next version of a SavedModel"),
    "publish": ("vaezoo.cli.publish", "publish a finished run as the trained model of its preset"),
    "sweep": ("vaezoo.cli.sweep", "train and evaluate the runs of a study"),
    "collect": ("vaezoo.cli.collect", "tabulate and plot the runs of a sweep"),
    "explore": ("vaezoo.cli.explore", "explore the latents of a trained model in the browser"),
    "list": ("vaezoo.cli.list", "show the models, presets, metrics, figures and data sets"),
}
"""Command -> the module with its flags and its `main(argv)`, and its description."""

USAGE = "\n".join(
    [
        "usage: vaezoo <command> [--flag=value ...]",
        "",
        *(f"  {name:10}{description}" for name, (_, description) in COMMANDS.items()),
        "",
        "`vaezoo <command> --help` shows the flags of a command.",
    ]
)


def main() -> None:
    """Runs the command that the first argument names."""
    name, *arguments = sys.argv[1:] or [""]
    if name in ("help", "-h", "--help"):
        print(USAGE)
        return
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        sys.exit(f"vaezoo: unknown command {name!r}.{hint}\n{USAGE}" if name else USAGE)
    run(name, f"vaezoo {name}", arguments)


def run(command: str, program: str, arguments: Sequence[str]) -> None:
    """Runs a command of `COMMANDS` and ends the process.

    Signals are handled, and TensorFlow's environment is set, before the command's module is imported: importing
    TensorFlow takes seconds. Only this module's flags are defined, because absl has one namespace for all flags.

    Args:
        command: a key of `COMMANDS`.
        program: the name that messages start with.
        arguments: the command's own, without the program's name.

    Raises:
        SystemExit: always; its code is that of the process.
    """
    sys.argv = [program, *arguments]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    from absl import app, flags

    module = import_quietly(COMMANDS[command][0])
    sys.modules["__main__"].__doc__ = module.__doc__  # absl shows it for --help, with the flags of the program's name
    for flag in flags.FLAGS.get_flags_for_module(module.__name__):
        flags.FLAGS.register_key_flag_for_module(program, flag)
    try:
        app.run(module.main)
    except MissingExtraError as error:
        sys.exit(f"{program}: {error}")
    except BrokenPipeError:  # a reader such as `head` has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def stop(number: int, frame: types.FrameType | None) -> None:
    """Signal handler: ends the process with one line. While a model is fitted, `Run` handles signals instead."""
    print(f"{sys.argv[0]}: stopped by {signal.Signals(number).name}.", file=sys.stderr)
    sys.exit(128 + number)
