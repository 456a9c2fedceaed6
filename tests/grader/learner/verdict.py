"""A report as a tutor puts it: what was asked, what came back, what was expected and why, then the rest in brief."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.content.catalog import Lesson
from grader.content.source import shown
from grader.learner import marks
from grader.report import Outcome, Report, Verdict

LOOK = {
    Outcome.PASSED: (marks.PASSED, "green"),
    Outcome.FAILED: (marks.FAILED, "red"),
    Outcome.WAITING: (marks.WAITING, "dim"),
}
OUTPUT_LINES = 12
TRACEBACK_LINES = 24
HEADLINE = re.compile(r"^Traceback \(most recent call last\):\n?", re.MULTILINE)
LOGGED = re.compile(r"^(?:ERROR: |[ +|]*(?:Exception Group )?Traceback \()", re.MULTILINE)  # what the server says of it
FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?$', re.MULTILINE)


def page(report: Report, lesson: Lesson, file: Path, task_text: Sequence[RenderableType] = ()) -> RenderableType:
    """Everything about one report: its headline, the first thing to mend, and one line for each check.

    `task_text`, what the failing task asks for, comes early for somebody who has not begun with it, else last.
    """
    parts: list[RenderableType] = [headline(report, lesson), Text()]
    if report.fault is not None:
        parts += [*_fault(report, file), Text()]
    elif (failure := report.first_failure) is not None:
        parts += [*_failure(failure, lesson, file), Text()]
    is_new = report.first_failure is not None and "NotImplementedError: Task" in report.first_failure.traceback
    listing = [checks(report), Text()]
    parts += [*task_text, *listing] if is_new else [*listing, *task_text]
    parts += [Text(marks.clean(f"Note: {note}."), "dim") for note in report.notes]
    return Group(*parts)


def headline(report: Report, lesson: Lesson) -> RenderableType:
    """The lesson on the left, how much of it is right, and how long that took, on the right."""
    right = sum(report.task_outcome(task.number) is Outcome.PASSED for task in lesson.tasks)
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    sign, colour = LOOK[Outcome.PASSED] if report.is_passed else (f"{lesson.number:02}", "bold")
    title = Text.assemble(
        (f"{sign} ", colour), (lesson.title, "bold"), (" passed" if report.is_passed else "", "bold green")
    )
    line.add_row(title, Text(f"{right} of {len(lesson.tasks)} tasks {marks.DOT} {report.seconds:.2f} s", "dim"))
    return line


def checks(report: Report) -> RenderableType:
    """One line for each check: passed, failed, or what it waits for."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True, style="dim")
    lines.add_column()
    first = report.first_failure
    for verdict in report.verdicts:
        sign, colour = LOOK[verdict.outcome]
        title = Text(verdict.title, "bold" if verdict is first else "dim" if verdict.waits_for else "")
        if verdict.outcome is Outcome.FAILED:
            title.append("  failed", "not bold red")
        if verdict.outcome is Outcome.WAITING:
            title.append(f"  {waits(verdict)}", "dim")
        lines.add_row(Text(sign, colour), verdict.task, title)
    return lines


def waits(verdict: Verdict) -> str:
    """What has to come first, in words."""
    if verdict.waits_for == "start":
        return "waits for the app to start"
    if verdict.waits_for == verdict.task:
        return f"waits for the check of {verdict.task} above"
    return f"waits for {verdict.waits_for}" if verdict.waits_for else "not tried"


def _failure(verdict: Verdict, lesson: Lesson, file: Path) -> Iterator[RenderableType]:
    task = lesson.task(verdict.task)
    yield Text.assemble(
        (f"{marks.FAILED} ", "red"), (f"Task {verdict.task}", "bold red"), f"  {task.title}" if task else ""
    )
    facts = [("checked", verdict.title)]
    if verdict.exchange is not None:
        facts += [("sent", verdict.exchange.sent), ("came back", verdict.exchange.received)]
    facts += [("expected", verdict.expected), ("why", verdict.why)]
    yield _indented(_facts(facts))
    yield from _own_words(verdict.traceback, verdict.output, file)


def _fault(report: Report, file: Path) -> Iterator[RenderableType]:
    fault = report.fault
    assert fault is not None
    yield Text.assemble((f"{marks.FAILED} ", "red"), ("The app does not start", "bold red"))
    yield _indented(Text(marks.clean(fault.sentence)))
    if fault.line is not None:
        yield from _excerpt(file, fault.line)
    yield from _own_words(fault.traceback, fault.output, file)


def _facts(facts: list[tuple[str, str]]) -> RenderableType:
    """Names on the left, what they are on the right; empty ones are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value.strip():
            grid.add_row(name, Text(marks.clean(value).strip("\n"), "bold" if name == "expected" else ""))
    return grid


def _excerpt(file: Path, line: int) -> Iterator[RenderableType]:
    """The line that is meant, with one before and one after."""
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    near = Text()
    for number in range(max(1, line - 1), min(len(lines), line + 1) + 1):
        here = number == line
        text = f"{marks.HERE if here else ' '} {number:>4} │ {marks.clean(lines[number - 1])}\n"
        near.append(text, "bold" if here else "dim")
    near.rstrip()
    yield Text()
    yield _indented(near)


def _own_words(traceback: str, output: str, file: Path) -> Iterator[RenderableType]:
    """The app's own traceback, the learner's file named as it is opened, and what the app printed."""
    if traceback.strip():
        lines = marks.clean(HEADLINE.sub("", FRAME.sub(lambda found: _frame(found, file), traceback))).splitlines()
        yield Text("\n  Your app raised", "yellow")
        yield _indented(Text("\n".join(_last(lines, TRACEBACK_LINES))), 4)
    printed = marks.clean(LOGGED.split(output, maxsplit=1)[0]).strip()
    if printed:
        yield Text("\n  Your app printed", "yellow")
        yield _indented(Text("\n".join(_last(printed.splitlines(), OUTPUT_LINES)), "dim"), 4)


def _frame(found: re.Match[str], file: Path) -> str:
    path = Path(found["file"])
    name = shown(file) if path.name == file.name and path.parent.name == file.parent.name else path.name
    return f"{name}, line {found['line']}" + (f", in {found['name']}" if found["name"] else "")


def _last(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [f"({len(lines) - most} lines before)", *lines[-most:]]


def _indented(content: RenderableType, by: int = 2) -> RenderableType:
    return Padding(content, (0, 0, 0, by), expand=False)
