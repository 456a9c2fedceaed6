"""The pytest front end: `pytest tests/lessons --target DIR` asks the judge for verdicts and reports each as a test."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grader.content.layout import Course
    from grader.judge import Judge
    from grader.report import Report, Verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the judge."""
    group = parser.getgroup("course", "the judge of the course")
    group.addoption(
        "--target", default="lessons", metavar="DIR", help="folder shaped like lessons/ to judge (default: lessons)"
    )
    group.addoption("--seed", type=int, default=None, metavar="N", help="draw the same random inputs again")


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> "CheckItem | None":
    """Collect a function marked with `@check` as a check of the judge; leave everything else to pytest."""
    from grader.checks import Check

    found = getattr(obj, "__dict__", {}).get("grader_check")
    if isinstance(found, Check) and found.name == name:
        return CheckItem.from_parent(collector, name=name)
    return None


class CheckFailed(Exception):
    """A verdict that is not "passed", on its way to pytest's report."""


class CheckItem(pytest.Item):
    """One check of one lesson. All checks of a lesson are judged together, when the first of them is due."""

    def runtest(self) -> None:
        """Fail with the verdict's sentences unless the check passed."""
        report = _bench(self.config).report(self.path)
        verdict = next(verdict for verdict in report.verdicts if verdict.name == self.name)
        if verdict.outcome != "passed":
            raise CheckFailed(as_text(report, verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the tutor's sentences alone; anything else is the judge's own fault and keeps its traceback."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the check as pytest names a test."""
        function = getattr(self.parent, "obj", None)
        code = getattr(getattr(function, self.name, None), "__code__", None)
        return self.path, code.co_firstlineno - 1 if code else None, self.name


def as_text(report: "Report", verdict: "Verdict") -> str:
    """Return a verdict that is not "passed" as plain text for a terminal or a log."""
    if report.fault is not None:
        return "\n".join(part for part in (report.fault.sentence, report.fault.traceback) if part)
    if verdict.waits_for:
        return f"Task {verdict.task} waits for {verdict.waits_for}."
    lines = [f"Task {verdict.task}: {verdict.expected}"]
    if verdict.exchange is not None:
        lines += ["", "sent:", _indented(verdict.exchange.sent), "came back:", _indented(verdict.exchange.received)]
    lines += ["", f"why it matters: {verdict.why}"]
    if verdict.traceback:
        lines += ["", "the app raised:", _indented(verdict.traceback)]
    return "\n".join([*lines, "", f"(seed {report.seed})"])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


class _Bench:
    """The judge of one pytest session, and its reports so far."""

    def __init__(self, config: pytest.Config) -> None:
        from grader.content.layout import Course
        from grader.judge import Judge

        self.course: Course = Course.find(config.rootpath)
        self.judge: Judge = Judge()
        self._target = config.invocation_params.dir / str(config.getoption("--target"))
        self._seed: int | None = config.getoption("--seed")
        self._reports: dict[Path, Report] = {}

    def report(self, checks_file: Path) -> "Report":
        """Judge the target's file of the lesson that `checks_file` checks, once."""
        if checks_file not in self._reports:
            if not self._target.is_dir():
                raise CheckFailed(f"--target {self._target} is not a folder")
            lesson = self.course.catalog().find(checks_file.stem.removeprefix("test_"))
            app_file = self.course.lesson_file(lesson, self._target)
            self._reports[checks_file] = self.judge.check(lesson, app_file, checks_file, seed=self._seed)
        return self._reports[checks_file]


_BENCH = pytest.StashKey[_Bench]()


def _bench(config: pytest.Config) -> _Bench:
    if _BENCH not in config.stash:
        config.stash[_BENCH] = _Bench(config)
    return config.stash[_BENCH]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every process of this session's judge."""
    if _BENCH in config.stash:
        config.stash[_BENCH].judge.close()


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config) -> "Judge":
    """The judge of this pytest session, with its warm processes."""
    return _bench(pytestconfig).judge


@pytest.fixture(scope="session")
def course(pytestconfig: pytest.Config) -> "Course":
    """The checkout of the course that pytest runs in."""
    return _bench(pytestconfig).course
