"""One app process from the parent's side: started, listened to, watched, ended."""

import contextlib
import os
import secrets
import select
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import psutil

from grader.report import Cause
from grader.sandbox.child import Spec
from grader.sandbox.events import Event, EventReader
from grader.sandbox.launcher import Handle, JudgeError, Spawned, Warm
from grader.sandbox.limits import Limits
from grader.sandbox.observations import Observed
from grader.sandbox.output import Output

WATCH_SECONDS = 0.05
POLL_SECONDS = 0.02


class AppProcess:
    """A child serving one file. What is known of it is in plain attributes; `ended_for` says why the judge ended it."""

    def __init__(
        self,
        warm: Warm | None,
        models: tuple[str, ...],
        spec: Spec,
        limits: Limits,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.limits, self.output, self.observed = limits, Output(), Observed()
        self.events: list[Event] = []
        self.ended_for: Cause | None = None
        self.tampered = ""
        self.socket_path, self.port = "", 0
        self.deadline = float("inf")
        self._settled = threading.Condition(threading.RLock())
        self._is_closed = False
        self._folder = Path(tempfile.mkdtemp(prefix="course-"))
        try:
            spec.scratch = str(self._folder / "scratch")
            os.mkdir(spec.scratch)
            for name, content in (files or {}).items():
                Path(spec.scratch, name).write_bytes(content)
            key = secrets.token_bytes(32)
            spec.key, spec.limits = key.hex(), asdict(limits)
            self._reader = EventReader(key)
            self.scratch = Path(spec.scratch)
            self.handle = self._fork(warm, spec) if warm else self._spawn(models, spec)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        for work in (self._read_report, self._read_output, self._watch):
            threading.Thread(target=work, name=f"app-{work.__name__}", daemon=True).start()

    def _fork(self, warm: Warm, spec: Spec) -> Handle:
        self.socket_path = str(self._folder / "app.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.socket_path)
            listener.listen(512)
            self._report, theirs = socket.socketpair()
            self._output_fd, output_write = os.pipe()
            with theirs:
                handle = warm.launch(spec, [listener.fileno(), theirs.fileno(), output_write])
            os.close(output_write)
        return handle

    def _spawn(self, models: tuple[str, ...], spec: Spec) -> Handle:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(self.limits.startup_seconds + 60)
            handle = Spawned(spec, models, server.getsockname()[1])
            with handle.output:
                self._output_fd = os.dup(handle.output.fileno())
            try:
                self._report, _ = server.accept()
            except OSError as error:
                raise JudgeError("a fresh Python for the app did not start in time") from error
        return handle

    def _read_report(self) -> None:
        self._report.setblocking(False)
        with self._report:
            while not self._is_closed:
                select.select([self._report], [], [])
                self.take_reports()

    def take_reports(self) -> None:
        """Read all that the child has reported: what it did before an answer was on its way before that answer."""
        with self._settled:
            while not self._is_closed:
                try:
                    chunk = self._report.recv(65536)
                except BlockingIOError:
                    return
                except OSError:
                    chunk = b""
                self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self._is_closed = True
            self.events.append(Event("closed", ()))
        for event in self._reader.feed(chunk):
            self.events.append(event)
            self.observed.add(event)
            if event.kind == "listening":
                self.port = int(event.fields[0])
            if event.kind == "tampered":
                self.tampered = self.tampered or event.fields[0]
                self.end(Cause.TAMPERED)
        self._settled.notify_all()

    def _read_output(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self._output_fd, 65536):
                self.output.feed(chunk)
                if self.output.size > self.limits.output:
                    self.end(Cause.OUTPUT)
        os.close(self._output_fd)

    def _watch(self) -> None:
        if not self.handle.launched.wait(self.limits.startup_seconds + 30):
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.handle.pid)
            base = process.memory_info().rss
            while not self.handle.exited.wait(WATCH_SECONDS):
                if process.memory_info().rss - base > self.limits.memory:
                    self.end(Cause.MEMORY)
                if time.monotonic() > self.deadline:
                    self.end(Cause.HUNG)

    def settle(self, *kinds: str, seconds: float) -> Event | None:
        """Wait until an event of one of `kinds` has come, or the channel closed; None when the time is up."""

        def found() -> Event | None:
            return next((event for event in self.events if event.kind in (*kinds, "closed")), None)

        with self._settled:
            self._settled.wait_for(lambda: found() is not None, timeout=seconds)
            return found()

    def order(self, order: bytes) -> None:
        """Give the child an order and wait until it has taken effect; a child that is gone obeys no more."""
        with self._settled:
            due = self._obeyed + 1
            with contextlib.suppress(OSError):
                self._report.send(order)
                self.wait_for(lambda: self._obeyed >= due, unless=lambda: self._is_closed, seconds=10)

    @property
    def _obeyed(self) -> int:
        return sum(event.kind == "obeyed" for event in self.events)

    def wait_for(self, is_so: Callable[[], bool], *, unless: Callable[[], bool], seconds: float) -> bool:
        """Wait for what the child reports to make `is_so` true; False when `unless` is true before, or time is up."""
        until = time.monotonic() + seconds
        with self._settled:
            while not is_so():
                if unless() or time.monotonic() > until:
                    return False
                self._settled.wait(POLL_SECONDS)
            return True

    def end(self, cause: Cause | None = None) -> None:
        """Kill the child at once; the first `cause` given is remembered."""
        if cause is not None and self.ended_for is None and not self.handle.exited.is_set():
            self.ended_for = cause
        self.handle.signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs and has not been condemned."""
        return not self.handle.exited.is_set() and self.ended_for is None

    def close(self) -> None:
        """End the child and remove every trace of it."""
        self.end()
        self.handle.exited.wait(5)
        shutil.rmtree(self._folder, ignore_errors=True)
