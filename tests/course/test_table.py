"""The README's table of lessons says what the catalogue says."""

from grader.content.catalog import Catalog, Lesson
from grader.content.layout import Course
from grader.content.source import read_source


def test_the_readme_lists_the_lessons_as_the_catalogue_does(course: Course, catalog: Catalog) -> None:
    lines = read_source(course.root / "README.md").splitlines()
    found = [line for line in lines if line.startswith("|") and "](lessons/" in line]
    assert found == [row(lesson) for lesson in catalog.lessons], "copy the rows above into README.md's table"


def row(lesson: Lesson) -> str:
    """The line of the table for one lesson."""
    link = f"[{lesson.title}](lessons/{lesson.slug}/README.md)"
    return f"| {lesson.number:02} | {link} | {lesson.summary} | {lesson.minutes} |"
