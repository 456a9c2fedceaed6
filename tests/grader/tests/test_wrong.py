"""Wrong solutions are made by replacements in the solution; one that does not fit is reported with its line."""

from pathlib import Path

import pytest

from grader.content import wrong
from grader.content.catalog import Lesson, Task
from grader.report import Cause

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
SOLUTION = "models = []\nlimit = 10\n\n\ndef get(name):\n    return models[:limit]\n"
WRONG = """\
[[wrong]]
name = "no-limit"
why = "It is easily forgotten."
task = "1.1"
[[wrong.replace]]
old = '''
limit = 10
'''
new = ""
[[wrong.replace]]
old = "[:limit]"
new = ""

[[wrong]]
name = "endless"
why = "It looks like a retry."
task = "1.2"
cause = "hung"
[[wrong.replace]]
old = "    return models"
new = "    while True: pass\\n    return models"
"""


def load(tmp_path: Path, text: str) -> list[wrong.WrongSolution]:
    """The wrong solutions of a file with this text."""
    file = tmp_path / "01_basics.toml"
    file.write_text(text, encoding="utf-8")
    return wrong.load(file, LESSON, SOLUTION)


def test_a_wrong_solution_is_the_solution_with_its_replacements(tmp_path: Path) -> None:
    first, second = load(tmp_path, WRONG)
    assert (first.misconception.name, first.misconception.task) == ("no-limit", "1.1")
    assert first.source == "models = []\n\n\ndef get(name):\n    return models\n"
    assert second.source == SOLUTION.replace("    return", "    while True: pass\n    return")


def test_the_cause_is_an_assertion_unless_said_otherwise(tmp_path: Path) -> None:
    causes = [made.misconception.cause for made in load(tmp_path, WRONG)]
    assert causes == [Cause.ASSERTION, Cause.HUNG]


BROKEN = {
    "no name": ('name = "no-limit"\n', "", 1, 'the key "name", which is missing'),
    "an unknown key": ('why = "It is', 'because = "It is', 3, 'the key "because" is unknown'),
    "no replacement": ('[[wrong.replace]]\nold = "    return models"\nnew', "notes", 19, 'key "notes" is unknown'),
    "an unknown cause": ('"hung"', '"slow"', 18, '"cause": expected'),
    "an unknown task": ('task = "1.2"', 'task = "1.3"', 17, 'expected a task of 01_basics (1.1, 1.2), found "1.3"'),
    "a name twice": ('"endless"', '"no-limit"', 15, '"no-limit" is taken'),
    "text that is not there": (
        'old = "[:limit]"',
        'old = "[:top]"',
        11,
        "occurs once in the solution, this occurs 0 times",
    ),
    "text that is there twice": ('old = "[:limit]"', 'old = "limit"', 11, "this occurs 2 times"),
    "a result that is no Python": (
        "limit = 10\n'''\nnew = \"\"",
        "limit = 10\n'''\nnew = \"(\"",
        1,
        "not valid Python",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "expected"), BROKEN.values(), ids=BROKEN)
def test_an_entry_that_does_not_fit_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, expected: str
) -> None:
    assert WRONG.count(old) == 1
    with pytest.raises(wrong.WrongError) as caught:
        load(tmp_path, WRONG.replace(old, new))
    assert caught.value.line == line
    assert expected in caught.value.problem
