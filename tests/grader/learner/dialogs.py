"""The two small windows over the watch screen: a question answered by y or n, and the list of lessons."""

from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from grader.content.catalog import Lesson
from grader.learner import render
from grader.learner.render import Rows


class Question(ModalScreen[bool]):
    """Yes or no; anything but yes is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,q", "answer(False)", "no"),
    ]

    def __init__(self, text: RenderableType) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Put the question in a box."""
        with Vertical(id="box"):
            yield Static(self._text)
            yield Static("y yes   n no", id="keys")

    def action_answer(self, is_yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(is_yes)


class Lessons(ModalScreen[str | None]):
    """All lessons with their state; gives the topic of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l,escape,q", "dismiss(None)", "back")]

    def __init__(self, rows: Rows, current: Lesson | None) -> None:
        super().__init__()
        self._rows, self._current = rows, current

    def compose(self) -> ComposeResult:
        """One option for each lesson, the current one marked."""
        width = max(8, min(30, self.app.size.width - 40))
        lines = [(render.lesson_line(*row, row[0] == self._current, width), row[0].topic) for row in self._rows]
        with Vertical(id="box"):
            yield Static(Text("Lessons", "bold"))
            yield OptionList(*(Option(line, topic) for line, topic in lines))
            yield Static("↑ ↓ choose   enter open   esc back", id="keys")

    def on_mount(self) -> None:
        """Begin at the current lesson."""
        topics = [lesson.topic for lesson, _ in self._rows]
        if self._current is not None and topics:
            self.query_one(OptionList).highlighted = topics.index(self._current.topic)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the lesson that was chosen."""
        self.dismiss(event.option.id)
