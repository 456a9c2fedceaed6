"""What the tests of the course share: every lesson of the catalogue, and its wrong and other right solutions."""

import pytest

from grader.content import wrong
from grader.content.catalog import Catalog, Lesson
from grader.content.layout import Course
from grader.content.source import ContentError, read_source


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each lesson, or for each of its wrong or other right solutions if that is what it asks for."""
    if "lesson" not in metafunc.fixturenames:
        return
    course = Course.find(metafunc.config.rootpath)
    try:
        lessons = course.catalog().lessons
    except ContentError as problem:
        raise pytest.Collector.CollectError(str(problem)) from None
    if "wrong_solution" in metafunc.fixturenames:
        cases = [(lesson, name, made) for lesson in lessons for name, made in _wrong_solutions(course, lesson)]
        ids = [f"{lesson.slug}-{name}" for lesson, name, _ in cases]
        values = [(lesson, made) for lesson, _, made in cases]
        metafunc.parametrize(("lesson", "wrong_solution"), values, ids=ids, indirect=["wrong_solution"])
    elif "right_file" in metafunc.fixturenames:
        files = [(lesson, file) for lesson in lessons for file in course.right_files(lesson)]
        ids = [f"{lesson.slug}-{file.stem}" for lesson, file in files]
        metafunc.parametrize(("lesson", "right_file"), files, ids=ids)
    else:
        metafunc.parametrize("lesson", lessons, ids=[lesson.slug for lesson in lessons])


def _wrong_solutions(course: Course, lesson: Lesson) -> list[tuple[str, wrong.WrongSolution | ContentError]]:
    """The named wrong solutions of a lesson, or the reason why there are none."""
    try:
        solution = read_source(course.solution_file(lesson))
        made = wrong.load(course.wrong_file(lesson), lesson, solution)
    except ContentError as problem:
        return [("broken", problem)]
    return [(one.misconception.name, one) for one in made]


@pytest.fixture
def wrong_solution(request: pytest.FixtureRequest) -> wrong.WrongSolution:
    """One wrong solution; the test fails here if it cannot be made."""
    if isinstance(request.param, ContentError):
        pytest.fail(str(request.param), pytrace=False)
    made: wrong.WrongSolution = request.param
    return made


@pytest.fixture(scope="session")
def catalog(course: Course) -> Catalog:
    """The only list of lessons."""
    return course.catalog()
