"""lessons/catalog.toml, the only list of lessons: read strictly, so that a mistake is named with its line."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from grader.content.source import ContentError
from grader.content.table import Lines, read_table

Text = Annotated[str, Field(strict=True, min_length=1)]
Count = Annotated[int, Field(strict=True, ge=1)]

TOPIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
SYNTAX = ("async_def", "async_for", "async_with", "await", "try", "yield")


class CatalogError(ContentError):
    """The catalogue is broken: the line, and what was expected there."""


class LessonNotFound(LookupError):
    """Nobody teaches that: the message names what comes nearest."""


@dataclass(frozen=True)
class Task:
    """One thing to build. `needs` names the tasks without which this one cannot be judged."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    number: Text
    title: Text
    needs: tuple[Text, ...]


@dataclass(frozen=True)
class Lesson:
    """One concept: `teaches` are the ideas it introduces, `builds_on` the topics whose ideas it may use.

    `file` is what the learner edits and the judge judges; the files `beside` it come with it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")
    number: Count
    topic: Text
    title: Text
    summary: Text
    minutes: Count
    concepts: tuple[Text, ...]
    builds_on: tuple[Text, ...]
    models: tuple[Text, ...]
    teaches: tuple[Text, ...]
    tasks: Annotated[tuple[Task, ...], Field(alias="task")]
    file: Text = "app.py"
    beside: tuple[Text, ...] = ()

    @property
    def slug(self) -> str:
        """The folder's name, such as `01_basics`."""
        return f"{self.number:02}_{self.topic}"

    def task(self, number: str) -> Task | None:
        """The task with that number, if there is one."""
        return next((task for task in self.tasks if task.number == number), None)


@dataclass(frozen=True)
class Catalog:
    """All lessons, in the order in which they are taught."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    lessons: Annotated[tuple[Lesson, ...], Field(alias="lesson")] = ()

    def find(self, wanted: str | int) -> Lesson:
        """The lesson meant by "1", "01", "basics", "01_basics" or a path through its folder."""
        parts = set(re.split(r"[/\\]", str(wanted).strip().lower()))
        for lesson in self.lessons:
            if parts & {str(lesson.number), f"{lesson.number:02}", lesson.topic, lesson.slug}:
                return lesson
        names = {name: lesson.slug for lesson in self.lessons for name in (lesson.topic, lesson.slug)}
        near = {names[name] for name in difflib.get_close_matches(str(wanted).lower(), names)}
        there = f"did you mean {' or '.join(sorted(near))}?" if near else f"there are {self._range()}"
        raise LessonNotFound(f'no lesson is called "{wanted}"; {there}')

    def known_ideas(self, lesson: Lesson) -> frozenset[str]:
        """What a learner has met after this lesson: its own ideas and those of everything it builds on."""
        earlier = (self.known_ideas(self.find(topic)) for topic in lesson.builds_on)
        return frozenset(lesson.teaches).union(*earlier)

    def _range(self) -> str:
        return f"the lessons {self.lessons[0].slug} to {self.lessons[-1].slug}" if self.lessons else "no lessons yet"


SHAPE = TypeAdapter(Catalog)


def load(path: Path) -> Catalog:
    """Read the catalogue; raises `CatalogError` at the first line that is not as expected."""
    catalog, lines = read_table(path, SHAPE, CatalogError)
    mistakes = sorted((line, sentence) for line, sentence in _mistakes(catalog, lines))
    if mistakes:
        raise CatalogError(path, *mistakes[0])
    return catalog


def _mistakes(catalog: Catalog, lines: Lines) -> Iterator[tuple[int, str]]:
    """What the types alone cannot see."""
    topics = Counter(lesson.topic for lesson in catalog.lessons)
    previous = 0
    for index, lesson in enumerate(catalog.lessons):
        at = ("lesson", index)
        earlier = [other.topic for other in catalog.lessons[:index]]
        if lesson.number <= previous:
            yield lines.of(*at, "number"), f"expected a lesson number above {previous}, found {lesson.number}"
        previous = max(previous, lesson.number)
        if not TOPIC.fullmatch(lesson.topic):
            yield lines.of(*at, "topic"), f'expected a topic like "model_registry", found "{lesson.topic}"'
        if topics[lesson.topic] > 1 and lesson.topic in earlier:
            yield lines.of(*at, "topic"), f'expected a topic of its own, "{lesson.topic}" is taken'
        for topic in lesson.builds_on:
            if topic not in earlier:
                yield lines.of(*at, "builds_on"), _unknown_topic(topic, topics, earlier)
        for key in ("teaches", "models"):
            for name in getattr(lesson, key):
                if sentence := _bad_name(name):
                    yield lines.of(*at, key), sentence
        yield from _task_mistakes(lesson, index, lines)


def _unknown_topic(topic: str, topics: Counter[str], earlier: list[str]) -> str:
    why = "comes later, or is this lesson" if topic in topics else "is not a topic"
    return f'expected earlier topics ({", ".join(earlier) or "there are none"}), "{topic}" {why}'


def _bad_name(name: str) -> str:
    if not DOTTED.fullmatch(name):
        return f'expected dotted names like "fastapi.FastAPI", found "{name}"'
    if name.startswith("syntax.") and name.removeprefix("syntax.") not in SYNTAX:
        return f'expected one of {", ".join(f"syntax.{word}" for word in SYNTAX)}; found "{name}"'
    return ""


def _task_mistakes(lesson: Lesson, index: int, lines: Lines) -> Iterator[tuple[int, str]]:
    if not lesson.tasks:
        yield lines.of("lesson", index), "expected at least one [[lesson.task]]"
    earlier: list[str] = []
    for place, task in enumerate(lesson.tasks):
        at = ("lesson", index, "task", place)
        number = f"{lesson.number}.{place + 1}"
        if task.number != number:
            yield lines.of(*at, "number"), f'expected the task number "{number}", found "{task.number}"'
        for need in task.needs:
            if need not in earlier:
                there = ", ".join(earlier) or "there are none"
                yield lines.of(*at, "needs"), f'expected earlier tasks of this lesson ({there}), found "{need}"'
        earlier.append(task.number)
