"""Whatever lies where the app should be gets one sentence: the file, the line if there is one, and what is wrong."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.judge import Judge
from grader.report import Cause, Outcome, Report
from grader.sandbox.app import AppDied
from grader.sandbox.limits import MIB, Limits
from grader.tests.corpus import JUDGED, lesson

PLAIN = lesson("faults")
FASTAPI = "from fastapi import FastAPI\n"
LIFESPAN = """from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    {body}
    yield

app = FastAPI(lifespan=lifespan)
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[Judge]:
    """A judge with little patience."""
    with Judge(limits=Limits(startup_seconds=1.5, memory=300 * MIB)) as judge:
        yield judge


def judged(bench: Judge, file: Path) -> Report:
    """Judge a file, and see that no check of it was run."""
    report = bench.check(PLAIN, file, JUDGED / "checks.py")
    assert report.fault is not None, report.verdicts
    assert {verdict.outcome for verdict in report.verdicts} == {Outcome.WAITING}
    assert {verdict.waits_for for verdict in report.verdicts} == {"start"}
    assert report.fault.sentence.isprintable() and report.fault.sentence.endswith(".")
    assert not report.is_passed
    return report


def lay(file: Path, content: bytes) -> None:
    """Write a file."""
    file.write_bytes(content)


PLACES: dict[str, tuple[Callable[[Path], object], Cause, str, int | None]] = {
    "missing": (lambda file: None, Cause.MISSING, "does not exist; `course reset N`", None),
    "a folder": (lambda file: file.mkdir(), Cause.DIRECTORY, "is a folder", None),
    "a pipe": (lambda file: os.mkfifo(file), Cause.UNREADABLE, "is not a regular file", None),
    "a link to a solution": (
        lambda file: file.symlink_to(JUDGED / "honest.py"),
        Cause.UNREADABLE,
        "is a symbolic link",
        None,
    ),
    "a link to itself": (lambda file: file.symlink_to(file), Cause.UNREADABLE, "is a symbolic link", None),
    "empty": (lambda file: lay(file, b""), Cause.EMPTY, "is empty; `course reset N`", 1),
    "blank": (lambda file: lay(file, b" \n\t\n"), Cause.EMPTY, "is empty", 1),
    "latin-1": (lambda file: lay(file, b"a = 1\nb = '\xe9'\n"), Cause.ENCODING, "line 2: byte 0xe9 is not UTF-8", 2),
    "utf-16": (lambda file: lay(file, "app = 1".encode("utf-16")), Cause.ENCODING, "holds binary data", 1),
    "binary": (lambda file: lay(file, os.urandom(64) + b"\0"), Cause.ENCODING, "holds binary data", 1),
    "huge": (lambda file: lay(file, b"#" * (MIB + 1)), Cause.UNREADABLE, "is larger than 1 MB", None),
}


@pytest.mark.parametrize("what", PLACES)
def test_what_is_no_text_is_named(bench: Judge, tmp_path: Path, what: str) -> None:
    make, cause, fragment, line = PLACES[what]
    make(tmp_path / "app.py")
    fault = judged(bench, tmp_path / "app.py").fault
    assert fault is not None and (fault.cause, fault.line) == (cause, line)
    assert f"{tmp_path.name}/app.py" in fault.sentence and fragment in fault.sentence


