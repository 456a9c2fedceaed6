"""What lies before the learner in watch mode, whatever draws it: the lesson, its last report, and the page in sight."""

from enum import StrEnum

from rich.console import Group, RenderableType
from rich.text import Text

from grader.content import hints
from grader.content.catalog import Lesson
from grader.content.readme import load as load_readme
from grader.content.source import ContentError, read_source
from grader.learner import render, reset, verdict
from grader.learner.rounds import Began, Broke, Ended, Event, Heard
from grader.learner.session import Session
from grader.report import Outcome, Report


class Page(StrEnum):
    """What is in sight."""

    VERDICT = "verdict"
    HINT = "hint"
    DIFF = "diff"


class Desk:
    """`lesson` is the one that is worked on; `passed` is the one whose first pass has just brought us there.

    `note` is something short that stays above the page until the next key.
    """

    def __init__(self, session: Session, lesson: Lesson) -> None:
        self.session = session
        self.lesson = lesson
        self.passed: Lesson | None = None
        self.report: Report | None = None
        self.page = Page.VERDICT
        self.content: RenderableType = Text()
        self.note = ""
        self.status = ""
        self.is_judging = False
        self._is_sure = False
        self.open(lesson)

    def open(self, lesson: Lesson, passed: Lesson | None = None) -> None:
        """Put another lesson on the desk; it has to be judged then."""
        self.lesson, self.passed, self.report = lesson, passed, None
        self.session.progress.open_lesson(lesson.topic)
        self.back()

    def hear(self, event: Event) -> Lesson | None:
        """Take in what the judge said; gives the lesson that has to be judged now, if another one was opened."""
        is_mine = event.lesson == self.lesson
        self.is_judging = isinstance(event, Began | Heard)
        self.status = _status(event)
        if isinstance(event, Broke) and is_mine:
            self.note = event.sentence
        if not isinstance(event, Ended) or not is_mine:
            return None
        self.report = event.report
        following = self.session.next_open(self.lesson) if event.is_first_pass else None
        if following is not None:
            self.open(following, passed=self.lesson)
        else:
            self.passed = None if event.report.is_passed else self.passed
            self.back(keeps_note=True)
        return following

    def back(self, *, keeps_note: bool = False) -> None:
        """Show the verdict, or where the lesson is while there is none yet."""
        self.note = self.note if keeps_note else ""
        folder = self.session.course.readme(self.lesson).parent
        parts: list[RenderableType] = []
        if self.report is None:
            parts = [render.title(self.lesson), Text(), render.opening(folder)]
        elif self.report.is_passed:
            following = self.session.next_open(self.lesson)
            parts = [verdict.page(self.report, self.lesson, folder / "app.py"), render.learnt(self.lesson)]
            parts += [Text(), self.coming(following) if following else render.finished()]
        else:
            parts = [verdict.page(self.report, self.lesson, folder / "app.py", self._task_text())]
        self.page, self.content = Page.VERDICT, Group(*parts)

    def coming(self, lesson: Lesson) -> RenderableType:
        """The next lesson and its files."""
        return render.coming(lesson, self.session.course.readme(lesson).parent)

    def next(self) -> Lesson | None:
        """Clear away the pass in sight, or open the next lesson and give it; asks once more when this is not passed."""
        is_sure, self._is_sure = self._is_sure, False
        following = self.session.following(self.lesson)
        if self.passed is not None:
            self.passed = None
            self.back()
        elif following is None:
            self.note = "This is the last lesson. Press l for the list."
        elif self.session.is_passed(self.lesson) or is_sure:
            self.open(following)
            return following
        else:
            self._is_sure = True
            self.note = f"Lesson {self.lesson.number} is not passed yet. Press n again to go on anyway."
        return None

    def hint(self) -> None:
        """Show the hints seen so far for the first failing task; one more when they are in sight already."""
        task = self.lesson.task(self.first_open_task or "")
        if task is None:
            is_right = self.report is not None and self.report.is_passed
            self.note = "Every task is right: no hint is needed." if is_right else "One moment, the judge is not done."
            return
        ladder = hints.load(self.session.course.hints_file(self.lesson), self.lesson)[task.number]
        seen = self.session.progress.hint_level(self.lesson.topic, task.number)
        level = min(seen + 1, len(ladder)) if self.page is Page.HINT or not seen else min(seen, len(ladder))
        self.session.progress.see_hint(self.lesson.topic, task.number, level)
        more = "h  one more hint" if level < len(ladder) else "That was the last hint"
        self.note = ""
        self.page = Page.HINT
        self.content = Group(render.hint(task, ladder, level), Text(f"\n{more}    esc  back to the verdict", "dim"))

    def diff(self) -> None:
        """Show how the file differs from the solution, once the lesson was passed."""
        lesson = self.passed or self.lesson
        if not self.session.was_passed(lesson):
            self.note = f"The solution of lesson {lesson.number} opens once it is passed. Until then: h for a hint."
            return
        course = self.session.course
        own, solution = read_source(course.lesson_file(lesson)), read_source(course.solution_file(lesson))
        self.note = ""
        self.page, self.content = Page.DIFF, render.diff(own, solution, lesson)

    def reset(self) -> None:
        """Start the lesson over."""
        self.note = reset.start_over(self.session, self.lesson)

    @property
    def first_open_task(self) -> str | None:
        """The task to mend first; None when all are right or nothing is known."""
        if self.report is None or self.report.is_passed:
            return None
        if self.report.first_failure is not None:
            return self.report.first_failure.task
        tasks = (task.number for task in self.lesson.tasks)
        return next((task for task in tasks if self.report.task_outcome(task) is not Outcome.PASSED), None)

    def _task_text(self) -> list[RenderableType]:
        """What the README asks for in the task to mend first."""
        try:
            tasks = load_readme(self.session.course.readme(self.lesson), self.lesson).sections["Tasks"]
        except ContentError:
            return []
        for part in f"\n{tasks}".split("\n### ")[1:]:
            heading, _, body = part.partition("\n")
            if heading.split(" ")[0] == self.first_open_task:
                return [Text(f"  Task {heading}", "bold"), render.markdown(body.strip()), Text()]
        return []


def _status(event: Event) -> str:
    name = f"lesson {event.lesson.number}"
    if isinstance(event, Began):
        return "waking up PyTorch, once, about 10 s …" if event.is_waking else f"judging {name} …"
    if isinstance(event, Heard):
        return f"judging {name}: {event.count} checks …"
    if isinstance(event, Broke):
        return f"{name} could not be judged"
    return f"{name} judged in {event.report.seconds:.2f} s, seed {event.report.seed}"
