"""The commands that help a learner along: hints, a fresh start, the solution, a question from an older lesson."""

import typer

from grader.content import hints, readme
from grader.content.catalog import Lesson
from grader.content.source import read_source, shown
from grader.learner import checking, marks, render, start
from grader.learner import reset as resetting
from grader.learner.progress import State
from grader.learner.session import Session
from grader.report import Outcome


def hint(session: Session, lesson: Lesson, task: str | None, *, is_all: bool) -> None:
    """Print the hints seen so far and one more, for the task that was named or the first that is not right."""
    number = task or _first_open_task(session, lesson)
    if number is None:
        typer.echo(f"Every task of lesson {lesson.number} is right; `--task` shows the hints of a task all the same.")
        return
    found = lesson.task(number)
    if found is None:
        there = ", ".join(task.number for task in lesson.tasks)
        typer.echo(f"Lesson {lesson.number} has no task {number}; it has {there}.", err=True)
        raise typer.Exit(2)
    ladder = hints.load(session.course.hints_file(lesson), lesson)[number]
    seen = session.progress.hint_level(lesson.topic, number)
    level = len(ladder) if is_all else min(seen + 1, len(ladder))
    session.progress.see_hint(lesson.topic, number, level)
    console = marks.console()
    console.print(render.hint(found, ladder, level))
    if level < len(ladder):
        console.print(f"\nOne more: course hint {lesson.number} --task {number}", style="dim")


def _first_open_task(session: Session, lesson: Lesson) -> str | None:
    """From the last verdict if it is about these files, else from a new one."""
    standing = session.standing(lesson)
    if standing.state in (State.UNTRIED, State.CHANGED):
        from grader.judge import Judge

        with Judge() as judge:
            checking.judge_one(judge, session, lesson, None, marks.console())
        standing = session.standing(lesson)
    outcomes = [(task.number, standing.tasks.get(task.number)) for task in lesson.tasks]
    failed = [number for number, outcome in outcomes if outcome == Outcome.FAILED]
    return next((number for number, outcome in outcomes if outcome != Outcome.PASSED and not failed), None) or (
        failed[0] if failed else None
    )


def reset_lesson(session: Session, lesson: Lesson, *, is_restore: bool, is_yes: bool) -> None:
    """Start over, after asking; or take that back, which needs no question."""
    if is_restore:
        typer.echo(resetting.bring_back(session, lesson))
        return
    if not is_yes:
        _ask(resetting.question(session, lesson))
    typer.echo(resetting.start_over(session, lesson))


def solution(session: Session, lesson: Lesson, *, is_yes: bool) -> None:
    """Print the solution; before the lesson was passed only to those who insist."""
    if not session.was_passed(lesson) and not is_yes:
        _ask(f"Lesson {lesson.number} is not passed yet, and `course hint {lesson.number}` helps. Show the solution?")
    file = session.course.solution_file(lesson)
    console = marks.console()
    if not console.is_terminal:  # for a file or another program: as it is, never broken at a width
        typer.echo(render.without_markers(read_source(file)), nl=False)
        return
    console.print(render.solution(read_source(file)))
    console.print(f"\n{shown(file)}", style="dim")


def review(session: Session, lesson: Lesson | None, *, is_answer: bool) -> None:
    """Print a lesson's question, and its answer when asked for."""
    lesson = lesson or _due(session)
    if lesson is None:
        typer.echo("There is nothing to review yet: pass a lesson first.")
        return
    prediction = readme.load(session.course.readme(lesson), lesson).prediction
    session.progress.review(lesson.topic)
    console = marks.console()
    console.print(render.title(lesson), end="\n\n")
    console.print(render.markdown(f"{readme_example(session, lesson)}\n\n{prediction.question}"))
    if not is_answer and not start.is_interactive():
        console.print(f"\nThe answer: course review {lesson.number} --answer", style="dim")
        return
    if not is_answer:
        typer.prompt("\nThink, or try it. Enter shows the answer", default="", show_default=False, prompt_suffix=" ")
    console.print(render.markdown(prediction.answer))


def readme_example(session: Session, lesson: Lesson) -> str:
    """The program that the question is about."""
    example = readme.load(session.course.readme(lesson), lesson).example
    return f"```python\n{example.source.rstrip()}\n```"


def _due(session: Session) -> Lesson | None:
    """The passed lesson whose question was not asked for longest; the current one only when there is no other."""
    passed = [lesson for lesson in session.lessons if session.was_passed(lesson)]
    older = [lesson for lesson in passed if lesson != session.current] or passed
    return min(older, key=lambda lesson: session.progress.reviewed_at(lesson.topic), default=None)


def _ask(question: str) -> None:
    """Go on only after a yes; without a terminal say which option says yes."""
    if not start.is_interactive():
        typer.echo(f"{question} Add --yes to say so.", err=True)
        raise typer.Exit(1)
    if not typer.confirm(question):
        typer.echo("Nothing was changed.")
        raise typer.Exit(1)
