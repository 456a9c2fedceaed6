"""One learner in one checkout: which lesson is current, what is judged, what is remembered, what comes next."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import grader
from grader.content.catalog import Catalog, Lesson
from grader.content.layout import LANDMARK, Course
from grader.learner.backup import Backups
from grader.learner.progress import Progress, Standing, State, fingerprint
from grader.report import Report, Verdict

OnVerdict = Callable[[Verdict], None]


class Checker(Protocol):
    """The part of the judge that a session uses."""

    def check(
        self,
        lesson: Lesson,
        app_file: Path,
        checks_file: Path,
        *,
        seed: int | None = None,
        on_verdict: OnVerdict | None = None,
    ) -> Report:
        """Judge one file."""


class Session:
    """The catalogue as it was read at the start, and the progress beside it."""

    def __init__(self, course: Course, notify: Callable[[str], None] | None = None) -> None:
        self.course = course
        self.catalog: Catalog = course.catalog()
        self.lessons = self.catalog.lessons
        self.progress = Progress(self.folder, notify)

    @property
    def folder(self) -> Path:
        """Where the course keeps what is only this learner's; git ignores it."""
        return self.course.root / ".course"

    @property
    def current(self) -> Lesson | None:
        """The lesson last worked on, else the first that is not passed; None in a catalogue without lessons."""
        for lesson in self.lessons:
            if lesson.topic == self.progress.current:
                return lesson
        return self.next_open(None) or (self.lessons[-1] if self.lessons else None)

    def next_open(self, after: Lesson | None) -> Lesson | None:
        """The next lesson that is not passed: those behind `after`, then those before it; None when all are."""
        later = [lesson for lesson in self.lessons if after is None or lesson.number > after.number]
        earlier = [lesson for lesson in self.lessons if lesson not in later and lesson != after]
        return next((lesson for lesson in later + earlier if not self.is_passed(lesson)), None)

    def following(self, lesson: Lesson) -> Lesson | None:
        """The lesson after this one in the catalogue, passed or not."""
        return next((other for other in self.lessons if other.number > lesson.number), None)

    def standing(self, lesson: Lesson) -> Standing:
        """Where the lesson stands with the files as they are now."""
        return self.progress.standing(lesson.topic, self._fingerprint(lesson))

    def is_passed(self, lesson: Lesson) -> bool:
        """Whether the last verdict on exactly these files was a pass."""
        return self.standing(lesson).state is State.PASSED

    def was_passed(self, lesson: Lesson) -> bool:
        """Whether the lesson was ever passed."""
        return self.progress.was_passed(lesson.topic)

    def check(
        self, judge: Checker, lesson: Lesson, *, seed: int | None = None, on_verdict: OnVerdict | None = None
    ) -> Report:
        """Judge the lesson's file; what the files were is taken before, as a save may come meanwhile."""
        self._judged = self._fingerprint(lesson)
        files = self.course.lesson_file(lesson), self.course.checks_file(lesson)
        return judge.check(lesson, *files, seed=seed, on_verdict=on_verdict)

    def record(self, lesson: Lesson, report: Report) -> None:
        """Remember the report of the latest `check`; a pass of the current lesson makes the next one current."""
        tasks = [task.number for task in lesson.tasks]
        was_current = self.current == lesson
        self.progress.record(lesson.topic, report, self._judged, tasks)
        following = self.next_open(lesson) if report.is_passed and was_current else None
        self.progress.open_lesson((following or self.current or lesson).topic)

    def backups(self, lesson: Lesson) -> Backups:
        """The old versions of the lesson's file."""
        return Backups(self.folder, lesson.slug)

    def _fingerprint(self, lesson: Lesson) -> str:
        return fingerprint(self.course.lesson_file(lesson), self.course.checks_file(lesson))


def find_course(start: Path | None) -> Course:
    """The checkout around `start`, or around the current folder, or else the one this program is installed from.

    Raises `CourseNotFound` for a `start` outside of any.
    """
    own = Path(grader.__file__).resolve().parents[2]
    if start is None and not any((folder / LANDMARK).is_file() for folder in (Path.cwd(), *Path.cwd().parents)):
        return Course.find(own)
    return Course.find(start)
