"""A learner's own tests on trial: run against one API after the other, each time in a confined child of its own."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from grader.explain import ending, exit_cause
from grader.report import Cause
from grader.sandbox.child import Spec
from grader.sandbox.launcher import Warm
from grader.sandbox.limits import Limits
from grader.sandbox.process import AppProcess

AT_ONCE = 2


@dataclass(frozen=True)
class SuiteRun:
    """What became of a suite on one API.

    `failed` maps a test's name to pytest's report, errors of set-up and collection included; `problem` is a sentence
    when the run did not come to its end, with its cause.
    """

    passed: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    output: str = ""
    problem: str = ""
    cause: Cause | None = None

    @property
    def is_green(self) -> bool:
        """Whether the run ended, at least one test passed, and none failed or was skipped."""
        return not self.problem and bool(self.passed) and not self.failed and not self.skipped


@dataclass(eq=False)
class Suite:
    """The tests in `test_file`. `run` gives them an API as the module `api` in their working folder."""

    test_file: Path
    warm: Warm | None
    models: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    is_confined: bool = True
    last: SuiteRun = field(default_factory=SuiteRun)
    _running: set[AppProcess] = field(default_factory=set)
    _runs: dict[tuple[str, bool], SuiteRun] = field(default_factory=dict)

    def run(self, api: str, files: Mapping[str, bytes] | None = None, *, is_brief: bool = False) -> SuiteRun:
        """Run all tests against the API with the source `api`; `files` are laid beside it.

        `is_brief` stops at the first test that fails. The same run without files is not made twice.
        """
        if not files and (api, is_brief) in self._runs:
            self.last = self._runs[api, is_brief]
            return self.last
        env = {"PYTEST_ADDOPTS": "--exitfirst"} if is_brief else {}
        spec = Spec(str(self.test_file.resolve()), "", "", env, confined=self.is_confined, runs_tests=True)
        laid = {self.test_file.name: self.test_file.read_bytes(), "api.py": api.encode(), **(files or {})}
        process = AppProcess(self.warm, self.models, spec, self.limits, laid)
        self._running.add(process)
        try:
            process.settle("tested", seconds=self.limits.check_seconds)
            process.take_reports()
            self.last = self._runs[api, is_brief] = _outcome(process)
        finally:
            self._running.discard(process)
            process.close()
        return self.last

    def run_all(self, apis: Mapping[str, str], *, is_brief: bool = False) -> dict[str, SuiteRun]:
        """Run all tests against each API, some at a time; return the runs by the APIs' names."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = {name: pool.submit(self.run, api, is_brief=is_brief) for name, api in apis.items()}
            return {name: run.result() for name, run in runs.items()}

    def abort(self) -> None:
        """End every run that is under way."""
        for process in list(self._running):
            process.end()


def _outcome(process: AppProcess) -> SuiteRun:
    tests = [event.fields for event in process.events if event.kind == "test"]
    named = [(_name(node), outcome, report) for node, outcome, report in tests]
    problem, cause = "", None
    if process.ended_for is not None or not any(event.kind == "tested" for event in process.events):
        cause, problem = _problem(process)
    return SuiteRun(
        tuple(name for name, outcome, _ in named if outcome == "passed"),
        {name: report for name, outcome, report in named if outcome in ("failed", "error")},
        tuple(name for name, outcome, _ in named if outcome == "skipped"),
        process.output.text(),
        problem,
        cause,
    )


def _name(node: str) -> str:
    return node.rpartition("::")[2] or node


def _problem(process: AppProcess) -> tuple[Cause, str]:
    if process.is_closed:  # it is about to be gone, if it is not
        process.handle.exited.wait(1)
    if process.ended_for is not None:
        return process.ended_for, f"The test run {ending(process)}."
    if process.handle.exited.is_set():
        cause, what = exit_cause(process)
        return cause, f"The test run {what} before its end."
    return Cause.HUNG, f"The test run did not come to an end within {process.limits.check_seconds:g} s and was stopped."
