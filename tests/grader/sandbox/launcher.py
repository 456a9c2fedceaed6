"""Two ways to a child with the same verdict: forked from a warm process (Linux, macOS), or started afresh (Windows)."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Any

from grader.sandbox.child import Spec

KEPT = frozenset(
    {
        "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP",
        "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    }
)  # fmt: skip


class JudgeError(Exception):
    """Something on the judge's own side went wrong; the app under judgement is not to blame."""


def _environment() -> dict[str, str]:
    """The variables of the judge's processes: no secret of the person at the keyboard is among them."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    return kept | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


class Handle:
    """One child process as the parent sees it."""

    def __init__(self) -> None:
        self.pid = 0
        self.code: int | None = None
        self.launched = threading.Event()
        self.exited = threading.Event()

    def signal(self, number: int) -> None:
        """Send a signal to the child and its process group; a child that is gone is not an error."""
        raise NotImplementedError

    def finish(self, code: int | None) -> None:
        """Note that the child is gone (`code` is negative for a signal)."""
        self.code = code
        self.launched.set()
        self.exited.set()


class _Forked(Handle):
    def __init__(self, warm: "Warm") -> None:
        super().__init__()
        self._warm = warm

    def signal(self, number: int) -> None:
        if self.launched.wait(5) and not self.exited.is_set():
            self._warm.request({"signal": number, "pid": self.pid})


class Warm:
    """A process that has imported `models` and the web stack, and forks children from there."""

    def __init__(self, models: tuple[str, ...]) -> None:
        self.models = models
        self.ready = threading.Event()
        self.failed: dict[str, str] = {}
        self._handles: dict[int, _Forked] = {}
        self._launching: dict[int, _Forked] = {}
        self._lock = threading.Lock()
        self._count = 0
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-m", "grader.sandbox.warm", *models]
        self._process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        theirs.close()
        threading.Thread(target=self._listen, name="warm-process", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether the process can still fork."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def launch(self, spec: Spec, files: list[int]) -> Handle:
        """Fork a child that runs `spec` with the listening socket, the report channel and the output pipe."""
        handle = _Forked(self)
        with self._lock:
            self._count += 1
            number = self._count
            self._launching[number] = handle
        message = json.dumps({"launch": asdict(spec), "id": number}).encode() + b"\n"
        try:
            with self._lock:
                socket.send_fds(self._control, [message], files)
        except OSError as error:
            raise JudgeError(f"the judge's warm process is gone: {self._last_words()}") from error
        return handle

    def request(self, message: dict[str, Any]) -> None:
        """Send one request that has no answer; a warm process that is gone has no children left to ask for."""
        with contextlib.suppress(OSError), self._lock:
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._control.makefile("rb") as lines, contextlib.suppress(OSError, ValueError):
            for line in lines:
                self._note(json.loads(line))
        self.ready.set()
        for handle in [*self._handles.values(), *self._launching.values()]:
            handle.finish(None)

    def _note(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.failed = message["failed"]
            self.ready.set()
        elif "launched" in message:
            handle = self._launching.pop(message["launched"])
            handle.pid = message["pid"]
            self._handles[handle.pid] = handle
            handle.launched.set()
        elif "exited" in message and (handle_or_none := self._handles.pop(message["exited"], None)):
            handle_or_none.finish(message["code"])

    def _last_words(self) -> str:
        if self._process.poll() is None or self._process.stderr is None:
            return "it does not answer"
        return self._process.stderr.read().decode(errors="replace").strip().rpartition("\n")[2] or "it said nothing"

    def close(self) -> None:
        """End the warm process and, with it, every child."""
        if not self.ready.is_set():  # it is importing: it has no child yet, and would not hear before it is done
            self._process.kill()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._control.close()
        if self._process.stderr is not None:
            self._process.stderr.close()


class Spawned(Handle):
    """A child started afresh: slower by the imports, and the only way where there is no fork."""

    def __init__(self, spec: Spec, models: tuple[str, ...], report_port: int) -> None:
        super().__init__()
        command = [sys.executable, "-I", "-m", "grader.sandbox.spawned"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.launched.set()
        assert self._process.stdin is not None and self._process.stdout is not None
        self.output = self._process.stdout
        request = {"spec": asdict(spec), "models": models, "report_port": report_port}
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request).encode())
            self._process.stdin.close()
        threading.Thread(target=lambda: self.finish(self._process.wait()), daemon=True).start()

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32" or number == signal.SIGTERM:
                self._process.send_signal(number)
            else:
                os.killpg(self.pid, number)
