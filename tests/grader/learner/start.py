"""What `course` does without a command: the watch screen, watching in plain lines, or one printed verdict."""

import os
import sys
import threading
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.learner import checking, marks, render, verdict
from grader.learner.session import Checker, Session, find_course

__all__ = ["begin", "find_course", "session", "version"]


def session(folder: Path | None) -> Session:
    """The learner's session in the checkout around `folder`; raises `CourseNotFound` and `CatalogError`."""
    return Session(Course(find_course(folder).root), lambda notice: typer.echo(f"! {notice}", err=True))


def version() -> None:
    """Print the version, Python's, and what the sandbox can and cannot do here."""
    from importlib.metadata import PackageNotFoundError, version

    from grader.sandbox.confine import missing_protections

    try:
        number = version("fastapi-for-machine-learning")
    except PackageNotFoundError:
        number = "(not installed)"
    missing = missing_protections()
    typer.echo(f"course {number}, Python {sys.version.split()[0]} on {sys.platform}")
    typer.echo("Apps are judged in confinement." if not missing else "Apps are judged with less confinement here:")
    for what in missing:
        typer.echo(f"- {what}")


def is_interactive() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def begin(session: Session, seed: int | None, *, is_plain: bool) -> None:
    """Watch on a terminal; without one print the map and the verdict on the current lesson."""
    lesson = session.current
    if lesson is None:
        typer.echo("The catalogue has no lessons yet.")
    elif not is_interactive():
        print_verdicts(session, seed)
    elif is_plain or os.environ.get("TERM") in {"dumb", "unknown"} or not marks.can_show(sys.stdout):
        watch_plainly(session, seed)
    else:
        _watch_on_screen(session, lesson, seed)


def _watch_on_screen(session: Session, lesson: Lesson, seed: int | None) -> None:
    from grader.learner.screen import WatchScreen

    screen = WatchScreen(session, lesson, seed)
    code = screen.run(mouse=True)
    current = session.current
    if current is not None:
        typer.echo(f"Until soon. `course` goes on with lesson {current.number}, {current.title}.")
    raise typer.Exit(screen.return_code or code or 0)


def print_verdicts(session: Session, seed: int | None) -> None:
    """Print the map, judge the current lesson, and move on while what is judged is right."""
    from grader.judge import Judge

    console = marks.console()
    checking.show_map(session, console)
    with Judge() as judge:
        lesson = session.current
        judged: set[str] = set()
        while lesson is not None and lesson.topic not in judged:
            judged.add(lesson.topic)
            report = checking.judge_one(judge, session, lesson, seed, console)
            if not report.is_passed:
                console.print(Text(), verdict.page(report, lesson, session.course.lesson_file(lesson)), sep="\n")
                break
            console.print(Text(), verdict.headline(report, lesson), render.learnt(lesson), sep="\n")
            lesson = session.next_open(lesson)
    if lesson is None:
        console.print(render.finished())
    else:
        console.print(render.opening(session.course.readme(lesson).parent), sep="\n")


def watch_plainly(session: Session, seed: int | None) -> None:
    """Print the map, then a verdict for each save, until Ctrl-C; a save in another lesson judges that one."""
    from grader.judge import Judge
    from grader.learner import watch

    console = marks.console()
    by_file = {session.course.lesson_file(lesson): lesson for lesson in session.lessons}
    saves = watch.saves(list(by_file), threading.Event())
    checking.show_map(session, console)
    with Judge() as judge:
        _judge_plainly(judge, session, session.current, seed, console)
        for files in saves:
            lessons = [by_file[file] for file in files]
            current = session.current
            _judge_plainly(judge, session, current if current in lessons else lessons[0], seed, console)


def _judge_plainly(judge: Checker, session: Session, lesson: Lesson | None, seed: int | None, console: Console) -> None:
    """Judge one lesson and say what is next."""
    if lesson is None:
        return
    session.progress.open_lesson(lesson.topic)
    report = checking.judge_one(judge, session, lesson, seed, console)
    console.print(Text(), verdict.page(report, lesson, session.course.lesson_file(lesson)), sep="\n")
    following = session.current if report.is_passed else lesson
    if following is not None and following != lesson:
        console.print(Text(), render.coming(following, session.course.readme(following).parent), sep="\n")
    else:
        console.print(render.opening(session.course.readme(lesson).parent), sep="\n")
    console.print(
        Text(
            "\nSave to be judged again, Ctrl-C to leave; `course hint` and the others work in another terminal.", "dim"
        )
    )
