"""The catalogue and the tree agree: every lesson has all its files, and no file belongs to no lesson."""

from pathlib import Path

import pytest

from grader.content.catalog import Catalog, Lesson
from grader.content.layout import Course
from grader.content.scaffold import gaps
from grader.content.source import shown


def lesson_files(course: Course, lesson: Lesson) -> set[Path]:
    """The files that every lesson has; its other right solutions are its own choice."""
    return {
        course.lesson_file(lesson),
        course.readme(lesson),
        course.hints_file(lesson),
        course.solution_file(lesson),
        course.checks_file(lesson),
        course.wrong_file(lesson),
        *course.files_beside(lesson),
        *course.files_beside(lesson, course.solutions),
    }


def is_source(file: Path) -> bool:
    """Whether somebody wrote this file, rather than an editor or Python itself."""
    return file.is_file() and file.suffix != ".pyc" and not file.name.startswith(".")


def test_every_lesson_has_all_its_files(course: Course, lesson: Lesson) -> None:
    missing = sorted(shown(file) for file in lesson_files(course, lesson) if not file.is_file())
    assert not missing, f"{lesson.slug} is in the catalogue without {', '.join(missing)}"


@pytest.mark.parametrize("part", ["lessons", "solutions", "checks", "wrong", "right"])
def test_every_file_belongs_to_a_lesson_of_the_catalogue(course: Course, catalog: Catalog, part: str) -> None:
    declared = {course.catalog_file}.union(
        *(lesson_files(course, lesson) | set(course.right_files(lesson)) for lesson in catalog.lessons)
    )
    folder: Path = getattr(course, part)
    stray = sorted(shown(file) for file in folder.rglob("*") if is_source(file) and file not in declared)
    assert not stray, f"no lesson of lessons/catalog.toml owns {', '.join(stray)}"


def test_nothing_is_left_to_fill_in(course: Course) -> None:
    places = [f"{shown(gap.file)}, line {gap.line}" for gap in gaps(course)]
    assert not places, "an author still has work to do:\n" + "\n".join(places)
