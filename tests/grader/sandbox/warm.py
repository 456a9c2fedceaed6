"""The warm process: it has imported what the apps import, and forks one child per app.

Importing FastAPI costs a second and PyTorch ten; a fork costs milliseconds. Trap: a process that has run a model on
several threads must not fork (its children hang in their first inference), so this one imports and never infers.
Run as `python -I -m grader.sandbox.warm MODULE…` with a Unix socket as standard input.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from grader.sandbox import child
from grader.sandbox.ending import end, end_strays, forget
from grader.sandbox.forked import FILES_PER_LAUNCH, Launch, become_child, prctl

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
PR_SET_CHILD_SUBREAPER = 36
PARENT_CHECK_SECONDS = 0.5


def main() -> None:
    """Import, then serve launch and signal requests until the parent is gone; then end every child."""
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with _ending_with_parent(control):
        failed = _import(sys.argv[1:])
    child.prepare()
    gc.collect()
    gc.freeze()
    _send(control, {"ready": os.getpid(), "failed": failed})
    children: dict[int, str] = {}
    me, launch = os.getpid(), None
    try:
        launch = _serve(control, children)
    finally:
        if os.getpid() == me:
            for pid, scratch in children.items():
                end(pid)
                forget(pid, scratch)
    if launch is not None:
        control.detach()  # the descriptor is closed by number
        become_child(launch)


@contextlib.contextmanager
def _ending_with_parent(control: socket.socket) -> Iterator[None]:
    """Look up now and then from the imports, which take seconds, to see whether there is still somebody to serve."""

    def look(number: int, frame: FrameType | None) -> None:
        readable, _, _ = select.select([control], [], [], 0)
        if readable and not control.recv(1, socket.MSG_PEEK):
            os._exit(0)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, PARENT_CHECK_SECONDS, PARENT_CHECK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


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


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        control.sendall(json.dumps(message).encode() + b"\n")


def _serve(control: socket.socket, children: dict[int, str]) -> Launch | None:
    """Fork children until the parent is gone. In a child, return what it has to become, its stack clean of all else."""
    wake = _wake_on_child()
    pending, files = b"", list[int]()
    while True:
        waiting: list[socket.socket | int] = [control, wake]
        ready, _, _ = select.select(waiting, [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            _reap(control, children)
        if control in ready:
            chunk, received, _, _ = socket.recv_fds(control, 65536, 32)
            if not chunk:
                return None
            files += received
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                launch = _handle(json.loads(line), control, files, children)
                if launch is not None:
                    return launch


def _wake_on_child() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    wake_read, wake_write = os.pipe()
    for side in (wake_read, wake_write):
        os.set_blocking(side, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    return wake_read


def _handle(
    message: dict[str, Any], control: socket.socket, files: list[int], children: dict[int, str]
) -> Launch | None:
    if "signal" in message:
        if message["pid"] in children:
            end(message["pid"], message["signal"])
        return None
    mine, files[:] = files[:FILES_PER_LAUNCH], files[FILES_PER_LAUNCH:]
    pid = os.fork()
    if pid == 0:
        return Launch(message["launch"], mine)
    children[pid] = message["launch"]["scratch"]
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)  # also done by the child: whoever is first
    for file in mine:
        os.close(file)
    _send(control, {"launched": message["id"], "pid": pid})
    return None


def _reap(control: socket.socket, children: dict[int, str]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in children:
                del children[pid]
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)  # what it left behind in its group
                _send(control, {"exited": pid, "code": os.waitstatus_to_exitcode(status)})
            end_strays(set(children))


if __name__ == "__main__":
    main()
