"""The watch screen on a tiny real course: real saves, real verdicts, every key, and nothing left behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from rich.console import Console
from textual.pilot import Pilot

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.learner.desk import Desk, Page
from grader.learner.rounds import Event
from grader.learner.screen import WatchScreen
from grader.learner.session import Session
from grader.report import Outcome
from grader.tests import small_course


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A course; after the test no child of this process may be alive."""
    before = set(psutil.Process().children(recursive=True))
    yield small_course.make(tmp_path)
    left = set(psutil.Process().children(recursive=True)) - before
    _, alive = psutil.wait_procs(left, timeout=5)
    assert alive == []


class Seat:
    """Somebody sitting before the screen."""

    def __init__(self, screen: WatchScreen, pilot: Pilot[int]) -> None:
        self.screen, self.pilot, self.desk = screen, pilot, screen.desk

    async def until(self, is_there: Callable[[], object]) -> None:
        """Wait until something can be seen."""
        async with asyncio.timeout(30):
            while not is_there():
                await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def judged(self) -> None:
        """Wait for the first verdict."""
        await self.until(lambda: self.desk.report is not None)

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def text(self, name: str = "page") -> str:
        """What a part of the screen says, as words."""
        contents = {"page": self.desk.content, "note": self.desk.note, "status": self.desk.status}
        console = Console(width=200, no_color=True, highlight=False)
        with console.capture() as capture:
            console.print(contents[name], markup=False)
        return " ".join(capture.get().split())

    def picture(self) -> str:
        """All that is on the screen."""
        return self.screen.export_screenshot(simplify=True).replace("&#160;", " ")


@contextlib.asynccontextmanager
async def sitting(root: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Seat]:
    """Run the screen on the current lesson."""
    session = Session(Course(root))
    assert session.current is not None
    screen = WatchScreen(session, session.current, 1)
    async with screen.run_test(size=size) as pilot:
        yield Seat(screen, pilot)


