"""The commands for those who write lessons: stubs cut from solutions again, and the files of a new lesson."""

import typer

from grader.content import scaffold, stub
from grader.content.source import shown
from grader.learner import reset
from grader.learner.session import Session


def stubs(session: Session, *, is_check: bool) -> int:
    """Bring the lessons' files up to date, what they held being kept; with `is_check` only name them. The exit code."""
    stale = set(stub.stale_stubs(session.course))
    lessons = [lesson for lesson in session.lessons if session.course.lesson_file(lesson) in stale]
    for lesson in lessons:
        file = shown(session.course.lesson_file(lesson))
        typer.echo(
            f"{file} is not what its solution cuts to." if is_check else f"{file}: {reset.start_over(session, lesson)}"
        )
    if not lessons:
        typer.echo("All stubs are what their solutions cut to.")
    return 1 if is_check and lessons else 0


def new(session: Session, number: int, topic: str, title: str) -> None:
    """Create a lesson's files and say what to do with them."""
    try:
        files = scaffold.new_lesson(session.course, number, topic, title)
    except scaffold.ScaffoldError as error:
        typer.echo(f"{error}.", err=True)
        raise typer.Exit(2) from None
    for file in files:
        typer.echo(shown(file))
    typer.echo(
        f'Now write what says "{scaffold.UNFINISHED}"; CONTRIBUTING.md has the order. `course stubs` cuts the stub.'
    )
