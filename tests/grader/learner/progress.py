"""What a learner has reached, kept by lesson topic so that it survives renumbered lessons, updates and kill -9."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from grader.learner.store import Store
from grader.report import Outcome, Report


class State(StrEnum):
    """Where a lesson stands, judged by the last verdict on exactly these files."""

    UNTRIED = "not started"
    CHANGED = "changed since"
    OPEN = "in progress"
    PASSED = "passed"


@dataclass(frozen=True)
class Standing:
    """A lesson's line in the map; `tasks` maps each judged task to the outcome of the last run, however old."""

    state: State
    tasks: Mapping[str, str]
    fault: str = ""
    passed_at: str = ""

    @property
    def passed_tasks(self) -> int:
        """How many tasks were right in the last run."""
        return sum(outcome == Outcome.PASSED for outcome in self.tasks.values())


def fingerprint(*files: Path) -> str:
    """One sha256 over the contents of `files`; a file that cannot be read counts as its error's name."""
    whole = hashlib.sha256()
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            content = type(error).__name__.encode()
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


class Progress:
    """The progress of one course folder; what is wrong with saving it goes to `notify`, or else to `notices`."""

    def __init__(self, folder: Path, notify: Callable[[str], None] | None = None) -> None:
        self.notices: list[str] = []
        self._store = Store(folder / "progress.json", notify or self.notices.append)

    @property
    def file(self) -> Path:
        """Where the progress is kept."""
        return self._store.file

    def reload(self) -> None:
        """Read the file again, as another `course` may have changed it."""
        self._store.reload()

    @property
    def current(self) -> str | None:
        """The topic of the lesson that was last worked on, if any."""
        topic = self._store.raw.get("current")
        return topic if isinstance(topic, str) else None

    def open_lesson(self, topic: str) -> None:
        """Make `topic` the current lesson."""
        if topic != self.current:
            self._store.change(lambda raw: raw.update(current=topic))

    def record(self, topic: str, report: Report, sha256: str, tasks: Sequence[str]) -> None:
        """Keep the summary of `report`; `sha256` is the fingerprint of the files as they were when it began."""
        now = _now()
        summary = {
            "sha256": sha256,
            "at": now,
            "passed": report.is_passed,
            "tasks": {task: str(report.task_outcome(task)) for task in tasks},
            "fault": report.fault.sentence if report.fault else "",
        }

        def edit(raw: dict[str, Any]) -> None:
            entry = _entry(raw, topic)
            entry["checked"] = summary
            if report.is_passed and not entry.get("passed_at"):
                entry["passed_at"] = now

        self._store.change(edit)

    def standing(self, topic: str, sha256: str) -> Standing:
        """The verdict of the last run, and whether it still speaks about the files with this fingerprint."""
        entry = self._entry(topic)
        checked, passed_at = entry.get("checked"), str(entry.get("passed_at") or "")
        if not checked:
            return Standing(State.UNTRIED, {}, passed_at=passed_at)
        tasks = {str(task): str(outcome) for task, outcome in checked.get("tasks", {}).items()}
        if checked.get("sha256") != sha256:
            return Standing(State.CHANGED, tasks, passed_at=passed_at)
        state = State.PASSED if checked.get("passed") is True else State.OPEN
        return Standing(state, tasks, str(checked.get("fault") or ""), passed_at)

    def was_passed(self, topic: str) -> bool:
        """Whether the lesson was ever passed, even if it is broken now."""
        return bool(self._entry(topic).get("passed_at"))

    def hint_level(self, topic: str, task: str) -> int:
        """How many rungs of a task's hint ladder were seen: 0 to 4."""
        return _level(self._entry(topic).get("hints", {}).get(task))

    def see_hint(self, topic: str, task: str, level: int) -> None:
        """Remember that the rungs up to `level` were shown."""

        def edit(raw: dict[str, Any]) -> None:
            hints = _entry(raw, topic).setdefault("hints", {})
            hints[task] = max(level, _level(hints.get(task)))

        self._store.change(edit)

    def reviewed_at(self, topic: str) -> str:
        """When the lesson's question was last asked, or an empty string, which sorts first."""
        return str(self._entry(topic).get("reviewed_at") or "")

    def review(self, topic: str) -> None:
        """Remember that the lesson's question was asked now."""
        now = _now()
        self._store.change(lambda raw: _entry(raw, topic).update(reviewed_at=now))

    def _entry(self, topic: str) -> dict[str, Any]:
        entry: dict[str, Any] = self._store.raw.get("lessons", {}).get(topic, {})
        return entry


def _entry(raw: dict[str, Any], topic: str) -> dict[str, Any]:
    entry: dict[str, Any] = raw.setdefault("lessons", {}).setdefault(topic, {})
    return entry


def _level(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
