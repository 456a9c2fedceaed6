"""What the tests of the commands share: a tiny real course as the current folder."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.tests import small_course


def pytest_configure() -> None:
    """Let Ctrl-C mean what it means to a person, where pytest itself was started in the background and ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A course, as the current folder; after the test no child of this process may be alive."""
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.chdir(small_course.make(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    yield tmp_path
    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=5)
    assert alive == []
