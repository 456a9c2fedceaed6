"""`course new` makes a lesson that is ready to run, overwrites nothing, and cannot be mistaken for a finished one."""

from pathlib import Path

import pytest

from grader.content import hints, readme, scaffold, stub, wrong
from grader.content.layout import Course

CATALOG = """\
# The only list of lessons.

# Where everybody starts.
[[lesson]]
number = 1
topic = "basics"
title = "Basics"
summary = "A catalogue."
minutes = 25
concepts = []
builds_on = []
models = []
teaches = ["fastapi.FastAPI"]
[[lesson.task]]
number = "1.1"
title = "List"
needs = []

# Needs a model.
[[lesson]]
number = 3
topic = "lifespan"
title = "Lifespan"
summary = "Loaded once."
minutes = 25
concepts = []
builds_on = ["basics"]
models = []
teaches = []
[[lesson.task]]
number = "3.1"
title = "Load"
needs = []
# The end.
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A checkout with a catalogue of two lessons."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "catalog.toml").write_text(CATALOG, encoding="utf-8")
    return Course(tmp_path)


def files(course: Course) -> dict[str, str]:
    """Everything in the checkout."""
    found = sorted(file for file in course.root.rglob("*") if file.is_file())
    return {file.relative_to(course.root).as_posix(): file.read_text(encoding="utf-8") for file in found}


def test_a_new_lesson_has_every_file(course: Course) -> None:
    created = scaffold.new_lesson(course, 4, "model_registry", "A model registry")
    assert sorted(file.relative_to(course.root).as_posix() for file in created) == [
        "lessons/04_model_registry/README.md",
        "lessons/04_model_registry/app.py",
        "lessons/04_model_registry/hints.md",
        "solutions/04_model_registry/app.py",
        "tests/course/right/04_model_registry/asynchronous.py",
        "tests/course/right/04_model_registry/router.py",
        "tests/course/wrong/04_model_registry.toml",
        "tests/lessons/test_04_model_registry.py",
    ]
    assert set(files(course)) == {
        *(file.relative_to(course.root).as_posix() for file in created),
        "lessons/catalog.toml",
    }


def test_a_new_lesson_is_a_valid_starting_point(course: Course) -> None:
    scaffold.new_lesson(course, 4, "model_registry", "A model registry")
    lesson = course.catalog().find("model_registry")
    solution = course.solution_file(lesson).read_text(encoding="utf-8")
    assert lesson.builds_on == ("lifespan",)
    assert course.lesson_file(lesson).read_text(encoding="utf-8") == stub.cut(solution, lesson, Path("app.py"))
    assert len(hints.load(course.hints_file(lesson), lesson)["4.1"]) == 4
    assert readme.load(course.readme(lesson), lesson).prediction.exchanges[0].answer == '{"result":-2}'
    assert [made.misconception.task for made in wrong.load(course.wrong_file(lesson), lesson, solution)] == ["4.1"]
    for program in (course.checks_file(lesson), course.lesson_file(lesson), *course.right_files(lesson)):
        compile(program.read_text(encoding="utf-8"), str(program), "exec")


def test_the_first_lesson_of_a_course_teaches_fastapi_itself(course: Course) -> None:
    course.catalog_file.write_text("# No lessons yet.\n", encoding="utf-8")
    scaffold.new_lesson(course, 1, "basics", "Basics")
    assert course.catalog().find(1).teaches == ("fastapi.FastAPI",)
    assert course.catalog_file.read_text(encoding="utf-8").startswith("# No lessons yet.\n\n[[lesson]]\n")


def test_every_new_file_says_what_is_still_to_fill_in(course: Course) -> None:
    assert scaffold.gaps(course) == []
    created = scaffold.new_lesson(course, 4, "model_registry", "A model registry")
    assert {gap.file for gap in scaffold.gaps(course)} == {*created, course.catalog_file}
    first = next(gap for gap in scaffold.gaps(course) if gap.file == course.catalog_file)
    assert course.catalog_file.read_text(encoding="utf-8").splitlines()[first.line - 1].startswith("summary")


def test_the_entry_goes_to_the_end_and_leaves_the_rest_as_it_was(course: Course) -> None:
    scaffold.new_lesson(course, 4, "model_registry", "A model registry")
    listing = course.catalog_file.read_text(encoding="utf-8")
    assert listing.startswith(CATALOG)
    assert [lesson.slug for lesson in course.catalog().lessons] == ["01_basics", "03_lifespan", "04_model_registry"]


def test_an_earlier_number_goes_before_the_later_lesson_and_its_comment(course: Course) -> None:
    scaffold.new_lesson(course, 2, "pydantic", "Pydantic")
    listing = course.catalog_file.read_text(encoding="utf-8")
    before, comment, after = CATALOG.partition("# Needs a model.\n")
    assert listing.startswith(before)
    assert listing.endswith(f"\n\n{comment}{after}")
    assert course.catalog().find(2).builds_on == ("basics",)


def test_an_entry_goes_before_a_lesson_without_a_comment(course: Course) -> None:
    course.catalog_file.write_text(CATALOG.replace("# Needs a model.\n", ""), encoding="utf-8")
    scaffold.new_lesson(course, 2, "pydantic", "Pydantic")
    assert "\nneeds = []\n\n[[lesson]]\nnumber = 2\n" in course.catalog_file.read_text(encoding="utf-8")
    assert "\nneeds = []\n\n[[lesson]]\nnumber = 3\n" in course.catalog_file.read_text(encoding="utf-8")


def test_an_entry_goes_before_everything_that_belongs_to_the_first_lesson(course: Course) -> None:
    course.catalog_file.write_text("", encoding="utf-8")
    scaffold.new_lesson(course, 2, "second", "Second")
    second = course.catalog_file.read_text(encoding="utf-8")
    assert second.startswith("[[lesson]]\n")
    course.catalog_file.write_text(f"# About the second.\n{second}", encoding="utf-8")
    scaffold.new_lesson(course, 1, "first", "First")
    listing = course.catalog_file.read_text(encoding="utf-8")
    assert listing.startswith("[[lesson]]\nnumber = 1\n")
    assert listing.endswith(f"\n\n# About the second.\n{second}")


def test_the_last_number_is_99(course: Course) -> None:
    scaffold.new_lesson(course, 99, "last", "Last")
    with pytest.raises(scaffold.ScaffoldError, match="from 1 to 99, got 100"):
        scaffold.new_lesson(course, 100, "later", "Later")


REFUSED = {
    "a number that is taken": (3, "uploads", "Uploads", "03_lifespan exists already"),
    "a topic that is taken": (5, "basics", "Uploads", "01_basics exists already"),
    "a number out of range": (0, "uploads", "Uploads", "a lesson number from 1 to 99, got 0"),
    "a topic with capitals": (5, "Uploads", "Uploads", 'a topic like "model_registry"'),
    "a topic that leaves the folder": (5, "../uploads", "Uploads", 'got "../uploads"'),
    "an empty title": (5, "uploads", " ", "a title on one line"),
    "a title with quotes": (5, "uploads", 'The "best"', "without quotes"),
}


@pytest.mark.parametrize(("number", "topic", "title", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_bad_request_is_refused_and_nothing_is_written(
    course: Course, number: int, topic: str, title: str, expected: str
) -> None:
    with pytest.raises(scaffold.ScaffoldError) as caught:
        scaffold.new_lesson(course, number, topic, title)
    assert expected in str(caught.value)
    assert files(course) == {"lessons/catalog.toml": CATALOG}


def test_a_catalogue_of_another_form_is_refused_and_nothing_is_written(course: Course) -> None:
    course.catalog_file.write_text("lesson = []\n", encoding="utf-8")
    with pytest.raises(scaffold.ScaffoldError, match=r"write its lessons as \[\[lesson\]\] tables"):
        scaffold.new_lesson(course, 1, "basics", "Basics")
    assert files(course) == {"lessons/catalog.toml": "lesson = []\n"}


@pytest.mark.parametrize("existing", ["lessons/04_uploads/app.py", "tests/course/right/04_uploads/router.py"])
def test_an_existing_file_is_never_overwritten(course: Course, existing: str) -> None:
    file = course.root / existing
    file.parent.mkdir(parents=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(scaffold.ScaffoldError, match="exists already"):
        scaffold.new_lesson(course, 4, "uploads", "Uploads")
    assert files(course) == {"lessons/catalog.toml": CATALOG, existing: "mine"}


def test_a_folder_that_cannot_be_made_leaves_nothing_behind(course: Course) -> None:
    (course.root / "tests").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(scaffold.ScaffoldError, match="cannot be written"):
        scaffold.new_lesson(course, 4, "uploads", "Uploads")
    assert files(course) == {"lessons/catalog.toml": CATALOG, "tests": "a file in the way"}
