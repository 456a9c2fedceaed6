"""In the child: runs a file of tests with pytest and reports each test's outcome."""

import os
import sys
from sys import audit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LONGEST_REPORT = 2000


class _Reporter:
    """A pytest plugin that passes on what became of every test."""

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        if report.when == "call" or report.outcome != "passed":
            audit("grader.report", "test", report.nodeid, report.outcome, report.longreprtext[-LONGEST_REPORT:])

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        if report.failed:
            audit(
                "grader.report", "test", report.nodeid or "collection", "error", report.longreprtext[-LONGEST_REPORT:]
            )


def run_tests(test_file: str) -> None:
    """Run the copy of `test_file` in the scratch folder, where the API under test lies as a module, and report."""
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, os.getcwd())
    options = ["-q", "--tb=short", "--color=no", "-p", "no:cacheprovider", "-p", "anyio.pytest_plugin"]
    layout = ["--rootdir", os.getcwd(), "--confcutdir", os.getcwd(), "--import-mode=importlib", "-c", os.devnull]
    code = pytest.main([*options, *layout, os.path.basename(test_file)], plugins=[_Reporter()])
    sys.stdout.flush()
    audit("grader.report", "tested", int(code))


TEST_REPORTERS = (_Reporter.pytest_runtest_logreport, _Reporter.pytest_collectreport, run_tests)
