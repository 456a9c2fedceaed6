"""What the course shows besides verdicts: the map, a pass, hints, questions, the solution and how it differs."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.content.catalog import Lesson, Task
from grader.content.hints import Hint
from grader.content.source import shown
from grader.learner import marks
from grader.learner.progress import Standing, State
from grader.report import Outcome

Rows = Sequence[tuple[Lesson, Standing]]
COLOURS = {State.PASSED: "green", State.OPEN: "yellow", State.CHANGED: "cyan", State.UNTRIED: "dim"}
MARKER = re.compile(r" *# ((BEGIN|END) SOLUTION|STUB:)( .*)?")
CODE_THEME = "ansi_dark"


def lesson_map(rows: Rows, current: Lesson | None) -> RenderableType:
    """All lessons: number, title, minutes, tasks done and state; 76 columns at most."""
    passed = sum(standing.state is State.PASSED for _, standing in rows)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", min_width=16, max_width=30)
    for _ in range(3):
        grid.add_column(no_wrap=True)
    for lesson, standing in rows:
        is_here = lesson == current
        grid.add_row(
            Text.assemble(sign(standing, is_here), f" {lesson.number:02}"),
            Text(lesson.title, "bold" if is_here else ""),
            Text(f"{lesson.minutes:>3} min", "dim"),
            task_dots(lesson, standing),
            state_text(standing),
        )
    headline = Text.assemble(("The course", "bold"), (f"  {passed} of {len(rows)} lessons passed", "dim"))
    return Group(headline, Text(), grid)


def lesson_line(lesson: Lesson, standing: Standing, is_here: bool, width: int = 30, has_state: bool = True) -> Text:
    """One lesson as one line for the watch screen, its title cut to `width`."""
    title = Text(lesson.title, "bold" if is_here else "")
    title.truncate(width, overflow="ellipsis", pad=True)
    line = Text.assemble(sign(standing, is_here), f" {lesson.number:02} ", title, " ", task_dots(lesson, standing))
    if has_state:
        line.append(" " * max(1, 8 - len(lesson.tasks))).append_text(state_text(standing))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def side_map(rows: Rows, current: Lesson | None) -> RenderableType:
    """The map for a narrow column."""
    lines = [lesson_line(*row, row[0] == current, width=24, has_state=False) for row in rows]
    passed = sum(standing.state is State.PASSED for _, standing in rows)
    return Group(*lines, Text(f"\n  {passed} of {len(rows)} passed", "dim"))


def sign(standing: Standing, is_here: bool) -> tuple[str, str]:
    """One character before a lesson, with its colour."""
    if standing.state is State.PASSED:
        return marks.PASSED, "green"
    return (marks.HERE, "bold cyan") if is_here else (" ", "")


def task_dots(lesson: Lesson, standing: Standing) -> Text:
    """One dot for each task, full when it was right in the last run."""
    dots = Text()
    for task in lesson.tasks:
        is_right = standing.tasks.get(task.number) == Outcome.PASSED
        colour = "cyan" if standing.state is State.CHANGED else "green"
        dots.append(marks.TASK_PASSED if is_right else marks.TASK_OPEN, colour if is_right else "dim")
    return dots


def state_text(standing: Standing) -> Text:
    """The state in words, and that a lesson was passed before."""
    text = Text(standing.state.value, COLOURS[standing.state])
    if standing.state is State.OPEN and standing.fault:
        text = Text("does not start", "red")
    if standing.passed_at and standing.state is not State.PASSED:
        text.append(", was passed", "dim")
    return text


def title(lesson: Lesson) -> Text:
    """A lesson's number, title and minutes."""
    return Text.assemble((f"{lesson.number:02} {lesson.title}", "bold"), (f"  {lesson.minutes} min", "dim"))


def opening(folder: Path) -> RenderableType:
    """Where a lesson is read and written."""
    return Text.assemble(
        ("read  ", "cyan"), shown(folder / "README.md"), "\n", ("edit  ", "cyan"), shown(folder / "app.py")
    )


def learnt(lesson: Lesson) -> RenderableType:
    """What a lesson was about, said when it is passed."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    grid.add_row("you built", lesson.summary)
    grid.add_row("you know", f" {marks.DOT} ".join(lesson.concepts))
    return grid


def passed(lesson: Lesson) -> RenderableType:
    """Said above the next lesson when a lesson was passed for the first time."""
    name = f"{lesson.number:02} {lesson.title}"
    line = Text.assemble((f"{marks.PASSED} ", "green"), (name, "bold"), (" passed", "bold green"))
    return Group(line, learnt(lesson), Text("d  compare with the solution    n  go on", "dim"))


def banner(lesson: Lesson, standing: Standing, place: str) -> RenderableType:
    """The one line on top of the watch screen, enough on its own where there is no room for the map."""
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True, overflow="ellipsis")
    name = Text.assemble(("course", "bold cyan"), f"  {lesson.number:02} {lesson.title}  ", task_dots(lesson, standing))
    line.add_row(name, Text(place, "dim"))
    return line


def coming(lesson: Lesson, folder: Path) -> RenderableType:
    """The lesson that is next, with the files to open."""
    return Group(Text.assemble(("next  ", "cyan"), title(lesson)), opening(folder))


def finished() -> RenderableType:
    """There is no lesson left."""
    return Text.assemble(("All lessons are passed. ", "bold green"), "`course review` asks you about older ones.")


def hint(task: Task, ladder: Sequence[Hint], level: int) -> RenderableType:
    """The rungs of a ladder seen so far, the newest last."""
    parts: list[RenderableType] = [Text.assemble(("Hints for task ", "bold"), (f"{task.number}  {task.title}", "bold"))]
    for number, rung in enumerate(ladder[:level], 1):
        parts.append(Text(f"\n{number} of {len(ladder)} {marks.DOT} {rung.step}", "yellow"))
        parts.append(markdown(rung.text))
    return Group(*parts)


def markdown(text: str) -> RenderableType:
    """Markdown of the course, indented."""
    from rich.markdown import Markdown

    return Padding(Markdown(marks.clean(text), code_theme=CODE_THEME), (0, 2))


def diff(own: str, solution: str, lesson: Lesson) -> RenderableType:
    """From the learner's file to the solution, as a unified diff."""
    from rich.syntax import Syntax

    lines = difflib.unified_diff(
        marks.clean(own).splitlines(),
        without_markers(solution).splitlines(),
        f"yours     {lesson.slug}/app.py",
        f"solution  {lesson.slug}/app.py",
        lineterm="",
    )
    text = "\n".join(lines)
    if not text:
        return Text("Your file and the solution are the same.")
    return Syntax(text, "diff", theme=CODE_THEME, background_color="default", word_wrap=True)


def solution(text: str) -> RenderableType:
    """The solution's code without the markers from which the stub is cut."""
    from rich.syntax import Syntax

    return Syntax(without_markers(text), "python", theme=CODE_THEME, background_color="default", word_wrap=True)


def without_markers(text: str) -> str:
    """A solution as a person would have written it."""
    return "".join(line for line in text.splitlines(keepends=True) if not MARKER.fullmatch(line.rstrip("\r\n")))


def notice(text: str) -> RenderableType:
    """Something the course has to say about itself."""
    return Text.assemble(("! ", "bold yellow"), marks.clean(text))
