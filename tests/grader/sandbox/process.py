"""One app process from the parent's side: started, listened to, watched, ended."""

import contextlib
import os
import secrets
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

from grader.report import Cause
from grader.sandbox.child import Spec
from grader.sandbox.events import Event, EventReader
from grader.sandbox.folder import Folder
from grader.sandbox.launcher import Handle, JudgeError, Spawned, Warm
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.observations import Observed
from grader.sandbox.output import Output
from grader.sandbox.watchdog import watch

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 0.5
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class AppProcess:
    """A child serving one file. What is known of it is in plain attributes; `ended_for` says why the judge ended it."""

    def __init__(
        self, warm: Warm | None, models: tuple[str, ...], spec: Spec, limits: Limits, files: Mapping[str, bytes]
    ) -> None:
        self.limits, self.output, self.observed = limits, Output(), Observed()
        self.events: list[Event] = []
        self.attempted: set[str] = set()
        self.ended_for: Cause | None = None
        self.ended_why = self.socket_path = ""
        self.port, self.deadline = 0, float("inf")
        self.output_ended = threading.Event()
        self.is_closed = self._may_stop = False
        self._settled = threading.Condition(threading.RLock())
        self.folder = Folder(files)
        self.scratch = self.folder.scratch
        spec.scratch, spec.key, spec.limits = str(self.scratch), secrets.token_hex(32), asdict(limits)
        self._reader = EventReader(bytes.fromhex(spec.key), first=0 if warm else -1)
        try:
            self.handle = self._fork(warm, spec) if warm else self._spawn(models, spec)
        except BaseException:
            self.folder.remove()
            raise
        for work in (self._read_report, self._read_output, partial(watch, self)):
            threading.Thread(target=work, name="app", daemon=True).start()

    def _fork(self, warm: Warm, spec: Spec) -> Handle:
        self.socket_path = str(self.folder.path / "app.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.socket_path)
            listener.listen(512)
            self._report, theirs = socket.socketpair()
            self._output_fd, output_write = os.pipe()
            try:
                return warm.launch(spec, [listener.fileno(), theirs.fileno(), output_write])
            except BaseException:
                self._report.close()
                os.close(self._output_fd)
                raise
            finally:
                theirs.close()
                os.close(output_write)

    def _spawn(self, models: tuple[str, ...], spec: Spec) -> Handle:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(self.limits.startup_seconds + 60)
            handle = Spawned(spec, models, server.getsockname()[1])
            with handle.output:
                self._output_fd = os.dup(handle.output.fileno())
            try:
                self._report, _ = server.accept()
            except OSError as error:
                handle.signal(KILL)
                raise JudgeError("a fresh Python for the app did not start in time") from error
        return handle

    def _read_report(self) -> None:
        self._report.setblocking(False)
        with self._report, selectors.DefaultSelector() as selector:
            selector.register(self._report, selectors.EVENT_READ)
            while not self.is_closed:
                selector.select()
                self.take_reports()

    def take_reports(self) -> None:
        """Read all that the child has reported: what it did before an answer was on its way before that answer."""
        with self._settled:
            while not self.is_closed:
                try:
                    chunk = self._report.recv(65536)
                except BlockingIOError:
                    return
                except OSError:
                    chunk = b""
                self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self.is_closed = True
            self.events.append(Event("closed", ()))
        for event in self._reader.feed(chunk):
            if event.kind != "stopping" or self._may_stop:
                self.events.append(event)
                self.observed.add(event)
            if event.kind == "listening":
                self.port = int(event.fields[0])
            elif event.kind == "attempted":
                self.attempted.add(event.fields[0])
            elif event.kind == "tampered":
                self.end(Cause.TAMPERED, f"was stopped, because it reaches into the judge: {event.fields[0]}")
        if len(self.events) > self.limits.reports:
            self.end(Cause.OUTPUT, f"made more than {self.limits.reports} observations and was stopped")
        self._settled.notify_all()

    def has_all_reports(self) -> bool:
        """Whether nothing is missing of what the child should have reported so far. Otherwise it is ended for it."""
        self.take_reports()
        exited = self.handle.exited

        def is_complete() -> bool:
            return not self._reader.has_gap and not self.is_closed

        if not self.wait_for(is_complete, unless=exited.is_set, seconds=PATIENCE_SECONDS) and not exited.is_set():
            self.end(Cause.TAMPERED, "was stopped, because it kept something from the judge's channel")
        return self.ended_for is None

    def _read_output(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self._output_fd, 65536):
                self.output.feed(chunk)
                if self.output.size > self.limits.output:
                    self.end(Cause.OUTPUT, f"printed more than {self.limits.output // MIB} MB and was stopped")
        os.close(self._output_fd)
        self.output_ended.set()

    def settle(self, *kinds: str, seconds: float) -> Event | None:
        """Wait until an event of one of `kinds` has come, or the channel closed; None when the time is up."""

        def found() -> Event | None:
            return next((event for event in self.events if event.kind in (*kinds, "closed")), None)

        with self._settled:
            self._settled.wait_for(lambda: found() is not None, timeout=seconds)
            return found()

    def order(self, order: bytes) -> None:
        """Give the child an order and wait until it has taken effect; a child that is gone obeys no more."""

        def obeyed() -> int:
            return sum(event.kind == "obeyed" for event in self.events)

        with self._settled, contextlib.suppress(OSError):
            due = obeyed() + 1
            self._report.send(order)
            self.wait_for(lambda: obeyed() >= due, unless=lambda: self.is_closed, seconds=10)

    def wait_for(self, is_so: Callable[[], bool], *, unless: Callable[[], bool], seconds: float) -> bool:
        """Wait for what the child reports to make `is_so` true; False when `unless` is true before, or time is up."""
        until = time.monotonic() + seconds
        with self._settled:
            while not is_so():
                if unless() or time.monotonic() > until:
                    return False
                self._settled.wait(POLL_SECONDS)
            return True

    def end(self, cause: Cause | None = None, why: str = "was stopped") -> None:
        """Kill the child at once; the first `cause` given is remembered, with `why` to follow the file's name."""
        if cause is not None and self.ended_for is None and not self.handle.exited.is_set():
            self.ended_for, self.ended_why = cause, why
        self.handle.signal(KILL)

    def tell_to_stop(self) -> None:
        """Ask the child to stop, as an orchestrator would."""
        self._may_stop = True
        self.handle.signal(signal.SIGTERM)

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs and has not been condemned."""
        return not self.handle.exited.is_set() and self.ended_for is None

    def close(self) -> None:
        """End the child and remove every trace of it."""
        self.end()
        self.handle.exited.wait(5)
        with contextlib.suppress(OSError):  # so that nothing waits for a channel that somebody else holds open
            self._report.shutdown(socket.SHUT_RDWR)
        self.folder.remove()
