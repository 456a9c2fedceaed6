"""The catalogue is read strictly: a broken one is reported with its line and what was expected there."""

from pathlib import Path

import pytest

from grader.content.catalog import Catalog, CatalogError, LessonNotFound, load
from grader.content.layout import Course, CourseNotFound

CATALOG = '''\
# The only list of lessons.
[[lesson]]
number = 1
topic = "basics"
title = "A model catalogue"
summary = """
[[lesson]]
number = 7
"""
minutes = 25
concepts = ["path parameters"]
builds_on = []
models = []
teaches = ["fastapi.FastAPI"]

[[lesson.task]]
number = "1.1"
title = "List"
needs = []

[[lesson.task]]
number = "1.2"
title = "Get"
needs = ["1.1"]

[[lesson]]
number = 3
topic = "model_registry"
title = "Registry"
summary = "Several models."
minutes = 30
concepts = []
builds_on = ["basics"]
models = ["sentence_transformers"]
teaches = ["asyncio.Lock", "syntax.await"]

[[lesson.task]]
number = "3.1"
title = "L"
needs = []
'''


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The catalogue above, read from a file."""
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG, encoding="utf-8")
    return load(file)


def test_lessons_and_tasks_are_read_in_order(catalog: Catalog) -> None:
    assert [lesson.slug for lesson in catalog.lessons] == ["01_basics", "03_model_registry"]
    assert [task.number for task in catalog.lessons[0].tasks] == ["1.1", "1.2"]
    assert catalog.lessons[0].tasks[1].needs == ("1.1",)


@pytest.mark.parametrize(
    "wanted", ["3", "03", 3, "model_registry", "03_model_registry", "lessons/03_model_registry/app.py"]
)
def test_a_lesson_is_found_by_any_of_its_names(catalog: Catalog, wanted: str | int) -> None:
    assert catalog.find(wanted).slug == "03_model_registry"


def test_a_near_miss_is_told_what_comes_near(catalog: Catalog) -> None:
    with pytest.raises(LessonNotFound, match='no lesson is called "basic"; did you mean 01_basics\\?'):
        catalog.find("basic")


def test_a_far_miss_is_told_what_there_is(catalog: Catalog) -> None:
    with pytest.raises(LessonNotFound, match="there are the lessons 01_basics to 03_model_registry"):
        catalog.find("99")


def test_an_empty_catalogue_finds_nothing_and_says_so() -> None:
    with pytest.raises(LessonNotFound, match="there are no lessons yet"):
        Catalog(lessons=()).find("1")


def test_known_ideas_are_those_of_the_lesson_and_of_what_it_builds_on(catalog: Catalog) -> None:
    first, third = catalog.lessons
    assert catalog.known_ideas(first) == {"fastapi.FastAPI"}
    assert catalog.known_ideas(third) == {"fastapi.FastAPI", "asyncio.Lock", "syntax.await"}


BROKEN = {
    "a syntax error": ('title = "Get"', 'title = "Get', 23, "not valid TOML"),
    "a text that never ends": ('number = 7\n"""', "number = 7", 6, "not valid TOML"),
    "a missing key": ('topic = "model_registry"\n', "", 26, 'the key "topic", which is missing'),
    "a missing key of a task": ('title = "Get"\n', "", 21, 'the key "title", which is missing'),
    "an unknown key": ("minutes = 30", 'minutes = 30\nlevel = "hard"', 32, 'the key "level" is unknown'),
    "a mistyped key": ("minutes = 30", "minuts = 30", 31, 'the key "minuts" is unknown; expected "minutes"'),
    "a mistyped table": ("[[lesson]]\nnumber = 3", "[[leson]]\nnumber = 3", 26, 'the key "leson" is unknown'),
    "text for a number": ("minutes = 30", 'minutes = "30"', 31, "\"minutes\": expected a whole number, found '30'"),
    "true for a number": ("minutes = 30", "minutes = true", 31, '"minutes": expected a whole number, found True'),
    "text for a list": ('["basics"]', '"basics"', 33, "\"builds_on\": expected a list in [ ], found 'basics'"),
    "a number in a list": ('needs = ["1.1"]', "needs = [1.1]", 24, '"needs": expected text in quotes, found 1.1'),
    "an empty title": ('title = "Registry"', 'title = ""', 29, '"title": expected some text'),
    "no minutes at all": ("minutes = 30", "minutes = 0", 31, '"minutes": expected greater than or equal to 1'),
    "a number twice": ("number = 3", "number = 1", 27, "a lesson number above 1, found 1"),
    "a topic twice": ('topic = "model_registry"', 'topic = "basics"', 28, 'a topic of its own, "basics" is taken'),
    "a topic with capitals": ('"model_registry"', '"Registry"', 28, 'a topic like "model_registry", found "Registry"'),
    "an unknown topic to build on": ('["basics"]', '["base"]', 33, '(basics), "base" is not a topic'),
    "a lesson built on itself": ('["basics"]', '["model_registry"]', 33, "comes later, or is this lesson"),
    "a lesson built on a later one": ("builds_on = []", 'builds_on = ["model_registry"]', 12, "comes later"),
    "an unknown task needed": (
        'needs = ["1.1"]',
        'needs = ["1.9"]',
        24,
        'earlier tasks of this lesson (1.1), found "1.9"',
    ),
    "a task that needs itself": ('needs = ["1.1"]', 'needs = ["1.2"]', 24, 'found "1.2"'),
    "a task number twice": ('number = "1.2"', 'number = "1.1"', 22, 'the task number "1.2", found "1.1"'),
    "an undotted idea": ('"asyncio.Lock"', '"asyncio Lock"', 35, 'dotted names like "fastapi.FastAPI"'),
    "an unknown piece of syntax": ('"syntax.await"', '"syntax.class"', 35, 'found "syntax.class"'),
    "a model that is no module": ('["sentence_transformers"]', '["all-MiniLM"]', 34, 'found "all-MiniLM"'),
}


