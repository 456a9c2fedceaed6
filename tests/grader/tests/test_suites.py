"""A learner's tests are somebody's code, too: none is green by trickery, and each odd end has its sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge import Judge
from grader.report import Cause
from grader.sandbox.limits import MIB, Limits
from grader.suite import Suite, SuiteRun

API = "from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('/')\ndef root() -> int:\n    return 1\n"
HEAD = "import pytest\nfrom fastapi.testclient import TestClient\nfrom api import app\n\n\n"
HONEST = HEAD + "def test_root():\n    with TestClient(app) as client:\n        assert client.get('/').json() == 1\n"
LIMITS = Limits(check_seconds=2.5, output=MIB, memory=400 * MIB, threads=200)


@pytest.fixture(scope="module")
def bench() -> Iterator[Judge]:
    """A judge with little patience."""
    with Judge() as judge:
        yield judge


def run(bench: Judge, folder: Path, tests: str) -> SuiteRun:
    """Run tests, given as text, against the API."""
    file = folder / "test_api.py"
    file.write_text(tests, encoding="utf-8")
    return Suite(file, bench._pool.ready((), lambda: False), limits=LIMITS).run(API)


def test_honest_tests_are_green(bench: Judge, tmp_path: Path) -> None:
    result = run(bench, tmp_path, HONEST)
    assert (result.is_green, result.passed, result.problem) == (True, ("test_root",), ""), result.output


TRICKS: dict[str, tuple[str, Cause | None, str]] = {
    "leaves at import": ("import os\nos._exit(0)\n", Cause.EXITED, "ended its own process (exit code 0"),
    "leaves in a test": (HONEST + "\n\ndef test_x():\n    __import__('os')._exit(0)\n", Cause.EXITED, "exit code 0"),
    "never ends": (
        HONEST + "\n\ndef test_x():\n    while True: pass\n",
        Cause.HUNG,
        "did not come to an end within 2.5 s",
    ),
    "prints for ever": ("while True: print('x' * 9999)\n", Cause.OUTPUT, "printed more than 1 MB"),
    "forges a result": (
        "import sys\n\n\ndef test_x():\n    sys.audit('grader.report', 'test', 'test_y', 'passed', '')\n",
        Cause.TAMPERED,
        "it forged an observation",
    ),
    "forges the end": (
        "from sys import audit\naudit('grader.report', 'test', '', 'passed')\naudit('grader.report', 'tested', 0)\n",
        Cause.TAMPERED,
        "it forged an observation",
    ),
    "hunts": (
        "import gc\n\n\ndef test_x():\n    assert gc.get_objects()\n",
        Cause.TAMPERED,
        "it called gc.get_objects",
    ),
    "no test": ("x = 1\n", None, ""),
    "skips all": (HONEST.replace("def test", "@pytest.mark.skip\ndef test"), None, ""),
    "expects to fail": (HONEST.replace("def test", "@pytest.mark.xfail\ndef test").replace("== 1", "== 2"), None, ""),
    "does not import": ("import nothing_like_it\n", None, ""),
    "starts processes": ("import subprocess\n\n\ndef test_x():\n    subprocess.run(['true'])\n", None, ""),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_is_green(bench: Judge, tmp_path: Path, trick: str) -> None:
    tests, cause, fragment = TRICKS[trick]
    result = run(bench, tmp_path, tests)
    assert not result.is_green
    assert result.cause == cause, result
    assert fragment in result.problem, result.problem
    assert run(bench, tmp_path, HONEST).is_green
