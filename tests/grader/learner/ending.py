"""However a command ends: in good order when told to, in one sentence when something is wrong, never in a traceback."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

INTERRUPTED = 130
WRONG_USE = 2
STUMBLED = 70
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def in_one_sentence(ctx: Any) -> Iterator[None]:
    """Turn what a command raises into a sentence on stderr and an exit code."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # `course list | head -1`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        if type(error).__module__.startswith("typer"):
            raise
        _explain(error, ctx.obj)


def _explain(error: Exception, folder: Path | None) -> None:
    from grader.learner import log, start

    try:
        home = start.find_course(folder).root / ".course"
    except Exception:
        home = None
    sentence = log.sentence(error, home)
    typer.echo(sentence, err=True)
    raise typer.Exit(WRONG_USE if log.is_foreseen(error) else 1 if isinstance(error, OSError) else STUMBLED) from None


def quit_on_signals(leave: Callable[[], object]) -> None:
    """Let the running event loop call `leave` for an interrupt, a termination or a closed terminal.

    Does nothing where loops cannot (Windows), or outside the main thread, as in tests.
    """
    loop = asyncio.get_running_loop()
    for name in NAMES:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), leave)


def raise_on_termination() -> None:
    """Let a termination or a closed terminal end a plain command as Ctrl-C does, so that it cleans up."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for name in NAMES[1:]:
        with contextlib.suppress(ValueError, AttributeError):
            signal.signal(getattr(signal, name), interrupt)