def test_the_first_verdict_comes_by_itself_with_map_and_status(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            await seat.until(lambda: "check all" in seat.picture())
            picture = seat.picture()
            assert "Task 1.1" in picture
            assert "0 of 2 passed" in picture
            assert "seed 1" in picture

    asyncio.run(story())


def test_a_save_is_judged_by_itself(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            file = small_course.app(root, 1)
            saved = file.with_name("app.py.new")
            saved.write_text(
                file.read_text().replace('raise NotImplementedError("Task 1.1")', 'return {"greeting": "hello"}')
            )
            saved.replace(file)
            await seat.until(lambda: seat.desk.report and seat.desk.report.task_outcome("1.1") is Outcome.PASSED)
            assert "Task 1.2" in seat.text()
            assert seat.desk.session.standing(seat.desk.lesson).passed_tasks == 1

    asyncio.run(story())


def test_many_saves_at_once_end_in_the_verdict_on_the_last(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            file = small_course.app(root, 1)
            for number in range(20):
                file.write_text(f"number = {number}\n")
                await asyncio.sleep(0.01)
            small_course.solve(root, 1)
            await seat.until(lambda: seat.desk.lesson.number == 2)

    asyncio.run(story())


def test_a_pass_opens_the_next_lesson_and_stays_in_sight_until_n(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            small_course.solve(root, 1)
            await seat.until(lambda: seat.desk.lesson.number == 2 and seat.desk.report)
            picture = seat.picture()
            assert "01 A greeting" in picture
            assert "Answer with a greeting." in picture
            assert "Task 2.1" in picture
            await seat.press("d")
            assert seat.desk.page is Page.DIFF
            assert "BEGIN SOLUTION" in seat.text()
            await seat.press("n")
            assert seat.desk.passed is None
            assert seat.desk.lesson.number == 2

    asyncio.run(story())
    assert Session(Course(root)).progress.current == "doubling"


def test_the_last_pass_ends_the_course(root: Path) -> None:
    async def story() -> None:
        small_course.solve(root, 1)
        async with sitting(root) as seat:
            await seat.until(lambda: seat.desk.lesson.number == 2 and seat.desk.report)
            small_course.solve(root, 2)
            await seat.until(lambda: seat.desk.report and seat.desk.report.is_passed)
            assert "All lessons are passed." in seat.text()
            await seat.press("n")
            assert "last lesson" in seat.text("note")

    asyncio.run(story())


def test_a_save_in_another_lesson_opens_it(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            small_course.app(root, 2).write_text("nothing = 2\n")
            await seat.until(lambda: seat.desk.lesson.number == 2 and seat.desk.report)
            assert "The app does not start" in seat.text()

    asyncio.run(story())


def test_h_climbs_the_ladder_and_escape_leaves_it(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("h")
            assert "The hint concept of 1.1." in seat.text()
            assert "The hint where of 1.1." not in seat.text()
            await seat.press("h")
            assert "The hint where of 1.1." in seat.text()
            await seat.press("escape")
            assert seat.desk.page is Page.VERDICT
            await seat.press("h")
            assert "The hint partly of 1.1." not in seat.text()
            await seat.press("h", "h", "h")
            assert "The hint nearly all of 1.1." in seat.text()
            assert "last hint" in seat.text()

    asyncio.run(story())
    assert Session(Course(root)).progress.hint_level("greeting", "1.1") == 4


def test_a_broken_hints_file_is_one_sentence(root: Path) -> None:
    async def story() -> None:
        small_course.write(root / "lessons" / "01_greeting" / "hints.md", "# Hints\nnothing\n")
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("h")
            assert "hints.md, line 2: expected the heading" in seat.text("note")
            assert seat.desk.page is Page.VERDICT

    asyncio.run(story())


def test_d_before_a_pass_says_why_not(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("d")
            assert "opens once it is passed" in seat.text("note")
            assert seat.desk.page is Page.VERDICT

    asyncio.run(story())


def test_n_before_a_pass_asks_once_more(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("n")
            assert "not passed yet" in seat.text("note")
            assert seat.desk.lesson.number == 1
            await seat.press("n")
            await seat.until(lambda: seat.desk.lesson.number == 2 and seat.desk.report)

    asyncio.run(story())


def test_l_lists_the_lessons_and_opens_the_chosen_one(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("l")
            assert "Lessons" in seat.picture()
            await seat.press("escape")
            assert seat.desk.lesson.number == 1
            await seat.press("l", "down", "enter")
            await seat.until(lambda: seat.desk.lesson.number == 2 and seat.desk.report)

    asyncio.run(story())


def test_c_judges_every_lesson_and_leaves_the_current_one_in_sight(root: Path) -> None:
    async def story() -> None:
        small_course.solve(root, 2)
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("c")
            session = seat.desk.session
            await seat.until(lambda: session.is_passed(session.lessons[1]))
            await seat.until(lambda: seat.desk.status.startswith("lesson 1 judged"))
            assert seat.desk.lesson.number == 1

    asyncio.run(story())


def test_x_asks_and_keeps_the_old_file(root: Path) -> None:
    async def story() -> None:
        small_course.app(root, 1).write_text("my = 'work'\n")
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("x")
            await seat.press("n")
            assert small_course.app(root, 1).read_text() == "my = 'work'\n"
            await seat.press("x", "y")
            assert "NotImplementedError" in small_course.app(root, 1).read_text()
            await seat.until(lambda: seat.desk.report and not seat.desk.report.fault)
            assert "Your file is kept as" in seat.text("note")

    asyncio.run(story())
    backups = list((root / ".course" / "backups" / "01_greeting").iterdir())
    assert [file.read_text() for file in backups] == ["my = 'work'\n"]


def test_a_reset_that_cannot_be_done_is_one_sentence(root: Path) -> None:
    async def story() -> None:
        (root / "solutions" / "01_greeting" / "app.py").unlink()
        async with sitting(root) as seat:
            await seat.judged()
            await seat.press("x", "y")
            assert "this file is missing" in seat.text("note")

    asyncio.run(story())


def test_a_broken_file_of_checks_is_one_sentence_and_the_map_goes_on(root: Path) -> None:
    async def story() -> None:
        small_course.write(root / "tests" / "lessons" / "test_01_greeting.py", "import nothing_of_the_kind\n")
        async with sitting(root) as seat:
            await seat.until(lambda: seat.desk.note)
            assert "test_01_greeting.py, line 1" in seat.text("note")
            assert "0 of 2 passed" in seat.picture()

    asyncio.run(story())


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", 130)])
def test_quitting_in_the_middle_of_an_endless_loop_is_quick(root: Path, key: str, code: int) -> None:
    async def story() -> None:
        text = small_course.app(root, 1).read_text()
        small_course.app(root, 1).write_text(text.replace("raise NotImpl", "while True: pass\n    raise NotImpl"))
        async with sitting(root) as seat:
            await seat.until(lambda: seat.desk.is_judging)
            async with asyncio.timeout(5):
                await seat.press(key)
        assert seat.screen.return_value == code

    asyncio.run(story())


def test_a_save_calls_off_a_round_that_takes_long(root: Path) -> None:
    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()
            text = small_course.app(root, 1).read_text()
            small_course.app(root, 1).write_text(text.replace("raise NotImpl", "while True: pass\n    raise NotImpl"))
            await seat.until(lambda: seat.desk.is_judging)
            await asyncio.sleep(1.2)
            async with asyncio.timeout(9):  # less than the judge gives a request that hangs
                small_course.solve(root, 1)
                await seat.until(lambda: seat.desk.lesson.number == 2)

    asyncio.run(story())


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
def test_every_size_of_terminal_has_lesson_verdict_and_keys(root: Path, size: tuple[int, int]) -> None:
    async def story() -> None:
        async with sitting(root, size) as seat:
            await seat.judged()
            await seat.until(lambda: "hint" in seat.picture())
            assert "A greeting" in seat.picture()
            assert "Task 1.1" in seat.picture()
            assert seat.screen.query_one("#map").display is (size[0] >= 110)

    asyncio.run(story())


def test_waking_up_a_model_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = (root / "lessons" / "catalog.toml").read_text()
    small_course.write(root / "lessons" / "catalog.toml", catalog.replace("models = []", 'models = ["colorsys"]', 1))
    said: list[str] = []
    hear = Desk.hear

    def overhear(desk: Desk, event: Event) -> Lesson | None:
        following = hear(desk, event)
        said.append(desk.status)
        return following

    async def story() -> None:
        async with sitting(root) as seat:
            await seat.judged()

    monkeypatch.setattr(Desk, "hear", overhear)
    asyncio.run(story())
    assert said[0] == "waking up PyTorch, once, about 10 s …"
    assert "judged in" in said[-1]
