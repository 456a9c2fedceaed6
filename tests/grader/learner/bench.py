"""Measures what a learner waits for: from a save to the drawn verdict, and a cold `course check`.

Run as `python -m grader.learner.bench [SAVES]`. It works on a copy of the course whose lessons are solved, so that
every check runs. The exit code is 1 when a figure is above its limit.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import read_source
from grader.learner.rounds import Broke, Ended
from grader.learner.screen import Told, WatchScreen
from grader.learner.session import Session, find_course

SAVES = 20
WARM_UPS = 3
PATIENCE = 120  # seconds after which something hangs
LIMIT, LIMIT_WITH_MODEL, LIMIT_COLD = 0.5, 1.0, 15.0  # seconds


@dataclass(frozen=True)
class Figure:
    """One measurement and what it must not exceed, in seconds."""

    what: str
    seconds: float
    limit: float

    @property
    def is_kept(self) -> bool:
        """Whether it is within its limit."""
        return self.seconds <= self.limit


class TimedScreen(WatchScreen):
    """The watch screen, telling when it has drawn the verdict on its lesson."""

    def __init__(self, session: Session, lesson: Lesson) -> None:
        super().__init__(session, lesson)
        self.timed = lesson
        self.drawn: asyncio.Queue[float] = asyncio.Queue()

    def on_told(self, message: Told) -> None:
        """Look at the clock once the screen is drawn; the library lets the watch screen hear the message too."""
        event = message.event
        if isinstance(event, Broke):
            raise RuntimeError(event.sentence)
        if isinstance(event, Ended) and event.lesson == self.timed:
            if not event.report.is_passed:
                raise RuntimeError(f"the solution of lesson {event.lesson.number} did not pass")
            self.call_after_refresh(lambda: self.drawn.put_nowait(time.perf_counter()))


def solved(course: Course, folder: Path) -> Course:
    """A copy of the course with every lesson solved."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for part in (course.lessons, course.solutions, course.checks):
        shutil.copytree(part, folder / part.relative_to(course.root), ignore=ignored)
    scratch = Course(folder)
    for lesson in scratch.catalog().lessons:
        shutil.copy(scratch.solution_file(lesson), scratch.lesson_file(lesson))
    return scratch


async def saves_to_verdicts(course: Course, lesson: Lesson, saves: int) -> list[float]:
    """Save the lesson's file again and again, as editors do, and time each until its verdict is drawn."""
    screen, file = TimedScreen(Session(course), lesson), course.lesson_file(lesson)
    text, waits = read_source(file), []
    async with screen.run_test(size=(118, 34)):
        async with asyncio.timeout(PATIENCE):
            await screen.drawn.get()
        for number in range(WARM_UPS + saves):
            edited = file.with_suffix(".edited")
            edited.write_text(f"{text}# save {number}\n", "utf-8")
            began = time.perf_counter()
            os.replace(edited, file)
            async with asyncio.timeout(PATIENCE):
                waits.append(await screen.drawn.get() - began)
    return waits[WARM_UPS:]


def cold_check(course: Course, lesson: Lesson) -> float:
    """The time that `course check` takes in a new process."""
    command = [sys.executable, "-c", "from grader.learner.cli import main; main()", "check", str(lesson.number)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.perf_counter() - began


def figures(course: Course, saves: int) -> list[Figure]:
    """All measurements: the first lesson, and the first one with a model."""
    lessons = course.catalog().lessons
    found = []
    for lesson in [lessons[0], *[one for one in lessons if one.models][:1]]:
        name, limit = f"lesson {lesson.number}", LIMIT_WITH_MODEL if lesson.models else LIMIT
        found.append(Figure(f"{name}: cold `course check`", cold_check(course, lesson), LIMIT_COLD))
        waits = asyncio.run(saves_to_verdicts(course, lesson, saves))
        found.append(Figure(f"{name}: save to verdict, p50 of {saves}", median(waits), limit))
        found.append(Figure(f"{name}: save to verdict, p95", quantiles(waits, n=20)[-1], 2 * limit))
    return found


def main(saves: int) -> int:
    """Measure, print a table, and give the exit code."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        found = figures(solved(find_course(Path(__file__).parent), Path(folder)), saves)
    table = Table("what a learner waits for", "measured", "limit", "")
    for figure in found:
        verdict = "[green]kept[/]" if figure.is_kept else "[red]missed[/]"
        table.add_row(figure.what, f"{figure.seconds:.2f} s", f"{figure.limit:.1f} s", verdict)
    Console().print(table)
    return 0 if all(figure.is_kept for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SAVES))
