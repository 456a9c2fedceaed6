"""Ends an app that takes more than its limits allow: memory, threads, disk, time, or the judge's ear."""

import contextlib
import time
from typing import Protocol

import psutil

from grader.report import Cause
from grader.sandbox.folder import Folder
from grader.sandbox.launcher import Handle
from grader.sandbox.limits import MIB, Limits

WATCH_SECONDS = 0.05
DEAF_SECONDS = 0.5


class Watched(Protocol):
    """What the watchdog has to know of an app's process."""

    limits: Limits
    handle: Handle
    folder: Folder
    deadline: float
    is_closed: bool

    def end(self, cause: Cause, why: str) -> None: ...


def watch(app: Watched) -> None:
    """Look at the process until it is gone, and end it for the first limit that it breaks."""
    if not app.handle.launched.wait(app.limits.startup_seconds + 30):
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(app.handle.pid)
        base, deaf_seconds = process.memory_info().rss, 0.0
        while not app.handle.exited.wait(WATCH_SECONDS):
            deaf_seconds += WATCH_SECONDS if app.is_closed else 0.0
            broken = _broken_limit(app, process.memory_info().rss - base, process.num_threads(), deaf_seconds)
            if broken is not None:
                app.end(*broken)


def _broken_limit(app: Watched, memory: int, threads: int, deaf_seconds: float) -> tuple[Cause, str] | None:
    limits = app.limits
    if memory > limits.memory:
        return Cause.MEMORY, f"took more than {limits.memory // MIB} MB of memory and was stopped"
    if threads > limits.threads:
        return Cause.PROCESSES, f"started more than {limits.threads} threads and was stopped"
    if time.monotonic() > app.deadline:
        return Cause.HUNG, "did not come to an end in time and was stopped"
    if deaf_seconds > DEAF_SECONDS:
        return Cause.TAMPERED, "was stopped, because it closed the judge's channel"
    excess = app.folder.excess(limits.scratch, limits.scratch_files)
    if excess:
        return Cause.OUTPUT, f"put {excess} into its folder and was stopped"
    return None
