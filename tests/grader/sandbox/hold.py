"""A barrier in front of an app's models, and a clock that stands still: what happens meanwhile is no matter of luck."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

import psutil

from grader.sandbox.orders import BREAK_ONE, BREAKDOWN, HOLD, LET_ONE_PASS, RELEASE, START_CLOCK, STOP_CLOCK
from grader.sandbox.pending import PATIENCE_SECONDS, Pending
from grader.sandbox.process import AppProcess

if TYPE_CHECKING:
    from grader.sandbox.app import App

SECONDS_TO_FREEZE = 1.0


class Hold:
    """While entered, every encode that begins waits before it works, and every chunk before its callback has it.

    Those on the event loop do not: all would wait.
    """

    def __init__(self, process: AppProcess) -> None:
        self._process = process
        self._begun_before, self._passes = 0, 0

    def __enter__(self) -> Self:
        self._process.order(HOLD)
        self._begun_before = self._begun
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def _begun(self) -> int:
        return len(self._process.observed.encodes) + self._process.observed.chunks

    def is_reached(self, *awaited: Pending, by: int = 1) -> bool:
        """Wait until so many encodes or chunks stand here; False if `awaited` is answered before, or none come."""

        def holds_them() -> bool:
            return self._begun - self._begun_before - self._passes >= by

        return self._process.wait_for(
            holds_them, unless=lambda: any(request.arrives(0) for request in awaited), seconds=PATIENCE_SECONDS
        )

    def let_one_pass(self) -> None:
        """Let the encode or chunk that stands here pass, or the next one if there is none; further ones wait."""
        self._passes += 1
        self._process.order(LET_ONE_PASS)

    def break_one(self) -> str:
        """Let the model that stands here fail, or the next one; return the message of its exception."""
        self._passes += 1
        self._process.order(BREAK_ONE)
        return BREAKDOWN

    def release(self) -> None:
        """Let all encodes work, those that wait here and those to come."""
        self._process.order(RELEASE)


@contextmanager
def stopped_clock(process: AppProcess) -> Iterator[None]:
    """While entered, no timer of the app's event loop is ever due: what waits for one waits for ever."""
    process.order(STOP_CLOCK)
    try:
        yield
    finally:
        process.order(START_CLOCK)


@contextmanager
def frozen(app: "App") -> Iterator[None]:
    """While entered, the app's process stands still: to the app, all that is sent meanwhile comes in one moment."""
    with suppress(psutil.NoSuchProcess):
        child = psutil.Process(app.process.handle.pid)
        child.suspend()
        until = time.monotonic() + SECONDS_TO_FREEZE
        while child.status() != psutil.STATUS_STOPPED and time.monotonic() < until:
            time.sleep(0.001)
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(app.process.handle.pid).resume()
