"""Sentences for everything that can go wrong outside a check's own assertions: what happened, where, what to do."""

import re
import signal
from pathlib import Path

from grader.report import Cause, Fault
from grader.sandbox.events import LOST_CHANNEL, Event
from grader.sandbox.output import TRACEBACK, last_traceback
from grader.sandbox.plain import plain_line
from grader.sandbox.process import AppProcess

MEGABYTE = 2**20
LARGEST_FILE = MEGABYTE
REFUSALS = {
    "[Errno 1]": "start processes",
    "[Errno 13]": "open network connections",
    "gaierror": "open network connections",
}  # the words of Python for what the sandbox refuses, and what an app may have tried when it meets them


def file_fault(path: Path) -> Fault | None:
    """Say why a file cannot even be handed to a child; None when it can."""
    name = _name(path)
    if path.is_symlink():
        return Fault(Cause.UNREADABLE, f"{name} is a symbolic link; put the code itself there.")
    if path.is_dir():
        return Fault(Cause.DIRECTORY, f"{name} is a folder; a file with your app is expected there.")
    if not path.exists():
        return Fault(Cause.MISSING, f"{name} does not exist; `course reset N` brings the starting point back.")
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
        return Fault(Cause.EMPTY, f"{name} is empty; `course reset N` brings the starting point back.", line=1)
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
    return plain_line("/".join(path.parts[-3:]), 200)


def startup_fault(process: AppProcess, event: Event, path: Path) -> Fault:
    """Say why the app of `path` did not come to serving."""
    process.handle.exited.wait(1)
    process.output_ended.wait(0.3)
    output = process.output.text()
    traceback = last_traceback(output, str(path.resolve()))
    name = _name(path)
    if process.ended_for is Cause.HUNG:
        waited = f"was not ready after {process.limits.startup_seconds:g} s and was stopped"
        return Fault(Cause.HUNG, f"{name} {waited}: {_unfinished(process)}.", traceback=traceback, output=output)
    if process.ended_for is not None:
        before = "" if process.ended_for is Cause.TAMPERED else " before it served anything"
        sentence = f"{name} {ending(process)}{before}."
        return Fault(process.ended_for, sentence, traceback=traceback, output=output)
    if event.kind == "fault":
        return _reported_fault(process, path, event, traceback)
    if not _has_said(process, "confined"):
        problem = plain_line(_last_line(output) or "it was gone at once", 300)
        return Fault(Cause.JUDGE, f"The judge could not prepare a process for {name}: {problem}.", output=output)
    cause, what = exit_cause(process)
    return Fault(cause, f"{name} {what} while it was being imported or started.", traceback=traceback, output=output)


def _has_said(process: AppProcess, kind: str) -> bool:
    return any(event.kind == kind for event in process.events)


def _unfinished(process: AppProcess) -> str:
    if _has_said(process, "imported"):
        return "its startup (the lifespan) did not come to an end"
    return "importing it did not come to an end"


def _reported_fault(process: AppProcess, path: Path, event: Event, traceback: str) -> Fault:
    """Turn what the child says of its file into a sentence; `traceback` holds only the file's own frames."""
    cause, detail = Cause(event.fields[0]), plain_line(event.fields[2], 300).rstrip(".")
    line = int(event.fields[1]) or None
    raised = plain_line(_last_line(traceback), 300) or "an error"
    if cause is Cause.LIFESPAN:
        numbers = re.findall(rf'^  File "{re.escape(str(path.resolve()))}", line (\d+), in ', traceback, re.MULTILINE)
        line = int(numbers[-1]) if numbers else None
    name = _name(path)
    where = f"{name}, line {line}" if line else name
    if "raised MemoryError" in detail or (cause is Cause.LIFESPAN and raised.startswith("MemoryError")):
        cause, detail = Cause.MEMORY, f"the app {no_memory(process)}"
    more_cause, more = refused(process, traceback)
    sentences = {
        Cause.SYNTAX: f"{where}: Python cannot read this file: {detail}.",
        Cause.EXITED: f"{where}: the file called {detail} while it was imported; an app must stay to serve.",
        Cause.NO_APP: _no_app(name, where, detail),
        Cause.TWO_APPS: f"{where}: there are two FastAPI apps, {detail}; one file serves one `app`.",
        Cause.LIFESPAN: f"{where}: the lifespan raised {raised.rstrip('.')}; the app never started to serve.",
    }
    sentence = sentences.get(cause, f"{where}: {detail}.") + more
    shown = "" if cause is Cause.SYNTAX else traceback
    return Fault(more_cause or cause, sentence, line, shown, process.output.text())


def _no_app(name: str, where: str, detail: str) -> str:
    if detail.startswith("app is"):
        return f"{where}: `{detail}`, not a FastAPI app; write `app = FastAPI()`."
    if detail:
        return f"{where}: the FastAPI app is called `{detail}`; call it `app`."
    return f"{name} has no app; write `app = FastAPI()` at the top level."


def _last_line(output: str) -> str:
    """Return the line of a traceback that names the error; the last line of an output that has no traceback."""
    lines = [line for line in output.splitlines() if line and not line.startswith(" ")]
    if TRACEBACK in lines[:1]:
        return lines[1] if len(lines) > 1 else ""
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
    if code == LOST_CHANNEL:
        return Cause.TAMPERED, "was stopped, because it replaced the judge's channel"
    last = plain_line(_last_line(last_traceback(process.output.text(), "")), 200)
    if code == 1 and last:
        return Cause.CRASHED, f"ended with {last.rstrip('.')}"
    return Cause.EXITED, f"ended its own process (exit code {code}; os._exit or sys.exit?)"


def ending(process: AppProcess) -> str:
    """Say why the judge ended a process, as the rest of a sentence that begins with the file's name."""
    return process.ended_why or "was stopped"


def no_memory(process: AppProcess) -> str:
    """Say that memory was refused, as the rest of a sentence."""
    return f"wanted more than {process.limits.memory // MEGABYTE} MB of memory and did not get it"


def refused(process: AppProcess, trace: str) -> tuple[Cause | None, str]:
    """Say what the app tried and may not do, if its traceback ends with a refusal: a cause if there is one for it."""
    last = _last_line(trace)
    deed = next((deed for word, deed in REFUSALS.items() if word in last), "")
    if deed not in process.attempted:
        return None, ""
    return Cause.PROCESSES if "processes" in deed else None, f" An app may not {deed} here."
