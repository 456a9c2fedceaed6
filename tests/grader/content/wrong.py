"""Wrong solutions: named misconceptions, written as replacements in the solution, that the checks must catch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from grader.content.catalog import Lesson
from grader.content.source import ContentError
from grader.content.table import Lines, read_table
from grader.report import Cause

Text = Annotated[str, Field(strict=True, min_length=1)]


class WrongError(ContentError):
    """A wrong solution that cannot be made: the line, and what was expected there."""


@dataclass(frozen=True)
class Replacement:
    """`old` stands exactly once in the solution; `new` takes its place."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    old: Text
    new: Annotated[str, Field(strict=True)]


@dataclass(frozen=True)
class Misconception:
    """What people get wrong and why, and the one task that has to notice."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Text
    why: Text
    task: Text
    replacements: Annotated[tuple[Replacement, ...], Field(alias="replace", min_length=1)]
    cause: Cause = Cause.ASSERTION


@dataclass(frozen=True)
class WrongFile:
    """One lesson's file of misconceptions."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    wrong: tuple[Misconception, ...]


@dataclass(frozen=True)
class WrongSolution:
    """A misconception, and the whole program of somebody who has it."""

    misconception: Misconception
    source: str


SHAPE = TypeAdapter(WrongFile)


def load(file: Path, lesson: Lesson, solution: str) -> list[WrongSolution]:
    """The wrong solutions made from `solution`; raises `WrongError` at the first entry that does not fit."""
    table, lines = read_table(file, SHAPE, WrongError)
    mistakes = sorted(_mistakes(table, lesson, solution, lines))
    if mistakes:
        raise WrongError(file, *mistakes[0])
    return [WrongSolution(wrong, _apply(wrong, solution)) for wrong in table.wrong]


def _apply(wrong: Misconception, solution: str) -> str:
    for replacement in wrong.replacements:
        solution = solution.replace(replacement.old, replacement.new)
    return solution


def _mistakes(table: WrongFile, lesson: Lesson, solution: str, lines: Lines) -> Iterator[tuple[int, str]]:
    names: set[str] = set()
    for index, wrong in enumerate(table.wrong):
        at = ("wrong", index)
        if wrong.name in names:
            yield lines.of(*at, "name"), f'expected a name of its own, "{wrong.name}" is taken'
        names.add(wrong.name)
        if lesson.task(wrong.task) is None:
            there = ", ".join(task.number for task in lesson.tasks)
            yield lines.of(*at, "task"), f'expected a task of {lesson.slug} ({there}), found "{wrong.task}"'
        for place, replacement in enumerate(wrong.replacements):
            if (times := solution.count(replacement.old)) != 1:
                where = lines.of(*at, "replace", place, "old")
                yield where, f"expected text that occurs once in the solution, this occurs {times} times"
        try:
            compile(_apply(wrong, solution), wrong.name, "exec", dont_inherit=True)
        except SyntaxError as problem:
            yield lines.of(*at), f"with these replacements the solution is not valid Python: {problem}"
