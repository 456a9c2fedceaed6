"""Stubs are what their solutions cut to, and give nothing away."""

import ast

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import read_source, shown
from grader.content.stub import blocks, cut, stale_stubs


def test_stubs_are_current(course: Course) -> None:
    stale = [shown(file) for file in stale_stubs(course)]
    assert not stale, f"run `course stubs`: {', '.join(stale)} is not what its solution cuts to"


def test_a_stub_keeps_no_marker(course: Course, lesson: Lesson) -> None:
    stub = stub_of(course, lesson)
    left = [word for word in ("SOLUTION", "# STUB", "TODO 0") if word in stub]
    assert not left, f"the stub of {lesson.slug} still says {left}"


def test_a_stub_says_where_each_task_begins(course: Course, lesson: Lesson) -> None:
    stub = stub_of(course, lesson)
    missing = [task.number for task in lesson.tasks if f"# TODO {task.number}: " not in stub]
    assert not missing, f"the stub of {lesson.slug} has no TODO for {', '.join(missing)}"


def test_a_block_takes_something_away(course: Course, lesson: Lesson) -> None:
    solution = course.solution_file(lesson)
    kept = [
        f"{shown(solution)}, line {block.first}"
        for block in blocks(read_source(solution), lesson, solution)
        if set(code(block.solution)) <= set(code(block.replacement))
    ]
    assert not kept, f"the stub repeats all code of the block: {', '.join(kept)}"


def test_a_stub_teaches_nothing_in_comments_of_the_solution(course: Course, lesson: Lesson) -> None:
    solution = course.solution_file(lesson)
    stub = stub_of(course, lesson)
    inside = [line for block in blocks(read_source(solution), lesson, solution) for line in block.solution]
    comments = [line.strip() for line in inside if line.strip().startswith("#")]
    leaked = [comment for comment in comments if comment in stub]
    assert not leaked, f"these comments belong to the solution alone: {leaked}"


def test_a_stub_has_an_app(course: Course, lesson: Lesson) -> None:
    if lesson.file != "app.py":
        return  # a lesson in which the learner writes something else than an app
    tree = ast.parse(stub_of(course, lesson))
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "app" in names, f"the stub of {lesson.slug} could not be started: nothing is called app"


def stub_of(course: Course, lesson: Lesson) -> str:
    """The stub as the solution cuts to it now."""
    solution = course.solution_file(lesson)
    return cut(read_source(solution), lesson, solution)


def code(lines: list[str]) -> list[str]:
    """The lines that do something."""
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
