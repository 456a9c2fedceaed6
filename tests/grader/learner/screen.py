"""The watch screen: saves are judged in the background, the verdict is shown at once, one key for each thing to do."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Footer, Static

from grader.content.catalog import Lesson
from grader.content.source import shown
from grader.learner import log, render, reset, theme, watch
from grader.learner.desk import Desk, Page
from grader.learner.dialogs import Lessons, Question
from grader.learner.ending import INTERRUPTED, quit_on_signals
from grader.learner.progress import Standing
from grader.learner.rounds import Ended, Event, Rounds
from grader.learner.session import Session

WIDE = 110


class Told(Message):
    """The judging thread has something to say."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class Saved(Message):
    """These lessons' files were saved."""

    def __init__(self, lessons: list[Lesson]) -> None:
        super().__init__()
        self.lessons = lessons


class WatchScreen(App[int]):
    """Draws the desk and gives it what comes from the judge, the watcher and the keys."""

    CSS = theme.CSS
    TITLE = "course"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 (the library declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next", "next"),
        Binding("h", "page('hint')", "hint"),
        Binding("l", "list", "list"),
        Binding("c", "check_all", "check all"),
        Binding("d", "page('diff')", "diff"),
        Binding("x", "reset", "reset"),
        Binding("escape", "page('back')", "back to the verdict", show=False),
        Binding("q", "leave(0)", "quit"),
        Binding("ctrl+c,ctrl+q", f"leave({INTERRUPTED})", "quit", show=False, priority=True),
    ]

    def __init__(self, session: Session, lesson: Lesson, seed: int | None = None) -> None:
        super().__init__()
        self.ansi_theme_dark = theme.COLOURS
        self.session, self.desk, self._seed = session, Desk(session, lesson), seed
        self._stop = threading.Event()

    def compose(self) -> ComposeResult:
        """Title, map, the pane with a pass above the page, status, keys."""
        yield Static(id="title")
        with Horizontal(id="body"):
            with VerticalScroll(id="map", can_focus=False):
                yield Static(id="lessons")
            with VerticalScroll(id="pane"):
                yield Static(id="note")
                yield Static(id="passed")
                yield Static(id="page")
        yield Static(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to watch before the first verdict, so that no save is missed."""
        self.register_theme(theme.COURSE)
        self.theme = theme.COURSE.name
        quit_on_signals(lambda: self.action_leave(INTERRUPTED))
        by_file = {self.session.course.lesson_file(lesson): lesson for lesson in self.session.lessons}
        saves = watch.saves(list(by_file), self._stop)
        threading.Thread(target=self._watch, args=(saves, by_file), name="watching", daemon=True).start()
        self._rounds = Rounds(self.session, self._tell, self._seed)
        self._rounds.ask(self.desk.lesson)
        self.query_one("#pane").focus()
        self._draw()

    def on_unmount(self) -> None:
        """End the watching and every child, whatever the way out."""
        self._stop.set()
        self._rounds.close()

    def on_told(self, message: Told) -> None:
        """Show what the judge said; a first pass opens the next lesson by itself."""
        if (following := self.desk.hear(message.event)) is not None:
            self._rounds.ask(following)
        if self.return_code is not None or not self.is_running:
            return  # on its way out: there is nothing left to draw on
        self._draw(is_new=isinstance(message.event, Ended))

    def on_saved(self, message: Saved) -> None:
        """Judge what was saved; a save in another lesson opens that one."""
        if self.desk.lesson not in message.lessons:
            self.desk.open(message.lessons[0])
        self.desk.passed = None
        self._rounds.ask(self.desk.lesson)

    def action_next(self) -> None:
        """Go on."""
        if (following := self.desk.next()) is not None:
            self._rounds.ask(following)
        self._draw()

    def action_page(self, name: str) -> None:
        """Show the hint, the diff or the verdict; say so when that cannot be done."""
        self._try(getattr(self.desk, name))
        self._draw(is_at_end=name == "hint")

    def action_check_all(self) -> None:
        """Judge every lesson, the current one last, so that its verdict stays in sight."""
        self._rounds.ask_all([lesson for lesson in self.session.lessons if lesson != self.desk.lesson])
        self._rounds.ask_all([self.desk.lesson])

    def action_list(self) -> None:
        """Show all lessons, to choose one."""

        def choose(topic: str | None) -> None:
            if topic is not None:
                self.desk.open(self.session.catalog.find(topic))
                self._rounds.ask(self.desk.lesson)
                self._draw()

        self.push_screen(Lessons(self._rows(), self.desk.lesson), choose)

    def action_reset(self) -> None:
        """Ask, then start the lesson over; the old file is kept."""

        def answer(is_yes: bool | None) -> None:
            if is_yes:
                self._try(self.desk.reset)
                self._draw()

        self.push_screen(Question(reset.question(self.session, self.desk.lesson)), answer)

    def action_leave(self, code: int) -> None:
        """Quit."""
        self.exit(code)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            self.desk.note = log.sentence(error, self.session.folder)

    def _tell(self, event: Event) -> None:
        self.post_message(Told(event))

    def _watch(self, saves: Iterator[list[Path]], by_file: dict[Path, Lesson]) -> None:
        for files in saves:
            self.post_message(Saved([by_file[file] for file in files]))

    def _here(self) -> tuple[Standing, str]:
        file = shown(self.session.course.lesson_file(self.desk.lesson))
        return self.session.standing(self.desk.lesson), file if self.size.width >= WIDE else ""

    def _rows(self) -> render.Rows:
        return [(lesson, self.session.standing(lesson)) for lesson in self.session.lessons]

    def _draw(self, *, is_new: bool = True, is_at_end: bool = False) -> None:
        """Bring every part of the screen up to date."""
        desk, base = self.desk, self.screen_stack[0]
        texts = {
            "title": render.banner(desk.lesson, *self._here()),
            "lessons": render.side_map(self._rows(), desk.lesson),
            "note": desk.note,
            "passed": render.passed(desk.passed) if desk.passed else "",
            "page": desk.content,
            "status": desk.status,
        }
        for name, content in texts.items():
            widget = base.query_one(f"#{name}", Static)
            widget.update(content)
            widget.set_class(bool(content), "-shown")
        base.query_one("#page").set_class(desk.is_judging and desk.page is Page.VERDICT, "-stale")
        pane = base.query_one("#pane", VerticalScroll)
        if is_at_end:
            pane.scroll_end(animate=False)
        elif is_new:
            pane.scroll_home(animate=False)
