"""What the judge may ask of a child while it serves: to hold or break its models before they work, to stop its clock.

An order is one byte, on the channel on which the child reports. The event "obeyed" says that it has taken effect.
"""

import _thread
import socket
import threading
import weakref
from collections.abc import Callable
from sys import audit
from typing import Any

HOLD, LET_ONE_PASS, BREAK_ONE, RELEASE, STOP_CLOCK, START_CLOCK = b"h", b"1", b"x", b"r", b"s", b"c"
BREAKDOWN = "CUDA error: an illegal memory access was encountered"  # no client should ever read this
PATIENCE_SECONDS = 8.0  # then a held model works all the same, so that nothing hangs for ever


class Orders:
    """The child's side: a thread listens, and models ask `wait_at_gate` before they work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_holding, self._passes, self._breaks = False, 0, 0
        self._loop: Callable[[], Any] = lambda: None

    def obey(self, channel: socket.socket, loop: Any) -> None:
        """Listen on `channel` from now on; `loop` is the event loop that serves the app."""
        self._loop = weakref.ref(loop)
        _thread.start_new_thread(self.listen, (channel,))

    def wait_at_gate(self) -> str:
        """Return when the caller may work: at once, unless the judge holds the models; or with what it has to fail."""
        if self._is_holding:
            with self._changed:
                self._changed.wait_for(
                    lambda: not self._is_holding or self._passes > 0 or self._breaks > 0, PATIENCE_SECONDS
                )
                if self._breaks:
                    self._breaks -= 1
                    return BREAKDOWN
                self._passes = max(self._passes - 1, 0)
        return ""

    def listen(self, channel: socket.socket) -> None:
        """Carry out one order after the other until the judge is gone."""
        actions: dict[bytes, Callable[[], None]] = {
            HOLD: lambda: self._turn(is_holding=True, breaks=0),
            LET_ONE_PASS: lambda: self._turn(is_holding=True, passes=self._passes + 1),
            BREAK_ONE: lambda: self._turn(is_holding=True, passes=self._passes, breaks=self._breaks + 1),
            RELEASE: lambda: self._turn(is_holding=False),
            STOP_CLOCK: self._stop_clock,
            START_CLOCK: self._start_clock,
        }
        while order := channel.recv(1):
            actions[order]()
            audit("grader.report", "obeyed")

    def _turn(self, *, is_holding: bool, passes: int = 0, breaks: int | None = None) -> None:
        with self._changed:
            self._is_holding, self._passes = is_holding, passes
            self._breaks = self._breaks if breaks is None else breaks  # who was broken may still be on its way
            self._changed.notify_all()

    def _stop_clock(self) -> None:
        if (loop := self._loop()) is not None:
            now = loop.time()
            loop.time = lambda: now  # from here on no timer of asyncio is due, however long one waits

    def _start_clock(self) -> None:
        if (loop := self._loop()) is not None:
            vars(loop).pop("time", None)
