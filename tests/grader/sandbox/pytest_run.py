"""In the child: runs a file of tests with pytest and reports each test's outcome."""

import os
import sys
from types import CodeType
from typing import TYPE_CHECKING

from grader.sandbox.events import Recorder

if TYPE_CHECKING:
    import pytest

LONGEST_REPORT = 2000


class _Reporter:
    """A pytest plugin that passes on what became of every test."""

    def __init__(self, record: Recorder) -> None:
        self._record = record

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        if report.when == "call" or report.outcome != "passed":
            self._record("test", report.nodeid, report.outcome, report.longreprtext[-LONGEST_REPORT:])

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        if report.failed:
            self._record("test", report.nodeid or "collection", "error", report.longreprtext[-LONGEST_REPORT:])


TEST_REPORTERS: set[CodeType] = {
    _Reporter.pytest_runtest_logreport.__code__,
    _Reporter.pytest_collectreport.__code__,
}


def run_tests(test_file: str, record: Recorder) -> None:
    """Run the copy of `test_file` in the scratch folder, where the API under test lies as a module, and report."""
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, os.getcwd())
    options = ["-q", "--tb=short", "--color=no", "-p", "no:cacheprovider", "-p", "anyio.pytest_plugin"]
    layout = ["--rootdir", os.getcwd(), "--confcutdir", os.getcwd(), "--import-mode=importlib", "-c", os.devnull]
    code = pytest.main([*options, *layout, os.path.basename(test_file)], plugins=[_Reporter(record)])
    sys.stdout.flush()
    record("tested", int(code))


TEST_REPORTERS.add(run_tests.__code__)
