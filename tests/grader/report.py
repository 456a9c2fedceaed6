"""What the judge found out about one file: a report of verdicts, or the fault that kept the app from starting."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"


class Cause(StrEnum):
    """Why something is not right, for programs; people read the sentence."""

    MISSING = "missing"
    DIRECTORY = "directory"
    UNREADABLE = "unreadable"
    ENCODING = "encoding"
    EMPTY = "empty"
    SYNTAX = "syntax"
    IMPORT = "import"
    NO_APP = "no_app"
    TWO_APPS = "two_apps"
    LIFESPAN = "lifespan"
    ASSERTION = "assertion"
    SHAPE = "shape"
    EXITED = "exited"
    CRASHED = "crashed"
    HUNG = "hung"
    MEMORY = "memory"
    OUTPUT = "output"
    PROCESSES = "processes"
    RESPONSE = "response"
    TAMPERED = "tampered"
    JUDGE = "judge"


@dataclass(frozen=True)
class Exchange:
    """The last request of a check and its answer, as text for people, cut to a readable length."""

    sent: str
    received: str


@dataclass(frozen=True)
class Fault:
    """Why a file could not be judged at all: one sentence, and where to look."""

    cause: Cause
    sentence: str
    line: int | None = None
    traceback: str = ""
    output: str = ""


@dataclass(frozen=True)
class Verdict:
    """One check on one file.

    `expected` is the check's own sentence about what it wanted, `why` says why a client cares, `waits_for` names the
    task (or "start") that has to pass first, `traceback` is the app's own, `output` is what it printed meanwhile.
    """

    task: str
    name: str
    outcome: Outcome
    why: str = ""
    expected: str = ""
    cause: Cause | None = None
    waits_for: str = ""
    exchange: Exchange | None = None
    traceback: str = ""
    output: str = ""
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """The check's name as a sentence: `test_unknown_model_is_404` reads "unknown model is 404"."""
        return self.name.removeprefix("test_").replace("_", " ")


@dataclass(frozen=True)
class Report:
    """All verdicts on one file, in the order of the checks."""

    lesson: str
    file: str
    verdicts: tuple[Verdict, ...]
    fault: Fault | None = None
    seed: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether the file started and every check passed."""
        return self.fault is None and bool(self.verdicts) and all(v.outcome is Outcome.PASSED for v in self.verdicts)

    @property
    def first_failure(self) -> Verdict | None:
        """The first check that failed: the one a learner should look at."""
        return next((v for v in self.verdicts if v.outcome is Outcome.FAILED), None)

    def task_outcome(self, task: str) -> Outcome:
        """The worst outcome among one task's checks: failed before waiting before passed."""
        outcomes = {v.outcome for v in self.verdicts if v.task == task}
        if self.fault is not None or not outcomes:
            return Outcome.WAITING
        return next(o for o in (Outcome.FAILED, Outcome.WAITING, Outcome.PASSED) if o in outcomes)

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists, as `course check --json` prints them."""
        return dataclasses.asdict(self) | {"passed": self.is_passed}
