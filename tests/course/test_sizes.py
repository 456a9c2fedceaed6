"""Nothing outgrows a reader: caps on solutions, READMEs, modules and functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import read_source, shown

SOLUTION_LINES = 120
README_LINES = 140
MODULE_LINES = 200
TEST_LINES = 400  # a file of tests is read one test at a time
FUNCTION_LINES = 25
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "core"}


def test_a_solution_fits_two_screens(course: Course, lesson: Lesson) -> None:
    text = read_source(course.solution_file(lesson))
    code = [line for line in text.splitlines() if not line.strip().startswith(("# STUB:", "# BEGIN SOL", "# END SOL"))]
    lines = len(code)
    assert lines <= SOLUTION_LINES, f"{shown(course.solution_file(lesson))} has {lines} lines without its markers"


def test_a_readme_is_two_screens_at_most(course: Course, lesson: Lesson) -> None:
    lines = length(course.readme(lesson))
    assert lines <= README_LINES, f"{shown(course.readme(lesson))} has {lines} lines"


def test_no_module_is_longer_than_a_reader_can_hold(course: Course) -> None:
    long = [
        f"{shown(file)}: {lines}"
        for file in modules(course)
        if (lines := length(file)) > (TEST_LINES if file.name.startswith("test_") else MODULE_LINES)
    ]
    assert not long, f"more than {MODULE_LINES} lines, or {TEST_LINES} of tests:\n" + "\n".join(long)


def test_no_function_is_longer_than_a_reader_can_hold(course: Course) -> None:
    long = [
        f"{shown(file)}, line {line}: {name} has {lines}"
        for file in modules(course)
        for line, name, lines in long_functions(file)
    ]
    assert not long, f"more than {FUNCTION_LINES} lines:\n" + "\n".join(long)


def test_every_module_has_a_name_that_says_something(course: Course) -> None:
    vague = [shown(file) for file in modules(course) if VAGUE_NAMES & {file.stem, file.parent.name}]
    assert not vague, f"name these after their subject: {', '.join(vague)}"


def test_every_module_begins_with_a_sentence(course: Course) -> None:
    silent = [shown(file) for file in modules(course) if not ast.get_docstring(parsed(file)) and parsed(file).body]
    assert not silent, f"say at the top what it is for: {', '.join(silent)}"


def modules(course: Course) -> list[Path]:
    """The modules of the course's own software and its tests; what learners write is not among them."""
    folders = [course.root / "tests", course.solutions, course.root / "capstone"]
    return sorted(file for folder in folders for file in folder.rglob("*.py"))


def length(file: Path) -> int:
    """How many lines a file has."""
    return len(read_source(file).splitlines())


def parsed(file: Path) -> ast.Module:
    """The module as Python sees it."""
    return ast.parse(read_source(file))


def long_functions(file: Path) -> Iterator[tuple[int, str, int]]:
    """Line, name and length of functions above the cap; their docstrings are free, as we want those to be good."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node):
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, node.name, lines
