"""A lesson's README is taken apart for the tests and for review; what it lacks is reported with its line."""

from pathlib import Path

import pytest

from grader.content import readme
from grader.content.catalog import Lesson, Task
from grader.content.transcript import Exchange, exchanges, is_as_promised

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
README = """\
# 01 · Basics

A story.

## The picture

A picture.

## A worked example

```python
# double.py
app = 1
```

Try it:

```console
$ fastapi dev double.py
$ curl -s localhost:8000/double/21
{"result":42}
```

## Predict

What does it answer to `/double/-1`?

<details><summary>Answer</summary>

```console
$ curl -s \\
    localhost:8000/double/-1
{
  "result": -2
}
```

Whole numbers may be negative.

</details>

## Tasks

### 1.1 List the catalogue

All of it.

### 1.2 Get a model

One of it.

## In the capstone

Bigger.

## Read on

Docs.
"""


@pytest.fixture
def parts() -> readme.Readme:
    """The README above, taken apart."""
    return readme.parse(README, LESSON, Path("README.md"))


def test_the_worked_example_has_a_name_a_program_and_exchanges(parts: readme.Readme) -> None:
    assert (parts.example.name, parts.example.source, parts.example.line) == ("double.py", "# double.py\napp = 1\n", 12)
    assert parts.example.exchanges == (
        Exchange("fastapi dev double.py", "", 19),
        Exchange("curl -s localhost:8000/double/21", '{"result":42}', 20),
    )


def test_the_prediction_has_a_question_an_answer_and_exchanges(parts: readme.Readme) -> None:
    assert parts.prediction.question == "What does it answer to `/double/-1`?"
    assert parts.prediction.answer.endswith("Whole numbers may be negative.")
    assert parts.prediction.exchanges == (Exchange("curl -s localhost:8000/double/-1", '{\n  "result": -2\n}', 31),)


def test_sections_are_found_by_name(parts: readme.Readme) -> None:
    assert parts.sections["In the capstone"] == "Bigger."
    assert "### 1.2 Get a model" in parts.sections["Tasks"]


def test_the_picture_may_be_missing() -> None:
    text = README.replace("## The picture\n\nA picture.\n\n", "")
    assert readme.parse(text, LESSON, Path("README.md")).example.line == 8


BROKEN = {
    "another title": ("# 01 · Basics", "# Basics", 1, 'expected the heading "# 01 · Basics", found "# Basics"'),
    "a missing section": ("## In the capstone\n", "", 55, '"## In the capstone", found "## Read on"'),
    "a missing end": ("## Read on\n\nDocs.\n", "", 55, '"## Read on", the file ends here'),
    "an unknown section": ("## Read on", "## More\n\n## Read on", 56, '"## Read on", found "## More"'),
    "a section after the last": ("Docs.\n", "Docs.\n\n## More\n", 60, 'no further heading after "## Read on"'),
    "another task": ("### 1.2 Get a model", "### 1.2 Get it", 48, 'expected the heading "### 1.2 Get a model"'),
    "no program": ("```python\n# d", "```text\n# d", 9, "expected one ```python block in this section, found 0"),
    "a nameless program": ("# double.py\n", "", 12, 'a first line like "# example.py"'),
    "no exchange": ("```console\n$ fastapi", "```text\n$ fastapi", 10, "expected a ```console block"),
    "no answer": ("<summary>Answer</summary>", "<summary>More</summary>", 24, "found none"),
    "no question": ("/double/-1`?", "/double/-1`.", 24, "expected a question that ends in ?"),
    "a console block hidden in HTML": ("</summary>\n\n", "</summary>\n", 28, "after an empty line if below HTML"),
}


@pytest.mark.parametrize(("old", "new", "line", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_readme_names_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert README.count(old) == 1
    with pytest.raises(readme.ReadmeError) as caught:
        readme.parse(README.replace(old, new), LESSON, Path("lessons/01_basics/README.md"))
    assert caught.value.line == line
    assert expected in caught.value.problem


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(readme.ReadmeError, match=r"README\.md: this file is missing"):
        readme.load(tmp_path / "README.md", LESSON)


def test_output_before_the_first_command_is_no_exchange() -> None:
    assert exchanges("hello\n$ curl -s x\nyes\n", 5) == [Exchange("curl -s x", "yes", 6)]


FITTING = [
    ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }'),
    ('{"a":"…"}', '{"a":{"deep":[1]}}'),
    ('{"id":"user-…"}', '{"id":"user-17"}'),
    ('{"vector":[0.5,"…"]}', '{"vector":[0.5,0.25,0.125]}'),
    ('{"vector":[0.5,…]}', '{"vector":[0.5,0.25,0.125]}'),
    ('{"vector":[…]}', '{"vector":[]}'),
    ("HTTP/1.1 200 OK\n…\n\n{}", "HTTP/1.1 200 OK\r\ndate: today\r\nserver: x\r\n\r\n{}"),
    ("date: …", "date: Mon, 1 Jan"),
    ("[1,2,3]", "[1, 2, 3]"),
    ("[…,3]", "[1,2,3]"),
    ("", " \n"),
]


@pytest.mark.parametrize(("promised", "answer"), FITTING)
def test_an_answer_that_fits_is_recognised(promised: str, answer: str) -> None:
    assert is_as_promised(promised, answer)


OTHER = [
    ('{"a":1}', '{"a":1,"b":2}'),
    ('{"a":1}', '{"a":true}'),
    ('{"a":1}', '{"a":"1"}'),
    ('{"id":"user-…"}', '{"id":"model-17"}'),
    ('{"vector":[0.5,"…"]}', '{"vector":[0.25,0.5]}'),
    ("[1,2]", "[2,1]"),
    ("[]", "[1]"),
    ("[1]", "[]"),
    ("[1,2]", "[1,3]"),
    ("[…,3]", "[1,2]"),
    ('{"a":1}', "[1]"),
    ("[1]", '{"a":1}'),
    ("HTTP/1.1 200 OK\n…", "HTTP/1.1 404 Not Found\ndate: today"),
    ("date: …", "server: x"),
    ("", "{}"),
    ('{"a":1}', "Internal Server Error"),
]


@pytest.mark.parametrize(("promised", "answer"), OTHER)
def test_another_answer_is_recognised_too(promised: str, answer: str) -> None:
    assert not is_as_promised(promised, answer)
