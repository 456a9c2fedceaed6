"""A lesson's README, taken apart: the worked example, the exchanges it promises, the question to predict."""

import re
from dataclasses import dataclass
from pathlib import Path

from grader.content.catalog import Lesson
from grader.content.markdown import Heading, fences, headings
from grader.content.source import ContentError, read_source
from grader.content.transcript import Exchange, exchanges

PICTURE = "## The picture"
EXAMPLE = "## A worked example"
PREDICT = "## Predict"
TASKS = "## Tasks"
SECTIONS = (EXAMPLE, PREDICT, TASKS, "## In the capstone", "## Read on")
ANSWER = re.compile(r"<details>\s*<summary>Answer</summary>(?P<answer>.*?)</details>", re.DOTALL)
FILE_NAME = re.compile(r"# (?P<name>\w+\.py)")


class ReadmeError(ContentError):
    """A README that lacks one of its parts: the line, and what was expected there."""


@dataclass(frozen=True)
class Example:
    """A complete program other than the task, and what it answers."""

    name: str
    source: str
    line: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Prediction:
    """One question about the worked example; the answer is Markdown, its exchanges can be run."""

    question: str
    answer: str
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Readme:
    """The parts of a lesson's README that programs use."""

    example: Example
    prediction: Prediction
    sections: dict[str, str]


def load(file: Path, lesson: Lesson) -> Readme:
    """The parts of a README; raises `ReadmeError` where it is not as expected."""
    return parse(read_source(file, ReadmeError), lesson, file)


def parse(text: str, lesson: Lesson, file: Path) -> Readme:
    """As `load`, from text; `file` is only named in errors."""
    outline = headings(text)
    _check_outline(outline, lesson, file, last=max(1, len(text.splitlines())))
    lines = text.splitlines(keepends=True)
    tops = [heading for heading in outline if heading.text.startswith("## ")]
    ends = [heading.line - 1 for heading in tops[1:]] + [len(lines)]
    bodies = {
        heading.text: (heading, "".join(lines[heading.line : end])) for heading, end in zip(tops, ends, strict=True)
    }
    return Readme(
        example=_example(*bodies[EXAMPLE], file),
        prediction=_prediction(*bodies[PREDICT], file),
        sections={title.removeprefix("## "): body.strip() for title, (_, body) in bodies.items()},
    )


def _check_outline(outline: list[Heading], lesson: Lesson, file: Path, last: int) -> None:
    """The headings are the title, the sections and the tasks, in this order."""
    expected = [f"# {lesson.number:02} · {lesson.title}", *SECTIONS]
    place = expected.index(TASKS) + 1
    expected[place:place] = [f"### {task.number} {task.title}" for task in lesson.tasks]
    found = [heading for heading in outline if heading.text != PICTURE]
    for wanted, heading in zip(expected, found, strict=False):
        if heading.text != wanted:
            raise ReadmeError(file, heading.line, f'expected the heading "{wanted}", found "{heading.text}"')
    if len(found) > len(expected):
        raise ReadmeError(file, found[len(expected)].line, f'expected no further heading after "{expected[-1]}"')
    if len(found) < len(expected):
        raise ReadmeError(file, last, f'expected the heading "{expected[len(found)]}", the file ends here')


def _example(heading: Heading, body: str, file: Path) -> Example:
    programs = [fence for fence in fences(body) if fence.language == "python"]
    if len(programs) != 1:
        raise ReadmeError(file, heading.line, f"expected one ```python block in this section, found {len(programs)}")
    program = programs[0]
    line = heading.line + program.line
    name = FILE_NAME.match(program.text)
    if name is None:
        raise ReadmeError(file, line, 'expected a first line like "# example.py", the name to save it under')
    return Example(name["name"], program.text, line, _exchanges(body, heading.line, file))


def _prediction(heading: Heading, body: str, file: Path) -> Prediction:
    answer = ANSWER.search(body)
    if answer is None:
        expected = "<details><summary>Answer</summary> … </details>"
        raise ReadmeError(file, heading.line, f"expected {expected} in this section, found none")
    question = body[: answer.start()].strip()
    if not question.endswith("?"):
        raise ReadmeError(file, heading.line, "expected a question that ends in ? right before the answer")
    first = body.count("\n", 0, answer.start()) + 1
    return Prediction(question, answer["answer"].strip(), _exchanges(body, heading.line, file, first))


def _exchanges(body: str, before: int, file: Path, first: int = 1) -> tuple[Exchange, ...]:
    """The exchanges of the console blocks from line `first` of `body`, which begins after line `before` of the file."""
    consoles = [fence for fence in fences(body) if fence.language == "console" and fence.line > first]
    found = [exchange for fence in consoles for exchange in exchanges(fence.text, before + fence.line)]
    if not found:
        expected = 'a ```console block with a "$ curl" line here (after an empty line if below HTML)'
        raise ReadmeError(file, before + first, f"expected {expected}")
    return tuple(found)
