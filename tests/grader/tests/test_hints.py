"""A ladder of hints has four steps for each task; a missing or misplaced one is reported with its line."""

from pathlib import Path

import pytest

from grader.content import hints
from grader.content.catalog import Lesson, Task

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
HINTS = """\
# Hints

## 1.1

### Concept

A list is an answer, too.

### Where

Below the comment.

### Partly

```python
# a comment is no heading
return [
```

### Nearly all

Return all of them.

## 1.2
### Concept
One of many.
### Where
In the path.
### Partly
Ask for a name.
### Nearly all
Return the one.
"""


def test_each_task_has_four_hints_in_order(tmp_path: Path) -> None:
    file = tmp_path / "hints.md"
    file.write_text(HINTS, encoding="utf-8")
    ladders = hints.load(file, LESSON)
    assert list(ladders) == ["1.1", "1.2"]
    assert [[hint.step for hint in ladder] for ladder in ladders.values()] == [list(hints.STEPS)] * 2
    assert (ladders["1.2"][3].text, ladders["1.2"][3].line) == ("Return the one.", 31)


def test_code_in_a_hint_is_kept_and_its_comments_are_no_headings() -> None:
    partly = hints.parse(HINTS, LESSON, Path("hints.md"))["1.1"][2]
    assert partly.text == "```python\n# a comment is no heading\nreturn [\n```"


def test_words_are_counted_without_the_fences() -> None:
    partly = hints.parse(HINTS, LESSON, Path("hints.md"))["1.1"][2]
    assert partly.words == len(["#", "a", "comment", "is", "no", "heading", "return", "["])


BROKEN = {
    "no title": ("# Hints\n", "", 2, 'expected the heading "# Hints", found "## 1.1"'),
    "a missing step": ("### Where\n\nBelow the comment.\n\n", "", 9, '"### Where", found "### Partly"'),
    "steps in another order": ("### Partly\nAsk", "### Nearly all\nAsk", 29, '"### Partly", found "### Nearly all"'),
    "an unknown task": ("## 1.2", "## 1.3", 24, 'expected the heading "## 1.2", found "## 1.3"'),
    "a task twice": ("## 1.2", "## 1.1", 24, 'expected the heading "## 1.2", found "## 1.1"'),
    "a step without text": ("Below the comment.\n", "\n", 9, 'a hint for 1.1 below "### Where", found nothing'),
    "one heading too many": ("Return the one.\n", "Return the one.\n\n## 1.3\n", 34, "expected no further heading"),
    "a missing end": ("### Nearly all\nReturn the one.\n", "", 30, '"### Nearly all", the file ends here'),
}


@pytest.mark.parametrize(("old", "new", "line", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_ladder_names_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert HINTS.count(old) == 1
    with pytest.raises(hints.HintsError) as caught:
        hints.parse(HINTS.replace(old, new), LESSON, Path("lessons/01_basics/hints.md"))
    assert caught.value.line == line
    assert expected in caught.value.problem


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(hints.HintsError, match=r"hints\.md: this file is missing"):
        hints.load(tmp_path / "hints.md", LESSON)
