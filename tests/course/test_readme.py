"""What a lesson's README shows is what happens: its example is started, and its requests are sent by a real curl."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.content import readme
from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.markdown import links
from grader.content.source import shown
from grader.content.transcript import Exchange, is_as_promised
from grader.judge import Judge

SECONDS = "20"
OFFICIAL_LINKS = range(2, 5)
SHELL = {"|", ">", ">>", "<", "&&", "||", ";", "&"}


@pytest.fixture
def parts(course: Course, lesson: Lesson) -> readme.Readme:
    """The README of the lesson, taken apart."""
    return readme.load(course.readme(lesson), lesson)


def test_the_worked_example_answers_as_shown(
    judge: Judge, course: Course, lesson: Lesson, parts: readme.Readme, tmp_path: Path
) -> None:
    file = tmp_path / parts.example.name
    file.write_text(parts.example.source, encoding="utf-8")
    surprises = []
    with judge.start(file, models=lesson.models) as app:
        for exchange in requests(parts):
            answer = sent(exchange, app.socket_path)
            if not is_as_promised(exchange.answer, answer):
                place = f"{shown(course.readme(lesson))}, line {exchange.line}"
                surprises.append(f"{place}: expected\n{exchange.answer}\ngot\n{answer}\n{app.traceback}")
    assert not surprises, "\n".join(surprises)


def test_every_command_shown_is_one_that_is_tested(course: Course, lesson: Lesson, parts: readme.Readme) -> None:
    file = shown(course.readme(lesson))
    start = f"fastapi dev {parts.example.name}"
    odd = [
        f"{file}, line {exchange.line}: {exchange.command}"
        for exchange in (*parts.example.exchanges, *parts.prediction.exchanges)
        if exchange.command != start and (words(exchange)[0] != "curl" or SHELL & set(words(exchange)))
    ]
    assert not odd, f"expected `{start}` or a plain curl:\n" + "\n".join(odd)
    assert any(exchange.command == start for exchange in parts.example.exchanges), f"say `$ {start}` first"


def test_the_example_is_not_the_task(course: Course, lesson: Lesson, parts: readme.Readme) -> None:
    solution = course.solution_file(lesson).read_text(encoding="utf-8")
    routes = [line.strip() for line in parts.example.source.splitlines() if line.startswith("@app.")]
    shared = [route for route in routes if route in solution]
    assert not shared, f"the worked example gives a task away: {shared}"


def test_the_opening_says_how_long_it_takes_and_how_to_start(course: Course, lesson: Lesson) -> None:
    opening = course.readme(lesson).read_text(encoding="utf-8").partition("\n## ")[0]
    run = "fastapi dev" if lesson.file == "app.py" else "pytest"
    for expected in (f"{lesson.minutes} minutes", "`course`", f"{run} lessons/{lesson.slug}/{lesson.file}"):
        assert expected in opening, f"the lines before the first section should say {expected}"


def test_reading_on_leads_to_a_few_pages(parts: readme.Readme) -> None:
    found = [link.target for link in links(parts.sections["Read on"])]
    assert len(found) in OFFICIAL_LINKS, f"expected two to four links, found {len(found)}"
    assert all(target.startswith("https://") for target in found), f"expected official documentation, found {found}"


def requests(parts: readme.Readme) -> Iterator[Exchange]:
    """The requests in the order in which a reader sends them: the example's, then the predicted ones."""
    for exchange in (*parts.example.exchanges, *parts.prediction.exchanges):
        if words(exchange)[0] == "curl":
            yield exchange


def words(exchange: Exchange) -> list[str]:
    """The command as a shell would split it."""
    return shlex.split(exchange.command)


def sent(exchange: Exchange, socket_path: str) -> str:
    """What curl prints for this command, with the app's own socket in place of port 8000."""
    command = ["curl", "--unix-socket", socket_path, "--max-time", SECONDS, *words(exchange)[1:]]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    return done.stdout
