"""Cutting the stub a learner starts from out of the solution, at its `# BEGIN SOLUTION` markers."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import ContentError, read_source, write_source

BEGIN = re.compile(r"(?P<indent> *)# BEGIN SOLUTION (?P<task>\d+\.\d+)(?:: (?P<text>\S.*))?")
END = re.compile(r"(?P<indent> *)# END SOLUTION")
REPLACEMENT = re.compile(r"(?P<indent> *)# STUB:(?: (?P<text>.*))?")
ALMOST = re.compile(r"\s*#\s*(begin|end)[\W_]*solution|\s*#\s*stub\s*:", re.IGNORECASE)


class StubError(ContentError):
    """A solution from which no stub can be cut: the line, and what was expected there."""


@dataclass
class Block:
    """One marked piece of a solution; lines are counted from 1, markers included."""

    task: str
    first: int
    indent: str
    text: str
    last: int = 0
    solution: list[str] = field(default_factory=list)
    replacement: list[str] = field(default_factory=list)
    is_replaced: bool = False


def cut(source: str, lesson: Lesson, file: Path) -> str:
    """The stub of a solution; `file` is only named in the `StubError` of a solution that cannot be cut."""
    found = {block.first: block for block in blocks(source, lesson, file)}
    stub: list[tuple[str, int]] = []
    skip_to = 0
    for number, line in enumerate(source.splitlines(), start=1):
        if block := found.get(number):
            stub += [(text, number) for text in _todo(block, lesson)]
            skip_to = block.last
        elif number > skip_to:
            stub.append((line, number))
    text = "".join(f"{line}\n" for line, _ in stub)
    if file.suffix != ".py":
        return text
    try:
        compile(text, str(file), "exec", dont_inherit=True)
    except SyntaxError as problem:
        origin = stub[min(problem.lineno or 1, len(stub)) - 1][1]
        raise StubError(file, origin, f"the stub would not be valid Python here: {problem.msg}") from None
    return text


def blocks(source: str, lesson: Lesson, file: Path) -> list[Block]:
    """The marked pieces of a solution, in order; raises `StubError` at the first marker that is not as expected."""
    found: list[Block] = []
    for number, line in enumerate(source.splitlines(), start=1):
        block = found[-1] if found and not found[-1].last else None
        if begin := BEGIN.fullmatch(line):
            if block:
                raise StubError(file, number, f"expected # END SOLUTION for the block of line {block.first} first")
            found.append(Block(begin["task"], number, begin["indent"], begin["text"] or ""))
            _check_task(found[-1], lesson, file)
        elif ALMOST.match(line):
            _close_or_replace(line, number, block, file)
        elif block:
            block.solution.append(line)
    if found and not found[-1].last:
        raise StubError(file, found[-1].first, "expected # END SOLUTION for this block, the file ends without it")
    if file.suffix == ".py":
        _check_importable(found, source, file)
    return found


def write_stubs(course: Course) -> list[Path]:
    """Write every stub that is missing or out of date; returns the files written, whatever they held before."""
    written = []
    for file, text in _stubs(course):
        if not _holds(file, text):
            write_source(file, text)
            written.append(file)
    return written


def stale_stubs(course: Course) -> list[Path]:
    """The stubs that are missing or not what their solution cuts to."""
    return [file for file, text in _stubs(course) if not _holds(file, text)]


def _stubs(course: Course) -> list[tuple[Path, str]]:
    """Every file that a learner gets from a solution, and what belongs there."""
    stubs = []
    for lesson in course.catalog().lessons:
        sources = [course.solution_file(lesson), *course.files_beside(lesson, course.solutions)]
        targets = [course.lesson_file(lesson), *course.files_beside(lesson)]
        for target, source in zip(targets, sources, strict=True):
            stubs.append((target, cut(read_source(source, StubError), lesson, source)))
    return stubs


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes().replace(b"\r\n", b"\n") == text.encode()


def _todo(block: Block, lesson: Lesson) -> Iterator[str]:
    """What stands in the stub instead of a block."""
    task = lesson.task(block.task)
    title = task.title if task else ""
    yield f"{block.indent}# TODO {block.task}: {block.text or title}"
    if block.is_replaced:
        yield from block.replacement if any(block.replacement) else ()
    else:
        yield f'{block.indent}raise NotImplementedError("Task {block.task}")'


def _check_task(block: Block, lesson: Lesson, file: Path) -> None:
    if lesson.task(block.task) is None:
        there = ", ".join(task.number for task in lesson.tasks)
        raise StubError(file, block.first, f"expected a task of {lesson.slug} ({there}), found {block.task}")


def _close_or_replace(line: str, number: int, block: Block | None, file: Path) -> None:
    """Take in an END or STUB line."""
    marker = END.fullmatch(line) or REPLACEMENT.fullmatch(line)
    if marker is None:
        expected = "# BEGIN SOLUTION 1.2, # END SOLUTION or # STUB: text"
        raise StubError(file, number, f"expected {expected}; found {line.strip()}")
    if block is None:
        raise StubError(file, number, f"expected a # BEGIN SOLUTION before this {line.strip()}")
    if marker["indent"] != block.indent:
        wanted = f"{len(block.indent)} spaces, as in line {block.first}"
        raise StubError(file, number, f"expected this marker to be indented by {wanted}")
    if marker.re is END:
        block.last = number
        return
    block.is_replaced = True
    block.replacement.append(f"{block.indent}{marker['text']}".rstrip() if marker["text"] else "")


def _check_importable(found: list[Block], source: str, file: Path) -> None:
    """A block outside a function needs a replacement: its `raise` would run when the stub is imported."""
    try:
        tree = ast.parse(source)
    except SyntaxError as problem:
        raise StubError(file, problem.lineno, f"this is not valid Python: {problem.msg}") from None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for block in found:
        if not block.is_replaced and not any(f.lineno < block.first <= (f.end_lineno or 0) for f in functions):
            raise StubError(
                file, block.first, "expected # STUB: lines here: outside a function a raise stops the import"
            )
