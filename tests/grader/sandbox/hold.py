"""A barrier in front of an app's models, and a clock that stands still: what happens meanwhile is no matter of luck."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from grader.sandbox.orders import HOLD, LET_ONE_PASS, RELEASE, START_CLOCK, STOP_CLOCK
from grader.sandbox.pending import PATIENCE_SECONDS, Pending
from grader.sandbox.process import AppProcess


class Hold:
    """While entered, every encode that begins waits before it works. Those on the event loop do not: all would wait."""

    def __init__(self, process: AppProcess) -> None:
        self._process = process
        self._begun_before, self._passes = 0, 0

    def __enter__(self) -> Self:
        self._process.order(HOLD)
        self._begun_before = len(self._process.observed.encodes)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def is_reached(self, *awaited: Pending) -> bool:
        """Wait until an encode stands here; False when one of `awaited` is answered before, or none comes."""

        def holds_one() -> bool:
            return len(self._process.observed.encodes) - self._begun_before > self._passes

        return self._process.wait_for(
            holds_one, unless=lambda: any(request.arrives(0) for request in awaited), seconds=PATIENCE_SECONDS
        )

    def let_one_pass(self) -> None:
        """Let the encode that stands here work, or the next one if there is none; further ones wait."""
        self._passes += 1
        self._process.order(LET_ONE_PASS)

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
