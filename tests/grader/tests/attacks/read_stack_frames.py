"""Walks every stack frame below and beside it in search of expected values, keys or a way to report.

Outcome: fails all, assertion: should be answered with 2
"""

import inspect
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType, FunctionType
from typing import Any

from fastapi import FastAPI

frames: list[FrameType | None] = [inspect.currentframe(), logging.currentframe(), sys._getframe()]
signal.signal(signal.SIGUSR1, lambda number, frame: frames.append(frame))
signal.raise_signal(signal.SIGUSR1)


def values(frame: FrameType | None) -> Iterator[tuple[str, Any]]:
    """Everything that a frame and those below it know, and what their functions close over."""
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            yield name, value
            if isinstance(value, FunctionType):
                yield from ((f"{name}.{cell}", cell.cell_contents) for cell in value.__closure__ or ())
        frame = frame.f_back


def is_key(value: str) -> bool:
    """Whether a text might be a key of 32 bytes in hexadecimal digits."""
    return len(value) == 64 and set(value) <= set("0123456789abcdef")


SUSPICIOUS = ("key", "record", "expected", "verdict", "seed", "rng", "living", "callers", "phase")
found = sorted({name for frame in frames for name, value in values(frame) if name in SUSPICIOUS and value})
found += [name for frame in frames for name, value in values(frame) if type(value) is bytes and len(value) == 32]
found += [name for frame in frames for name, value in values(frame) if type(value) is str and is_key(value)]
assert not found, found
assert threading.active_count() == 1
app = FastAPI()
