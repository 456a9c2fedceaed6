"""Sentences for everything that can go wrong outside a check's own assertions: what happened, where, what to do."""

import signal
from pathlib import Path

from grader.report import Cause, Fault
from grader.sandbox.events import Event
from grader.sandbox.output import last_traceback
from grader.sandbox.process import AppProcess

MEGABYTE = 2**20
LARGEST_FILE = MEGABYTE


def file_fault(path: Path) -> Fault | None:
    """Say why a file cannot even be handed to a child; None when it can."""
    name = _name(path)
    if path.is_symlink():
        return Fault(Cause.UNREADABLE, f"{name} is a symbolic link; put the code itself there.")
    if path.is_dir():
        return Fault(Cause.DIRECTORY, f"{name} is a folder; a file with your app is expected there.")
    if not path.exists():
        return Fault(Cause.MISSING, f"{name} does not exist; `course reset` brings the starting point back.")
    if not path.is_file():
        return Fault(Cause.UNREADABLE, f"{name} is not a regular file.")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        return Fault(Cause.UNREADABLE, f"{name} cannot be read: {error.strerror}.")
    return _content_fault(name, content)


def _content_fault(name: str, content: bytes) -> Fault | None:
    if len(content) > LARGEST_FILE:
        return Fault(Cause.UNREADABLE, f"{name} is larger than 1 MB; that cannot be an exercise.")
    if not content.strip():
        return Fault(Cause.EMPTY, f"{name} is empty; `course reset` brings the starting point back.", line=1)
    if b"\0" in content:
        return Fault(Cause.ENCODING, f"{name} holds binary data, not Python text.", line=1)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = content[error.start]
        sentence = f"{name}, line {line}: byte 0x{byte:02x} is not UTF-8; save the file with the encoding UTF-8."
        return Fault(Cause.ENCODING, sentence, line=line)
    return None


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])


def startup_fault(process: AppProcess, event: Event, path: Path) -> Fault:
    """Say why the app of `path` did not come to serving."""
    process.handle.exited.wait(1)
    output = process.output.text()
    traceback = last_traceback(output, str(path.resolve()))
    name = _name(path)
    if process.ended_for is not None:
        sentence = f"{name} {ending(process)} before it served anything."
        return Fault(process.ended_for, sentence, traceback=traceback, output=output)
    if event.kind == "fault":
        cause, line, detail = event.fields
        return _reported_fault(name, Cause(cause), int(line) or None, detail, traceback, output)
    cause, what = exit_cause(process)
    return Fault(cause, f"{name} {what} while it was being imported or started.", traceback=traceback, output=output)


def _reported_fault(name: str, cause: Cause, line: int | None, detail: str, traceback: str, output: str) -> Fault:
    where = f"{name}, line {line}" if line else name
    raised = _last_line(traceback) or "an error"
    sentences = {
        Cause.SYNTAX: f"{where}: Python cannot read this file: {detail.partition(': ')[2] or detail}.",
        Cause.IMPORT: f"{where}: importing the file raised {detail.rstrip('.') or 'an error'}.",
        Cause.EXITED: f"{where}: the file called {detail} while it was imported; an app must stay to serve.",
        Cause.NO_APP: _no_app(name, where, detail),
        Cause.TWO_APPS: f"{where}: there are two FastAPI apps, {detail}; one file serves one `app`.",
        Cause.LIFESPAN: f"{name}: the lifespan raised {raised}; the app never started to serve.",
    }
    return Fault(cause, sentences[cause], line, traceback if cause is not Cause.SYNTAX else "", output)


def _no_app(name: str, where: str, detail: str) -> str:
    if detail.startswith("app is"):
        return f"{where}: `{detail}`, not a FastAPI app; write `app = FastAPI()`."
    if detail:
        return f"{where}: the FastAPI app is called `{detail}`; call it `app`."
    return f"{name} has no app; write `app = FastAPI()` at the top level."


def _last_line(traceback: str) -> str:
    lines = [line for line in traceback.splitlines() if line and not line.startswith(" ")]
    return lines[-1] if lines else ""


def exit_cause(process: AppProcess) -> tuple[Cause, str]:
    """Name the cause and say what the process did when it ended without the judge's doing."""
    code = process.handle.code
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if name == "SIGXCPU":
            return Cause.HUNG, "used up its processor time"
        return Cause.CRASHED, f"crashed ({name})"
    if code is None:
        return Cause.CRASHED, "vanished together with the judge's warm process"
    return Cause.EXITED, f"ended its own process (exit code {code}; os._exit or sys.exit?)"


def ending(process: AppProcess) -> str:
    """Say why the judge ended a process, as the rest of a sentence that begins with the file's name."""
    limits = process.limits
    sentences = {
        Cause.HUNG: f"did not come to an end within {limits.startup_seconds:g} s and was stopped",
        Cause.MEMORY: f"took more than {limits.memory // MEGABYTE} MB of memory and was stopped",
        Cause.OUTPUT: f"printed more than {limits.output // MEGABYTE} MB and was stopped",
        Cause.TAMPERED: f"was stopped, because it reaches into the judge ({process.tampered})",
    }
    assert process.ended_for is not None
    return sentences.get(process.ended_for, "was stopped")
