"""The warm processes of one judge: one for each set of models, made when it is first needed."""

import threading
import time
from collections.abc import Callable

from grader.sandbox.launcher import JudgeError, Warm

LONGEST_IMPORT = 180.0
POLL_SECONDS = 0.05


class WarmPool:
    """Finds or makes the warm process for a set of models."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, ...], Warm] = {}
        self._lock = threading.Lock()

    @property
    def pids(self) -> set[int]:
        """The ids of the processes."""
        with self._lock:
            return {warm.pid for warm in self._warm.values()}

    def begin(self, models: tuple[str, ...]) -> Warm:
        """Return a process that has imported `models`, or does so from now on."""
        with self._lock:
            warm = self._serving(models)
            if warm is None:
                if models in self._warm:
                    self._warm[models].close()
                warm = self._warm[models] = Warm(models)
            return warm

    def is_ready(self, models: tuple[str, ...]) -> bool:
        """Whether there is a process whose imports are done."""
        warm = self._serving(models)
        return warm is not None and warm.ready.is_set()

    def ready(self, models: tuple[str, ...], is_cancelled: Callable[[], bool]) -> Warm | None:
        """Return the process for `models` when its imports are done; None when `is_cancelled` is true before."""
        warm = self.begin(models)
        until = time.monotonic() + LONGEST_IMPORT
        while not warm.ready.wait(POLL_SECONDS):
            if is_cancelled():
                return None
            if time.monotonic() > until:
                raise JudgeError("importing the models took more than three minutes")
        if warm.failed:
            name, problem = next(iter(warm.failed.items()))
            raise JudgeError(f"the judge cannot import {name} ({problem}); is the set-up complete?")
        return warm

    def _serving(self, models: tuple[str, ...]) -> Warm | None:
        """A living process that has imported at least `models`, the exact one first."""
        living = [warm for warm in self._warm.values() if warm.is_alive and set(models) <= set(warm.models)]
        return min(living, key=lambda warm: (not warm.ready.is_set(), len(warm.models)), default=None)

    def close(self) -> None:
        """End every process."""
        with self._lock:
            for warm in self._warm.values():
                warm.close()
            self._warm.clear()
