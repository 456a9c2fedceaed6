"""Judging in a thread of its own: one round after the other, a save during a round asks for one more."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.content.catalog import Lesson
from grader.judge import Cancelled, Judge
from grader.learner import log
from grader.learner.session import Session
from grader.report import Report

PATIENCE = 1.0  # seconds after which a round is given up for a newer save
GRACE = 0.3  # seconds that a round called off has to end by itself


@dataclass(frozen=True)
class Began:
    """A round has begun; `is_waking` when its models have to be imported first."""

    lesson: Lesson
    is_waking: bool


@dataclass(frozen=True)
class Heard:
    """So many verdicts of this round have fallen."""

    lesson: Lesson
    count: int


@dataclass(frozen=True)
class Ended:
    """A round is over; `is_first_pass` when the lesson was never passed before."""

    lesson: Lesson
    report: Report
    is_first_pass: bool


@dataclass(frozen=True)
class Broke:
    """The course itself could not judge; the sentence says why."""

    lesson: Lesson
    sentence: str


Event = Began | Heard | Ended | Broke


class Rounds:
    """Owns the judge. `tell` is called in the judging thread."""

    def __init__(self, session: Session, tell: Callable[[Event], None], seed: int | None = None) -> None:
        self._session, self._tell, self._seed = session, tell, seed
        self._waiting: deque[Lesson] = deque()
        self._running: Lesson | None = None
        self._began = 0.0
        self._is_closing = False
        self._news = threading.Condition()
        self._judge = Judge()
        self._thread = threading.Thread(target=self._work, name="judging", daemon=True)
        self._thread.start()

    def ask(self, lesson: Lesson) -> None:
        """Judge this lesson next; a running round of another lesson, or one that takes long, is called off."""
        with self._news:
            if lesson in self._waiting:
                self._waiting.remove(lesson)
            self._waiting.appendleft(lesson)
            if self._running and (self._running != lesson or time.monotonic() - self._began > PATIENCE):
                self._judge.cancel()
            self._news.notify()

    def ask_all(self, lessons: Iterable[Lesson]) -> None:
        """Judge these lessons one after the other, behind what was asked for before."""
        with self._news:
            self._waiting.extend(lesson for lesson in lessons if lesson not in self._waiting and not self._is_closing)
            self._news.notify()

    def close(self) -> None:
        """Call off what runs, end every child, and wait until that is done."""
        with self._news:
            self._is_closing = True
            self._waiting.clear()
            self._news.notify()
        self._judge.cancel()
        self._thread.join(GRACE)
        self._judge.close()
        self._thread.join(10)
        self._judge.close()  # what the thread may have started in between

    def _work(self) -> None:
        while (lesson := self._next()) is not None:
            try:
                self._round(lesson)
            except Cancelled:
                self.ask_all([lesson])
            except Exception as error:
                if not self._is_closing:
                    self._tell(Broke(lesson, log.sentence(error, self._session.folder)))
            finally:
                self._running = None

    def _next(self) -> Lesson | None:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._is_closing)
            if self._is_closing:
                return None
            self._running, self._began = self._waiting.popleft(), time.monotonic()
            return self._running

    def _round(self, lesson: Lesson) -> None:
        count = 0

        def hear(_: object) -> None:
            nonlocal count
            count += 1
            self._tell(Heard(lesson, count))

        is_warm = self._judge.is_warm(lesson.models)
        self._tell(Began(lesson, bool(lesson.models) and not is_warm))
        was_passed = self._session.was_passed(lesson)
        report = self._session.check(self._judge, lesson, seed=self._seed, on_verdict=hear)
        if self._is_closing:
            return
        self._session.record(lesson, report)
        self._tell(Ended(lesson, report, report.is_passed and not was_passed))
        following = self._session.following(lesson)
        if report.is_passed and following is not None and not self._waiting:
            self._judge.warm(following.models)