PROGRAMS: dict[str, tuple[str, Cause, str, int | None]] = {
    "syntax error": ("x = 1\ndef f(:\n", Cause.SYNTAX, "line 2: Python cannot read this file: invalid syntax", 2),
    "indentation": ("if True:\nx = 1\n", Cause.SYNTAX, "line 2: Python cannot read this file: expected an", 2),
    "null byte in the source": ("x = 1\n# \\0\nx(\n", Cause.SYNTAX, "line 3", 3),
    "raises": (
        FASTAPI + "app = FastAPI()\n1 / 0\n",
        Cause.IMPORT,
        "line 3: importing the file raised ZeroDivisionError",
        3,
    ),
    "raises further down": (
        "import json\nx = 1\njson.loads('{')\n",
        Cause.IMPORT,
        "line 3: importing the file raised",
        3,
    ),
    "missing package": (
        "import nothing_like_it\n",
        Cause.IMPORT,
        "line 1: importing the file raised ModuleNotFound",
        1,
    ),
    "raises a syntax error": (
        "x = 1\ncompile('(', 'x', 'exec')\n",
        Cause.IMPORT,
        "line 2: importing the file raised Sy",
        2,
    ),
    "task to do": ("raise NotImplementedError('Task 1.1')\n", Cause.IMPORT, "NotImplementedError: Task 1.1", 1),
    "interrupts": ("raise KeyboardInterrupt\n", Cause.IMPORT, "line 1: importing the file raised KeyboardInterrupt", 1),
    "out of memory": ("x = bytes(10**10)\n", Cause.MEMORY, "line 1: the app wanted more than 300 MB", 1),
    "recursion": ("def f():\n    f()\nf()\n", Cause.IMPORT, "RecursionError", 2),
    "exits": ("import sys\nsys.exit('bye')\n", Cause.EXITED, "line 2: the file called sys.exit('bye')", 2),
    "leaves": ("import os\nos._exit(3)\n", Cause.EXITED, "ended its own process (exit code 3", None),
    "crashes": ("import os\nos.abort()\n", Cause.CRASHED, "crashed (SIGABRT)", None),
    "never ends": ("while True: pass\n", Cause.HUNG, "was not ready after 1.5 s and was stopped: importing it", None),
    "no app": ("x = 1\n", Cause.NO_APP, "has no app; write `app = FastAPI()`", None),
    "another name": (FASTAPI + "\napi = FastAPI()\n", Cause.NO_APP, "line 3: the FastAPI app is called `api`", 3),
    "not an app": ("x = 1\napp = x\n", Cause.NO_APP, "line 2: `app is a int`, not a FastAPI app", 2),
    "an app class": (FASTAPI + "app = FastAPI\n", Cause.NO_APP, "line 2: `app is a type`, not a FastAPI app", 2),
    "a function": ("def app(scope): ...\n", Cause.NO_APP, "`app is a function`, not a FastAPI app", None),
    "app twice": (
        FASTAPI + "app = FastAPI()\napp = FastAPI()\n",
        Cause.TWO_APPS,
        "line 3: there are two FastAPI apps, app and again app, first on line 2",
        3,
    ),
    "two names, neither of them app": (
        FASTAPI + "first = FastAPI()\nsecond = FastAPI()\n",
        Cause.TWO_APPS,
        "line 3: there are two FastAPI apps, first and second",
        3,
    ),
    "two names": (
        FASTAPI + "app = FastAPI()\nadmin = FastAPI()\n",
        Cause.TWO_APPS,
        "line 3: there are two FastAPI apps, app and admin",
        3,
    ),
    "lifespan raises": (
        LIFESPAN.format(body="int('x')"),
        Cause.LIFESPAN,
        "line 6: the lifespan raised ValueError: invalid literal",
        6,
    ),
    "lifespan without yield": (
        FASTAPI + "async def lifespan(app): pass\napp = FastAPI(lifespan=lifespan)\n",
        Cause.LIFESPAN,
        "the lifespan raised TypeError",
        None,
    ),
    "lifespan exits": (
        LIFESPAN.format(body="raise SystemExit(2)"),
        Cause.LIFESPAN,
        "line 6: the lifespan raised SystemEx",
        6,
    ),
    "lifespan hangs": (
        LIFESPAN.format(body="while True: pass"),
        Cause.HUNG,
        "was not ready after 1.5 s and was stopped: its startup (the lifespan) did not come to an end",
        None,
    ),
    "lifespan waits": (
        "import asyncio\n" + LIFESPAN.format(body="await asyncio.Event().wait()"),
        Cause.HUNG,
        "its startup (the lifespan) did not come to an end",
        None,
    ),
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_what_is_no_app_is_named(bench: Judge, tmp_path: Path, what: str) -> None:
    source, cause, fragment, line = PROGRAMS[what]
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    fault = judged(bench, tmp_path / "app.py").fault
    assert fault is not None and (fault.cause, fault.line) == (cause, line), fault
    assert f"{tmp_path.name}/app.py" in fault.sentence and fragment in fault.sentence, fault


def test_what_the_judge_cannot_do_is_its_own_fault(bench: Judge) -> None:
    with pytest.raises(AppDied) as died:
        bench.start(JUDGED / "honest.py", connect_ports=(70000,)).start()
    fault = died.value.fault
    assert fault.cause is Cause.JUDGE
    assert fault.sentence.startswith("The judge could not prepare a process for tests/judged/honest.py: ")


def test_a_forgotten_debugger_is_named(bench: Judge, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import pdb\npdb.set_trace()\n", encoding="utf-8")
    fault = judged(bench, tmp_path / "app.py").fault
    assert fault is not None and fault.cause is Cause.TAMPERED
    assert "sys.settrace, as debuggers do" in fault.sentence


def test_a_traceback_shows_the_files_own_lines_only(bench: Judge, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import json\n\n\ndef read():\n    json.loads('{')\n\n\nread()\n", encoding="utf-8"
    )
    fault = judged(bench, tmp_path / "app.py").fault
    assert fault is not None
    files = set(re.findall(r'File "(.*?)"', fault.traceback))
    assert files == {str(tmp_path / "app.py")}
    assert fault.traceback.splitlines()[-1].startswith("json.decoder.JSONDecodeError")


def test_output_before_the_fault_is_kept(bench: Judge, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print('so far so good')\nprint('\\x1b[31mred')\n1 / 0\n", encoding="utf-8")
    fault = judged(bench, tmp_path / "app.py").fault
    assert fault is not None
    assert fault.output.startswith("so far so good\nred\n")


@pytest.mark.parametrize(
    "prefix", [b"\xef\xbb\xbf", b"# coding: latin-1\n", b"#!/usr/bin/env python\r\n"], ids=["mark", "cookie", "crlf"]
)
def test_files_of_other_editors_are_read(bench: Judge, tmp_path: Path, prefix: bytes) -> None:
    (tmp_path / "app.py").write_bytes(prefix + (JUDGED / "honest.py").read_bytes())
    assert bench.check(PLAIN, tmp_path / "app.py", JUDGED / "checks.py").is_passed


def test_a_mounted_app_is_no_second_one(bench: Judge, tmp_path: Path) -> None:
    source = (JUDGED / "honest.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(source + '\nadmin = FastAPI()\napp.mount("/admin", admin)\n', encoding="utf-8")
    assert bench.check(PLAIN, tmp_path / "app.py", JUDGED / "checks.py").is_passed
