"""Whatever happens to the judge, no process stays behind, no folder, and no traceback where a sentence would do."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from grader.judge import Cancelled, Judge
from grader.report import Report
from grader.sandbox.launcher import JudgeError
from grader.tests.corpus import JUDGED, lesson

LESSON, MODEL = lesson("plain"), lesson("model", "sentence_transformers")
HANGING = "import time\nwhile True: time.sleep(1)\n"
SLOW = """import time
from fastapi import FastAPI
app = FastAPI()
@app.post("/{path}")
def wait(path: str):
    time.sleep(60)
"""
PARENT = """
import sys, threading
from pathlib import Path
from grader.judge import Judge
from grader.tests.corpus import JUDGED, lesson
judge = Judge()
what, file = sys.argv[1], Path(sys.argv[2])
if what == "importing":
    judge.warm(["sentence_transformers"])
elif what == "serving":
    app = judge.start(JUDGED / "honest.py").__enter__()
print("at work", flush=True)
try:
    judge.check(lesson("plain"), file, JUDGED / "checks.py") if what == "checking" else threading.Event().wait()
finally:
    judge.close()
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only place for temporary files; it has to be empty in the end."""
    with tempfile.TemporaryDirectory(prefix="judge-") as path:
        monkeypatch.setattr(tempfile, "tempdir", path)
        monkeypatch.setenv("TMPDIR", path)
        yield Path(path)
        assert list(Path(path).iterdir()) == []


def judged(judge: Judge) -> Report:
    """The report on an honest app."""
    return judge.check(LESSON, JUDGED / "honest.py", JUDGED / "checks.py", independent=True)


def end_of(processes: list[psutil.Process], seconds: float = 5.0) -> list[psutil.Process]:
    """Wait for processes to end; return those that have not."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return list(alive)


@contextlib.contextmanager
def parent(what: str, file: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A judge in a process of its own, at work, and the processes it has started."""
    command = [sys.executable, "-c", PARENT, what, str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "at work\n"
            until = time.monotonic() + 10
            while len(found := psutil.Process(process.pid).children(recursive=True)) < (
                1 if what == "importing" else 2
            ):
                assert time.monotonic() < until, "the judge did not begin"
            yield process, found
        finally:
            process.kill()


@pytest.mark.parametrize("what", ["importing", "serving", "checking"])
def test_a_killed_judge_leaves_no_process_and_no_folder(tmp_path: Path, folder: Path, what: str) -> None:
    (tmp_path / "app.py").write_text(HANGING, encoding="utf-8")
    with parent(what, tmp_path / "app.py") as (process, children):
        process.send_signal(signal.SIGKILL)
        assert end_of(children) == []


@pytest.mark.parametrize("what", ["importing", "serving", "checking"])
def test_ctrl_c_ends_everything(tmp_path: Path, folder: Path, what: str) -> None:
    (tmp_path / "app.py").write_text(HANGING, encoding="utf-8")
    with parent(what, tmp_path / "app.py") as (process, children):
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group hears it
        _, said = process.communicate(timeout=10)
        assert said.rstrip().endswith("KeyboardInterrupt")
        assert end_of(children) == []


@pytest.mark.parametrize("source", [HANGING, SLOW], ids=["starting", "asking"])
def test_a_check_can_be_called_off_at_any_time(tmp_path: Path, folder: Path, source: str) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    with Judge() as judge, ThreadPoolExecutor(1) as pool:
        judged(judge)
        running = pool.submit(judge.check, LESSON, tmp_path / "app.py", JUDGED / "checks.py")
        until = time.monotonic() + 10
        (warm,) = judge.pids
        while not psutil.Process(warm).children() and time.monotonic() < until:
            pass
        began = time.monotonic()
        while not running.done() and time.monotonic() < until:
            judge.cancel()
        with pytest.raises(Cancelled):
            running.result()
        assert time.monotonic() - began < 2
        assert judged(judge).is_passed


def test_imports_can_be_called_off(folder: Path) -> None:
    with Judge() as judge, ThreadPoolExecutor(1) as pool:
        running = pool.submit(judge.check, MODEL, JUDGED / "model_honest.py", JUDGED / "model_checks.py")
        until = time.monotonic() + 10
        while not judge.pids and time.monotonic() < until:
            pass
        began = time.monotonic()
        judge.cancel()
        with pytest.raises(Cancelled):
            running.result()
        assert time.monotonic() - began < 1


def test_calling_off_nothing_is_nothing(folder: Path) -> None:
    with Judge() as judge:
        judge.cancel()
        assert judged(judge).is_passed
        judge.cancel()
        assert judged(judge).is_passed


def test_a_judge_whose_warm_process_is_killed_makes_another(folder: Path) -> None:
    with Judge() as judge:
        assert judged(judge).is_passed
        (before,) = judge.pids
        os.kill(before, signal.SIGKILL)
        assert end_of([psutil.Process(before)] if psutil.pid_exists(before) else []) == []
        assert judged(judge).is_passed
        assert judge.pids.isdisjoint({before})


def test_two_judges_work_at_once(folder: Path) -> None:
    with Judge() as one, Judge() as other, ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            assert [report.is_passed for report in pool.map(judged, (one, other))] == [True, True]
        other.close()
        assert judged(one).is_passed


def test_closing_twice_is_closing(folder: Path) -> None:
    judge = Judge()
    judged(judge)
    processes = [psutil.Process(pid) for pid in judge.pids]
    threads = threading.active_count()
    judge.close()
    judge.close()
    assert end_of(processes, 0.1) == []
    assert threading.active_count() < threads


def test_no_place_for_temporary_files_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for nowhere in (tmp_path / "missing", tmp_path / "file"):
        monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
        with Judge() as judge, pytest.raises(JudgeError, match=r"^there is no place for temporary files: [A-Z]"):
            judged(judge)


FULL = """
import resource, signal, sys
from pathlib import Path
from grader.judge import Judge
from grader.sandbox.launcher import JudgeError
from grader.tests.corpus import JUDGED, lesson
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Judge() as judge:
    app = judge.start(JUDGED / "honest.py", files={"given.txt": b"some bytes"})
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))
    try:
        app.start()
    except JudgeError as error:
        print(error)
"""


def test_a_full_disk_is_a_sentence(folder: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout, run.stderr) == ("there is no place for temporary files: File too large\n", "")


def test_a_long_path_for_temporary_files_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Judge() as judge:
        assert judged(judge).is_passed
