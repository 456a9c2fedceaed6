"""The judge: runs a lesson's checks against one file and makes the verdicts, all of them in this process."""

import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from grader import explain, reference
from grader.checks import Check, CheckFile, load_checks
from grader.report import Cause, Fault, Outcome, Report, Verdict
from grader.sandbox.app import App, AppDied
from grader.sandbox.confine import missing_protections
from grader.sandbox.launcher import Warm
from grader.sandbox.limits import Limits
from grader.sandbox.pool import WarmPool
from grader.stage import app_on_trial, suite_on_trial
from grader.suite import Suite
from grader.suite_trial import SuiteTrial
from grader.trial import Trial, blocked_by, waiting

if TYPE_CHECKING:
    from grader.content.catalog import Lesson

CAN_FORK = hasattr(os, "fork")
HOPELESS = 3  # so many hangs in one file, and the rest of its checks are not tried


class Cancelled(Exception):
    """The check was called off by `Judge.cancel`."""


@dataclass
class Judge:
    """Judges files. Use as a context manager: it ends every process it started.

    `is_forking` False starts each app in a fresh Python, as on systems without fork. It runs one check at a time.
    """

    limits: Limits = field(default_factory=Limits)
    is_confined: bool = True
    is_forking: bool = CAN_FORK

    def __post_init__(self) -> None:
        self._pool = WarmPool()
        self._latest: App | None = None
        self._apps: weakref.WeakSet[App] = weakref.WeakSet()
        self._current: Trial | SuiteTrial | None = None
        self._cancelled = threading.Event()
        self._is_checking = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self, models: Sequence[str] = ()) -> None:
        """Begin to import `models` in the background, so that the first app need not wait for them."""
        if self.is_forking:
            self._pool.begin(tuple(models))

    def is_warm(self, models: Sequence[str] = ()) -> bool:
        """Whether an app that needs `models` can start at once."""
        return not self.is_forking or self._pool.is_ready(tuple(models))

    @property
    def pids(self) -> set[int]:
        """The processes of this judge itself: those that fork apps."""
        return self._pool.pids

    def start(self, app_file: Path, models: Sequence[str] = (), **options: object) -> App:
        """Return an app for `app_file`, not yet started: enter it, or call its `start`."""
        options = {"limits": self.limits, "is_confined": self.is_confined} | options
        self._latest = App(app_file, tuple(models), self._ready(tuple(models)), **options)  # type: ignore[arg-type]
        self._apps.add(self._latest)
        return self._latest

    def _ready(self, models: tuple[str, ...]) -> Warm | None:
        """The warm process for `models`, its imports done; None where every app gets a fresh Python."""
        if not self.is_forking:
            return None
        warm = self._pool.ready(models, self._cancelled.is_set)
        if warm is None:
            raise Cancelled
        return warm

    def check(
        self,
        lesson: "Lesson",
        app_file: Path,
        checks_file: Path,
        *,
        seed: int | None = None,
        independent: bool = False,
        on_verdict: Callable[[Verdict], None] | None = None,
    ) -> Report:
        """Run all checks of `checks_file` on `app_file` and return the report.

        `independent` also runs checks whose task waits for another one. `on_verdict` hears each verdict as it falls.
        `seed` makes the drawn inputs repeatable. Raises `CheckFileError` for a broken file of checks, `JudgeError` when
        the judge itself cannot work, `Cancelled` after `cancel()`.
        """
        began = time.perf_counter()
        file = load_checks(checks_file)
        seed = secrets.randbelow(2**32) if seed is None else seed
        notes = tuple(missing_protections()) if self.is_confined else ("apps run without confinement",)
        verdicts: list[Verdict] = []
        fault = explain.file_fault(app_file)
        if fault is None:
            needs = {} if independent else {task.number: list(task.needs) for task in lesson.tasks}
            fault = self._try(file, app_file, tuple(lesson.models), seed, needs, verdicts, on_verdict)
        if fault is not None:
            verdicts = [waiting(check, "start") for check in file.checks]
        elapsed = time.perf_counter() - began
        return Report(lesson.topic, str(app_file), tuple(verdicts), fault, seed, elapsed, notes)

    def _try(
        self,
        file: CheckFile,
        app_file: Path,
        models: tuple[str, ...],
        seed: int,
        needs: dict[str, list[str]],
        verdicts: list[Verdict],
        on_verdict: Callable[[Verdict], None] | None,
    ) -> Fault | None:
        """Start the app, run the checks and add their verdicts; return why it did not start, if so."""
        reference.use(self)
        self._cancelled.clear()
        self._is_checking = True
        try:
            with self._on_trial(file, app_file, models, seed) as self._current:
                self._run(file.checks, needs, verdicts, on_verdict)
        except AppDied as died:
            if self._cancelled.is_set():
                raise Cancelled from died
            return died.fault
        finally:
            self._is_checking = False
            self._cancelled.clear()
            self._current = None
        return None

    def _on_trial(
        self, file: CheckFile, app_file: Path, models: tuple[str, ...], seed: int
    ) -> AbstractContextManager[Trial | SuiteTrial]:
        if file.wants_suite:
            return suite_on_trial(Suite(app_file, self._ready(models), models, self.limits, self.is_confined), seed)
        return app_on_trial(file, self.start, app_file, models, seed)

    def _run(
        self,
        checks: Sequence[Check],
        needs: dict[str, list[str]],
        verdicts: list[Verdict],
        on_verdict: Callable[[Verdict], None] | None,
    ) -> None:
        failed: set[str] = set()
        for check in checks:
            trial = self._current
            assert trial is not None
            hung = [verdict.task for verdict in verdicts if verdict.cause is Cause.HUNG]
            blocker = hung[0] if trial.hangs >= HOPELESS else blocked_by(check, needs, failed)
            verdict = waiting(check, blocker) if blocker else trial.run(check)
            if self._cancelled.is_set():
                raise Cancelled
            if verdict.outcome is not Outcome.PASSED:
                failed.add(check.task)
            verdicts.append(verdict)
            if on_verdict is not None:
                on_verdict(verdict)

    def cancel(self) -> None:
        """Call off the running check, from any thread; it raises `Cancelled` there."""
        if not self._is_checking:
            return
        self._cancelled.set()
        under_way = self._current or self._latest
        if under_way is not None:
            under_way.abort()

    def close(self) -> None:
        """End every process this judge started."""
        reference.forget(self)
        self.cancel()
        for app in list(self._apps):
            app.close()
        self._pool.close()
