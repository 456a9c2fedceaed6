"""The warm process: it has imported what the apps import, and forks one child per app.

Importing FastAPI costs a second and PyTorch ten; a fork costs milliseconds. Trap: a process that has run a model on
several threads must not fork (its children hang in their first inference), so this one imports and never infers.
Run as `python -I -m grader.sandbox.warm MODULE…` with a Unix socket as standard input.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from grader.sandbox import child
from grader.sandbox.events import EventReader  # noqa: F401  (imported before the fork, not in each child)

ALWAYS = (
    "fastapi",
    "fastapi.openapi.utils",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "pydantic",
)
IF_PRESENT = (
    "uvicorn.loops.asyncio",
    "httptools",
    "py_landlock",
    "pyseccomp",
    "anyio._backends._asyncio",
    "email_validator",
    "pydantic_settings",
    "jose.jwt",
    "slowapi.util",
    "tokenizers",
)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
FILES_PER_LAUNCH = 3


def main() -> None:
    """Import, then serve launch and signal requests until the parent is gone; then end every child."""
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    failed = _import(sys.argv[1:])
    gc.collect()
    gc.freeze()
    _send(control, {"ready": os.getpid(), "failed": failed})
    children: set[int] = set()
    try:
        _serve(control, children)
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _import(modules: list[str]) -> dict[str, str]:
    for name in IF_PRESENT:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    failed = {}
    for name in (*ALWAYS, *modules):
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return failed


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        control.sendall(json.dumps(message).encode() + b"\n")


def _serve(control: socket.socket, children: set[int]) -> None:
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    pending = b""
    files: list[int] = []
    while True:
        waiting: list[socket.socket | int] = [control, wake_read]
        ready, _, _ = select.select(waiting, [], [])
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            _reap(control, children)
        if control in ready:
            chunk, received, _, _ = socket.recv_fds(control, 65536, 32)
            if not chunk:
                return
            files += received
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                _handle(json.loads(line), control, files, children)


def _handle(message: dict[str, Any], control: socket.socket, files: list[int], children: set[int]) -> None:
    if "signal" in message:
        if message["pid"] in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(message["pid"], message["signal"])
        return
    mine, files[:] = files[:FILES_PER_LAUNCH], files[FILES_PER_LAUNCH:]
    pid = os.fork()
    if pid == 0:
        _become_child(message["launch"], mine)
    children.add(pid)
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)  # also done by the child: whoever is first
    for file in mine:
        os.close(file)
    _send(control, {"launched": message["id"], "pid": pid})


def _become_child(spec: dict[str, Any], files: list[int]) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for which in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(which, signal.SIG_DFL)
        listener_fd, report_fd, output_fd = _only(files)
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.close(output_fd)
        child.open_output()
        child.run(child.Spec(**spec), socket.socket(fileno=listener_fd), report_fd)
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _only(files: list[int]) -> tuple[int, int, int]:
    """Close every descriptor but `files`; give the standard input nothing to read."""
    kept = [os.dup(file) for file in files]
    high = [os.dup2(file, 200 + number) for number, file in enumerate(kept)]
    os.closerange(3, 200)
    os.closerange(203, 4096)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    return high[0], high[1], high[2]


def _reap(control: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in children:
            children.discard(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what it left behind in its group
            _end_strays(children)
            _send(control, {"exited": pid, "code": os.waitstatus_to_exitcode(status)})


def _end_strays(children: set[int]) -> None:
    """End what an app left behind outside its process group: orphans are handed to this process (Linux)."""
    path = f"/proc/self/task/{os.getpid()}/children"
    if os.path.exists(path):
        with open(path) as file:
            for pid in {int(word) for word in file.read().split()} - children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
