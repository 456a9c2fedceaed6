"""Judging from the command line: one lesson or all of them, for people or as JSON; and the map."""

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from grader.content.catalog import Lesson
from grader.learner import marks, render, verdict
from grader.learner.session import Checker, Session
from grader.report import Report

VERSION = 1


def show_map(session: Session, console: Console | None = None) -> None:
    """Print the map."""
    rows = [(lesson, session.standing(lesson)) for lesson in session.lessons]
    (console or marks.console()).print(render.lesson_map(rows, session.current))


def judge_one(judge: Checker, session: Session, lesson: Lesson, seed: int | None, console: Console) -> Report:
    """Judge and record one lesson; on a terminal a line at the bottom says what is going on."""
    waking = " (waking up PyTorch, once, about 10 s)" if lesson.models else ""
    start = f"judging lesson {lesson.number}{waking} …"
    if not console.is_terminal or console.is_dumb_terminal:
        report = session.check(judge, lesson, seed=seed)
    else:
        with console.status(start, spinner="dots" if marks.can_show(console.file) else "line") as status:
            count = 0

            def hear(_: object) -> None:
                nonlocal count
                count += 1
                status.update(f"judging lesson {lesson.number}: {count} checks …")

            report = session.check(judge, lesson, seed=seed, on_verdict=hear)
    session.record(lesson, report)
    return report


def on_console(session: Session, lessons: Sequence[Lesson], seed: int | None) -> bool:
    """Print the map, then a headline for each lesson, and the verdict on the first that is not right."""
    from grader.judge import Judge

    console = marks.console()
    show_map(session, console)
    console.print()
    worst: tuple[Lesson, Report] | None = None
    with Judge() as judge:
        for lesson in lessons:
            report = judge_one(judge, session, lesson, seed, console)
            if len(lessons) > 1:
                console.print(verdict.headline(report, lesson))
            if worst is None and (not report.is_passed or len(lessons) == 1):
                worst = lesson, report
    if worst is not None:
        lesson, report = worst
        gap = [Text()] if len(lessons) > 1 else []
        console.print(*gap, verdict.page(report, lesson, session.course.lesson_file(lesson)), sep="\n")
        if not report.is_passed:
            console.print(Text(f"\nSeed {report.seed}. A hint: `course hint {lesson.number}`.", "dim"))
    return worst is None or worst[1].is_passed


def as_json(session: Session, lessons: Sequence[Lesson], seed: int | None) -> bool:
    """Judge the lessons and print all reports as one document."""
    from grader.judge import Judge

    judged: list[dict[str, Any]] = []
    with Judge() as judge:
        for lesson in lessons:
            report = session.check(judge, lesson, seed=seed)
            session.record(lesson, report)
            named = {"number": lesson.number, "topic": lesson.topic, "title": lesson.title}
            judged.append(named | {key: value for key, value in report.to_json().items() if key != "lesson"})
    is_passed = all(lesson["passed"] for lesson in judged)
    _print_json({"version": VERSION, "passed": is_passed, "lessons": judged})
    return is_passed


def list_as_json(session: Session) -> None:
    """Print the map as one document."""
    current = session.current
    lessons = [_as_json(session, lesson) for lesson in session.lessons]
    _print_json({"version": VERSION, "current": current.topic if current else None, "lessons": lessons})


def _as_json(session: Session, lesson: Lesson) -> dict[str, Any]:
    standing = session.standing(lesson)
    return {
        "number": lesson.number,
        "topic": lesson.topic,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "file": str(session.course.lesson_file(lesson)),
        "state": standing.state.name.lower(),
        "was_passed": bool(standing.passed_at),
        "tasks": [
            {"number": task.number, "title": task.title, "outcome": standing.tasks.get(task.number)}
            for task in lesson.tasks
        ],
    }


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=1))