@pytest.mark.parametrize(("old", "new", "line", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_catalogue_names_line_and_what_was_expected(
    tmp_path: Path, old: str, new: str, line: int, expected: str
) -> None:
    assert CATALOG.count(old) == 1
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load(file)
    assert (caught.value.line, caught.value.file) == (line, file)
    assert expected in caught.value.problem
    assert str(caught.value).startswith(f"{file}, line {line}: ")


def test_a_lesson_without_tasks_is_refused_at_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG[: CATALOG.rindex("[[lesson.task]]")], encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load(file)
    assert (caught.value.line, caught.value.problem) == (26, 'expected the key "task", which is missing')


def test_an_empty_list_of_tasks_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG[: CATALOG.rindex("[[lesson.task]]")] + "task = []\n", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"line 26: expected at least one \[\[lesson.task\]\]"):
        load(file)


def test_the_first_of_several_mistakes_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG.replace('["1.1"]', '["1.9"]').replace("number = 3", "number = 1"), encoding="utf-8")
    with pytest.raises(CatalogError, match="line 24"):
        load(file)


def test_windows_line_ends_and_a_byte_order_mark_are_harmless(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_bytes(b"\xef\xbb\xbf" + CATALOG.replace("\n", "\r\n").encode())
    assert load(file).lessons[1].topic == "model_registry"


def test_a_missing_catalogue_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.toml: this file is missing"):
        load(tmp_path / "catalog.toml")


def test_a_folder_in_place_of_the_catalogue_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="expected a file, found a folder"):
        load(tmp_path)


def test_a_catalogue_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_bytes(CATALOG.replace("Registry", "Régistry").encode("latin-1"))
    with pytest.raises(CatalogError, match="line 29: expected UTF-8 text, found the byte 0xe9"):
        load(file)


def test_the_checkout_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    (tmp_path / "lessons" / "01_basics").mkdir(parents=True)
    (tmp_path / "lessons" / "catalog.toml").write_text(CATALOG, encoding="utf-8")
    course = Course.find(tmp_path / "lessons" / "01_basics")
    assert course.root == tmp_path.resolve()
    assert course.catalog().find(1).topic == "basics"


def test_outside_a_checkout_the_error_says_where_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CourseNotFound) as caught:
        Course.find(tmp_path)
    assert str(tmp_path.resolve()) in str(caught.value)
    assert "lessons/catalog.toml" in str(caught.value)


def test_a_lesson_file_is_looked_for_in_the_target(catalog: Catalog, tmp_path: Path) -> None:
    course = Course(tmp_path)
    assert course.lesson_file(catalog.find(1)) == tmp_path / "lessons" / "01_basics" / "app.py"
    assert course.lesson_file(catalog.find(1), Path("solutions")) == Path("solutions", "01_basics", "app.py")
