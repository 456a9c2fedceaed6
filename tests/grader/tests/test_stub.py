"""Stubs are cut from solutions at their markers; a marker out of place is reported with its line."""

from pathlib import Path

import pytest

from grader.content import scaffold, stub
from grader.content.catalog import Lesson, Task
from grader.content.layout import Course

LESSON = Lesson(
    number=1,
    topic="basics",
    title="Basics",
    summary="A catalogue.",
    minutes=25,
    concepts=(),
    builds_on=(),
    models=(),
    teaches=("fastapi.FastAPI",),
    tasks=(Task("1.1", "List the catalogue", ()), Task("1.2", "Get a model", ())),
)
SOLUTION = '''\
"""A catalogue."""

MODELS = ["a"]
# BEGIN SOLUTION 1.1: decide what may be asked for
LIMIT = 10
# STUB: LIMIT = None
# END SOLUTION


def models() -> list[str]:
    """All models."""
    # BEGIN SOLUTION 1.1
    # tempting: return MODELS
    return MODELS[:LIMIT]
    # END SOLUTION


def model(name: str) -> str:
    """One model."""
    found = ""
    if name:
        # BEGIN SOLUTION 1.2
        found = MODELS[0]
        # STUB: for _ in MODELS:
        # STUB:     pass
        # STUB:
        # STUB: found = "?"
        # END SOLUTION
    return found
'''
STUB = '''\
"""A catalogue."""

MODELS = ["a"]
# TODO 1.1: decide what may be asked for
LIMIT = None


def models() -> list[str]:
    """All models."""
    # TODO 1.1: List the catalogue
    raise NotImplementedError("Task 1.1")


def model(name: str) -> str:
    """One model."""
    found = ""
    if name:
        # TODO 1.2: Get a model
        for _ in MODELS:
            pass

        found = "?"
    return found
'''


def test_blocks_become_todos_and_everything_else_stays() -> None:
    assert stub.cut(SOLUTION, LESSON, Path("app.py")) == STUB


def test_an_empty_replacement_leaves_the_todo_alone() -> None:
    source = "LIMIT = 1\n# BEGIN SOLUTION 1.1\nLIMIT = 2\n# STUB:\n# END SOLUTION\n"
    assert stub.cut(source, LESSON, Path("app.py")) == "LIMIT = 1\n# TODO 1.1: List the catalogue\n"


def test_a_block_knows_what_it_takes_away_and_what_it_leaves() -> None:
    limit, listing, one = stub.blocks(SOLUTION, LESSON, Path("app.py"))
    assert (limit.task, limit.first, limit.last, limit.text) == ("1.1", 4, 7, "decide what may be asked for")
    assert (limit.solution, limit.replacement) == (["LIMIT = 10"], ["LIMIT = None"])
    assert (listing.solution[1], listing.is_replaced) == ("    return MODELS[:LIMIT]", False)
    assert one.replacement[1:] == ["            pass", "", '        found = "?"']


BROKEN = {
    "no end": ("    # END SOLUTION\n\n\ndef model", "\n\ndef model", 21, "END SOLUTION for the block of line 12 first"),
    "no end before the file's": ("        # END SOLUTION\n", "", 22, "the file ends without it"),
    "no beginning": ("    # BEGIN SOLUTION 1.1\n", "", 14, "expected a # BEGIN SOLUTION before this # END SOLUTION"),
    "a replacement outside a block": ("MODELS = [", "# STUB: x\nMODELS = [", 3, "BEGIN SOLUTION before this # STUB: x"),
    "an unknown task": ("SOLUTION 1.2", "SOLUTION 1.7", 22, "expected a task of 01_basics (1.1, 1.2), found 1.7"),
    "a marker without a task": ("SOLUTION 1.2", "SOLUTION", 22, "expected # BEGIN SOLUTION 1.2"),
    "a marker in small letters": ("# BEGIN SOLUTION 1.2", "# begin solution 1.2", 22, "found # begin solution 1.2"),
    "a marker with an underscore": ("# BEGIN SOLUTION 1.2", "# BEGIN_SOLUTION 1.2", 22, "expected # BEGIN SOLUTION"),
    "a marker without a space": ("# BEGIN SOLUTION 1.2", "#BEGIN SOLUTION 1.2", 22, "expected # BEGIN SOLUTION"),
    "an end indented otherwise": (
        "    # END SOLUTION\n\n",
        "# END SOLUTION\n\n",
        15,
        "indented by 4 spaces, as in line 12",
    ),
    "no replacement outside a function": ("# STUB: LIMIT = None\n", "", 4, "a raise stops the import"),
    "a replacement that is no Python": ("LIMIT = None", "LIMIT =", 4, "the stub would not be valid Python here"),
    "a solution that is no Python": ('found = ""', "found =", 20, "not valid Python"),
}


@pytest.mark.parametrize(("old", "new", "line", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_marker_out_of_place_names_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert SOLUTION.count(old) == 1
    with pytest.raises(stub.StubError) as caught:
        stub.cut(SOLUTION.replace(old, new), LESSON, Path("solutions/01_basics/app.py"))
    assert caught.value.line == line
    assert expected in caught.value.problem
    assert caught.value.file == Path("solutions/01_basics/app.py")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course without lessons."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "catalog.toml").write_text("# No lessons yet.\n", encoding="utf-8")
    return Course(tmp_path)


def test_stubs_are_written_where_missing_or_stale_and_left_alone_otherwise(course: Course) -> None:
    scaffold.new_lesson(course, 1, "basics", "Basics")
    scaffold.new_lesson(course, 2, "pydantic", "Pydantic")
    first, second = (course.lesson_file(lesson) for lesson in course.catalog().lessons)
    expected = first.read_text(encoding="utf-8")
    assert stub.stale_stubs(course) == []
    first.write_text(f"{expected}# and more\n", encoding="utf-8")
    second.unlink()
    assert stub.stale_stubs(course) == [first, second]
    assert stub.write_stubs(course) == [first, second]
    assert first.read_text(encoding="utf-8") == expected
    assert stub.stale_stubs(course) == []
    assert stub.write_stubs(course) == []


def test_a_lesson_without_a_solution_is_one_sentence(course: Course) -> None:
    scaffold.new_lesson(course, 1, "basics", "Basics")
    solution = course.solution_file(course.catalog().find(1))
    solution.unlink()
    with pytest.raises(stub.StubError, match="this file is missing") as caught:
        stub.stale_stubs(course)
    assert caught.value.file == solution


def test_files_beside_the_app_come_along_and_are_cut_like_it(course: Course) -> None:
    scaffold.new_lesson(course, 1, "basics", "Basics")
    listing = course.catalog_file.read_text(encoding="utf-8")
    entry = 'number = 1\nbeside = ["rows.csv", "Dockerfile"]\n'
    course.catalog_file.write_text(listing.replace("number = 1\n", entry, 1), encoding="utf-8")
    lesson = course.catalog().find(1)
    rows, dockerfile = course.files_beside(lesson, course.solutions)
    rows.write_text("text,label\nfine,good\n", encoding="utf-8")
    marked = "FROM python\n# BEGIN SOLUTION 1.1: a user\n# STUB: USER root\nUSER app\n# END SOLUTION\n"
    dockerfile.write_text(marked, encoding="utf-8")
    assert stub.write_stubs(course) == course.files_beside(lesson)
    texts = [file.read_text(encoding="utf-8") for file in course.files_beside(lesson)]
    assert texts == ["text,label\nfine,good\n", "FROM python\n# TODO 1.1: a user\nUSER root\n"]
