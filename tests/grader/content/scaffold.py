"""A new lesson: every file it needs, ready to run, with "FILL IN" wherever an author still has work to do."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from grader.content import skeleton
from grader.content.catalog import SHAPE, TOPIC, Catalog
from grader.content.layout import Course
from grader.content.source import read_source, shown, write_source
from grader.content.stub import cut
from grader.content.table import Lines

UNFINISHED = "FILL IN"


class ScaffoldError(Exception):
    """The lesson cannot be created, in one sentence; nothing was written."""


@dataclass(frozen=True)
class Gap:
    """A place that an author has not filled in yet."""

    file: Path
    line: int


def new_lesson(course: Course, number: int, topic: str, title: str) -> list[Path]:
    """Create a lesson and its catalogue entry; returns the files created. Nothing is ever overwritten."""
    catalog = course.catalog()
    _check_free(catalog, number, topic, title)
    values = _values(catalog, number, topic, title)
    entry = skeleton.CATALOG.format(**values)
    listing = _with_entry(read_source(course.catalog_file), catalog, entry, number)
    texts = _texts(course, entry, values)
    taken = next((file for file in texts if file.exists()), None)
    if taken:
        raise ScaffoldError(f"{shown(taken)} exists already; choose another number or topic, or remove it")
    _check_listing(listing)
    _create(texts, course.catalog_file, listing)
    return list(texts)


def gaps(course: Course) -> list[Gap]:
    """Where the course's files still say "FILL IN"."""
    files = [course.catalog_file]
    for lesson in course.catalog().lessons:
        files += [course.solution_file(lesson), course.lesson_file(lesson), course.readme(lesson)]
        files += [course.hints_file(lesson), course.checks_file(lesson), course.wrong_file(lesson)]
        files += course.right_files(lesson)
    found: list[Gap] = []
    for file in filter(Path.is_file, files):
        for line, text in enumerate(read_source(file).splitlines(), start=1):
            if UNFINISHED in text:
                found.append(Gap(file, line))
    return found


def _check_free(catalog: Catalog, number: int, topic: str, title: str) -> None:
    if not 1 <= number <= 99:
        raise ScaffoldError(f"expected a lesson number from 1 to 99, got {number}")
    if not TOPIC.fullmatch(topic):
        raise ScaffoldError(f'expected a topic like "model_registry" (small letters, digits and _), got "{topic}"')
    if not title.strip() or set(title) & set('"\\\n{}'):
        raise ScaffoldError(f"expected a title on one line without quotes, braces or backslashes, got {title!r}")
    for lesson in catalog.lessons:
        if lesson.number == number or lesson.topic == topic:
            raise ScaffoldError(f'{lesson.slug} exists already ("{lesson.title}"); choose another number or topic')


def _values(catalog: Catalog, number: int, topic: str, title: str) -> dict[str, object]:
    """What the skeletons leave open. The first lesson has to teach FastAPI itself, later ones build on the previous."""
    earlier = [lesson.topic for lesson in catalog.lessons if lesson.number < number]
    return {
        "number": number,
        "topic": topic,
        "title": title,
        "slug": f"{number:02}_{topic}",
        "builds_on": f'"{earlier[-1]}"' if earlier else "",
        "teaches": "" if earlier else '"fastapi.FastAPI"',
    }


def _texts(course: Course, entry: str, values: dict[str, object]) -> dict[Path, str]:
    """Every file of the lesson described by `entry`; the stub is cut from the solution."""
    lesson = SHAPE.validate_python(tomllib.loads(entry)).lessons[0]
    solution = course.solution_file(lesson)
    right = course.right / lesson.slug
    texts = {
        solution: skeleton.SOLUTION,
        course.readme(lesson): skeleton.README,
        course.hints_file(lesson): skeleton.HINTS,
        course.checks_file(lesson): skeleton.CHECKS,
        course.wrong_file(lesson): skeleton.WRONG,
        right / "asynchronous.py": skeleton.RIGHT_ASYNC,
        right / "router.py": skeleton.RIGHT_ROUTER,
    }
    filled = {file: text.format(**values) for file, text in texts.items()}
    return filled | {course.lesson_file(lesson): cut(filled[solution], lesson, solution)}


def _with_entry(listing: str, catalog: Catalog, entry: str, number: int) -> str:
    """The catalogue's text with the entry put before the first later lesson and the comments that belong to it."""
    later = [index for index, lesson in enumerate(catalog.lessons) if lesson.number > number]
    if not later:
        return f"{listing.rstrip()}\n\n{entry}".lstrip()
    lines = listing.splitlines(keepends=True)
    start = Lines(listing).of("lesson", later[0]) - 1
    while start > 0 and lines[start - 1].startswith("#"):
        start -= 1
    return "".join(lines[:start]) + f"{entry}\n" + "".join(lines[start:])


def _check_listing(listing: str) -> None:
    try:
        tomllib.loads(listing)
    except tomllib.TOMLDecodeError as problem:
        raise ScaffoldError(
            f"catalog.toml takes no entry: write its lessons as [[lesson]] tables ({problem})"
        ) from None


def _create(texts: dict[Path, str], catalog_file: Path, listing: str) -> None:
    """Write new files and the catalogue; if one cannot be written, those written so far are taken away again."""
    created: list[Path] = []
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                created.append(file)
                stream.write(text)
        write_source(catalog_file, listing)
    except OSError as problem:
        for file in created:
            file.unlink(missing_ok=True)
        raise ScaffoldError(f"{problem.filename or 'a file'} cannot be written: {problem.strerror}") from None
