"""What is shown can be read at 80 columns, without colour, in ASCII, and says what a tutor would say."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from grader.content.catalog import Lesson, Task
from grader.content.hints import Hint
from grader.learner import marks, render, verdict
from grader.learner.progress import Standing, State
from grader.report import Cause, Exchange, Fault, Outcome, Report, Verdict

TRACEBACK = """Traceback (most recent call last):
  File "{file}", line 23, in get_model
    return MODELS[name]
           ~~~~~~^^^^^^
KeyError: 'model-48213'"""


def lesson(number: int = 3, title: str = "A model that loads once") -> Lesson:
    tasks = tuple(Task(f"{number}.{n}", f"Task number {n}", ()) for n in (1, 2, 3))
    return Lesson(number, f"topic_{number}", title, "Serves one model.", 30, ("lifespan",), (), (), (), tasks)


def failed(task: str = "3.1", **values: object) -> Verdict:
    exchange = Exchange("GET /models/model-48213", "200 OK\nnull")
    base = {"why": "A caller must hear so.", "expected": "It should be 404 Not Found.", "exchange": exchange}
    return Verdict(task, "test_unknown_model_is_404", Outcome.FAILED, **(base | values))  # type: ignore[arg-type]


def report(*verdicts: Verdict, fault: Fault | None = None) -> Report:
    return Report("topic_3", "app.py", verdicts, fault, seed=7, seconds=0.314)


def shown(content: RenderableType, width: int = 80, encoding: str = "utf-8", **options: bool) -> str:
    """What a terminal of that width and encoding would be sent."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    marks.be_showable(stream)
    console = Console(file=stream, width=width, highlight=False, markup=False, **options)  # type: ignore[arg-type]
    console.print(content)
    stream.flush()
    return raw.getvalue().decode(encoding)


def words(text: str) -> str:
    return " ".join(text.split())


PASSED = Verdict("3.1", "test_it_is_there", Outcome.PASSED)
WAITING = Verdict("3.3", "test_it_is_fast", Outcome.WAITING, waits_for="3.2")
PAGES: Mapping[str, RenderableType] = {
    "map": render.lesson_map(
        [
            (lesson(1, "A title that goes on and on until nobody reads it any more"), Standing(State.OPEN, {})),
            (lesson(2), Standing(State.PASSED, {"2.1": "passed"}, passed_at="2026")),
            (lesson(3), Standing(State.CHANGED, {"3.1": "passed"}, passed_at="2026")),
        ],
        lesson(3),
    ),
    "failure": verdict.page(report(PASSED, failed("3.2"), WAITING), lesson(), Path("app.py")),
    "fault": verdict.page(
        report(WAITING, fault=Fault(Cause.IMPORT, "app.py, line 3: importing the file raised " + "x " * 60, 3)),
        lesson(),
        Path("app.py"),
    ),
    "hint": render.hint(
        lesson().tasks[0],
        [Hint("3.1", "Concept", "A “quoted” word — and `code` …\n\n```python\nx = 1  # " + "y" * 90 + "\n```\n", 1)],
        1,
    ),
    "diff": render.diff("a = 1\nb = 2\n", "a = 1\nb = 3  # " + "z" * 100 + "\n", lesson()),
    "solution": render.solution("# BEGIN SOLUTION 3.1\nx = 'é'\n# END SOLUTION\n"),
    "passed": render.passed(lesson()),
    "next": render.coming(lesson(), Path("lessons/03_topic_3")),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [80, 40])
