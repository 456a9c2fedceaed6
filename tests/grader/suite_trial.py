"""A learner's tests on trial: runs checks that give those tests right and wrong APIs, and turns it into verdicts."""

import time
from random import Random

from grader.checks import Check
from grader.report import Cause, Outcome, Verdict
from grader.suite import Suite, SuiteRun


class SuiteTrial:
    """Runs checks on a suite of tests, each with a fresh start."""

    def __init__(self, suite: Suite, seed: int) -> None:
        self._suite, self._seed = suite, seed
        self.hangs = 0

    def abort(self) -> None:
        """End the runs that are under way."""
        self._suite.abort()

    def run(self, check: Check) -> Verdict:
        """Run one check and return its verdict."""
        began = time.perf_counter()
        self._suite.last = SuiteRun()
        given = {"suite": self._suite, "rng": Random(f"{self._seed}:{check.name}")}
        try:
            check.function(**{name: given[name] for name in check.arguments})
        except AssertionError as error:
            last = self._suite.last
            cause = last.cause or Cause.ASSERTION
            self.hangs += cause is Cause.HUNG
            sentence = f"{error} {last.problem}".strip()
            return Verdict(
                check.task, check.name, Outcome.FAILED, check.why, sentence, cause,
                traceback=_first(last), output=last.output, seconds=time.perf_counter() - began,
            )  # fmt: skip
        return Verdict(check.task, check.name, Outcome.PASSED, check.why, seconds=time.perf_counter() - began)


def _first(run: SuiteRun) -> str:
    return next((f"{name}\n{report}" for name, report in run.failed.items()), "")
