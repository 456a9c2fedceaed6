"""The ladder of hints in a lesson's hints.md: four steps for each task, from the concept to nearly all of it."""

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from grader.content.catalog import Lesson
from grader.content.markdown import headings
from grader.content.source import ContentError, read_source

STEPS = ("Concept", "Where", "Partly", "Nearly all")


class HintsError(ContentError):
    """A ladder with a missing or misplaced step: the line, and what was expected there."""


@dataclass(frozen=True)
class Hint:
    """One step of a ladder, as Markdown."""

    task: str
    step: str
    text: str
    line: int

    @property
    def words(self) -> int:
        """How long it is to read: code counts, the fences around it do not."""
        return len([word for word in self.text.split() if not word.startswith("```")])


def load(file: Path, lesson: Lesson) -> dict[str, tuple[Hint, ...]]:
    """The four hints of each task, by its number; raises `HintsError` where the file is not as expected."""
    return parse(read_source(file, HintsError), lesson, file)


def parse(text: str, lesson: Lesson, file: Path) -> dict[str, tuple[Hint, ...]]:
    """As `load`, from text; `file` is only named in errors."""
    lines = text.splitlines()
    ladders: dict[str, tuple[Hint, ...]] = {task.number: () for task in lesson.tasks}
    task = ""
    for wanted, heading in zip_longest(_outline(lesson), headings(text)):
        if heading is None:
            raise HintsError(file, max(1, len(lines)), f'expected the heading "{wanted}", the file ends here')
        if heading.text != wanted:
            expected = f'the heading "{wanted}"' if wanted else "no further heading"
            raise HintsError(file, heading.line, f'expected {expected}, found "{heading.text}"')
        if heading.text.startswith("## "):
            task = heading.text.removeprefix("## ")
        elif heading.text.startswith("### "):
            hint = "\n".join(lines[heading.line : heading.end]).strip("\n")
            if not hint.strip():
                raise HintsError(
                    file, heading.line, f'expected a hint for {task} below "{heading.text}", found nothing'
                )
            ladders[task] += (Hint(task, heading.text.removeprefix("### "), hint, heading.line),)
    return ladders


def _outline(lesson: Lesson) -> list[str]:
    """All the headings of a complete file, in order."""
    outline = ["# Hints"]
    for task in lesson.tasks:
        outline += [f"## {task.number}", *(f"### {step}" for step in STEPS)]
    return outline