def test_every_page_fits_the_width(name: str, width: int) -> None:
    for line in shown(PAGES[name], width).splitlines():
        assert len(line) <= width


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_shown_in_ascii(name: str) -> None:
    text = shown(PAGES[name], encoding="ascii")
    assert text.isascii()
    assert len(text.strip()) > 5


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_the_same_without_colour(name: str) -> None:
    coloured = shown(PAGES[name], force_terminal=True)
    plain = shown(PAGES[name], no_color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain


def test_a_verdict_says_task_sent_received_expected_and_why() -> None:
    text = words(shown(verdict.page(report(PASSED, failed("3.2"), WAITING), lesson(), Path("app.py"))))
    said = (
        "1 of 3 tasks · 0.31 s",
        "✗ Task 3.2 Task number 2 checked unknown model is 404",
        "sent GET /models/model-48213 came back 200 OK null",
        "expected It should be 404 Not Found. why A caller must hear so.",
        "✓ 3.1 it is there ✗ 3.2 unknown model is 404 failed · 3.3 it is fast waits for 3.2",
    )
    positions = [text.find(part) for part in said]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_a_traceback_names_the_learners_file_as_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "lessons" / "03_topic" / "app.py"
    text = shown(verdict.page(report(failed(traceback=TRACEBACK.format(file=file))), lesson(), file))
    assert "Your app raised" in text
    assert f"{Path('lessons', '03_topic', 'app.py')}, line 23, in get_model" in text
    assert "KeyError: 'model-48213'" in text
    assert "Traceback" not in text


def test_what_the_app_printed_is_shown_without_the_servers_log() -> None:
    output = "my own clue\nERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  x\n"
    text = shown(verdict.page(report(failed(output=output)), lesson(), Path("app.py")))
    assert "Your app printed" in text
    assert "my own clue" in text
    assert "ASGI" not in text


def test_long_output_is_cut_at_the_front() -> None:
    output = "\n".join(f"line {n}" for n in range(500))
    text = shown(verdict.page(report(failed(output=output)), lesson(), Path("app.py")))
    assert "line 499" in text
    assert "line 400" not in text
    assert "lines before" in text


def test_a_fault_shows_its_sentence_and_the_lines_around(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("one = 1\ntwo = 2\nthree = = 3\nfour = 4\nfive = 5\n")
    fault = Fault(Cause.SYNTAX, "app.py, line 3: Python cannot read this file.", 3)
    text = shown(verdict.page(report(WAITING, fault=fault), lesson(), file))
    assert "The app does not start" in text
    assert "app.py, line 3: Python cannot read this file." in text
    assert "▸    3 │ three = = 3" in text
    assert "four" in text
    assert "five" not in text


@pytest.mark.parametrize("line", [1, 3, 99])
def test_a_fault_in_a_line_at_the_edge_or_gone_is_no_trouble(tmp_path: Path, line: int) -> None:
    file = tmp_path / "app.py"
    file.write_text("one\ntwo\nthree\n")
    fault = Fault(Cause.SYNTAX, "There is something.", line)
    assert "There is something." in shown(verdict.page(report(fault=fault), lesson(), file))
    assert "There is something." in shown(verdict.page(report(fault=fault), lesson(), tmp_path / "gone.py"))


@pytest.mark.parametrize(
    ("waits_for", "said"),
    [("start", "waits for the app to start"), ("3.2", "waits for 3.2"), ("3.3", "the check of 3.3"), ("", "not tried")],
)
def test_a_waiting_check_says_for_what(waits_for: str, said: str) -> None:
    waiting = Verdict("3.3", "test_it_is_fast", Outcome.WAITING, waits_for=waits_for)
    assert said in shown(verdict.page(report(waiting), lesson(), Path("app.py")))


def test_what_is_asked_comes_early_for_a_task_not_begun_and_last_for_one_begun() -> None:
    begun = failed(traceback=TRACEBACK.format(file="app.py"))
    untouched = failed(traceback="Traceback (most recent call last):\nNotImplementedError: Task 3.1")
    for first, is_early in ((begun, False), (untouched, True)):
        text = shown(verdict.page(report(first, WAITING), lesson(), Path("app.py"), ["BUILD THIS"]))
        assert (text.index("BUILD THIS") < text.index("waits for 3.2")) is is_early


def test_an_app_cannot_paint_or_move_the_cursor() -> None:
    evil = "\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b[0m \u202etxet \ud800 \x08\x08[bold]not markup[/bold]\r\nnext"
    exchange = Exchange("GET /", evil)
    text = shown(verdict.page(report(failed(exchange=exchange, output=evil)), lesson(), Path("app.py")))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", text)
    assert "red" in text
    assert "[bold]not markup[/bold]" in text


def test_the_map_shows_numbers_titles_minutes_tasks_and_states() -> None:
    text = shown(PAGES["map"])
    lines = text.splitlines()
    assert lines[0] == "The course  1 of 3 lessons passed"
    assert words(lines[3]) == "✓ 02 A model that loads once 30 min ●○○ passed"
    assert words(lines[4]) == "▸ 03 A model that loads once 30 min ●○○ changed since, was passed"


def test_a_lesson_that_does_not_start_says_so_in_the_map() -> None:
    rows = [(lesson(), Standing(State.OPEN, {}, fault="app.py, line 3: no."))]
    assert "does not start" in shown(render.lesson_map(rows, None))


def test_a_diff_of_equal_files_says_so_whatever_their_markers() -> None:
    solution = "x = 1\n    # BEGIN SOLUTION 1.1: text\n    # STUB: pass\ny = 2\n    # END SOLUTION\n"
    assert "the same" in shown(render.diff("x = 1\ny = 2\n", solution, lesson()))


def test_hints_show_the_rungs_seen_and_no_more() -> None:
    ladder = [Hint("3.1", step, f"This is {step}.", 1) for step in ("Concept", "Where", "Partly", "Nearly all")]
    text = shown(render.hint(lesson().tasks[0], ladder, 2))
    assert "This is Where." in text
    assert "This is Partly." not in text
    assert "2 of 4" in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_no_encoding_makes_printing_fail(encoding: str) -> None:
    assert shown("✓ ✗ ▸ ● é ñ 漢 🙂 “quotes” …", encoding=encoding).strip()


def test_only_an_encoding_with_the_signs_can_have_the_screen() -> None:
    assert marks.can_show(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert not marks.can_show(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert not marks.can_show(io.TextIOWrapper(io.BytesIO(), "latin-1"))
