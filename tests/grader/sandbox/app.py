"""An app under judgement, as a check holds it: a client, what was observed, and the power to stop and restart it."""

import contextlib
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx2

from grader.explain import startup_fault
from grader.report import Fault
from grader.sandbox.child import Spec
from grader.sandbox.client import Client
from grader.sandbox.events import Event
from grader.sandbox.hold import Hold, stopped_clock
from grader.sandbox.journal import Journal
from grader.sandbox.launcher import Warm
from grader.sandbox.limits import Limits
from grader.sandbox.observations import Observed
from grader.sandbox.output import last_traceback
from grader.sandbox.pending import Pending
from grader.sandbox.process import AppProcess
from grader.sandbox.stopped import Stopped

LISTENING_MODELS = {"xllamacpp"}  # its runtime opens a port on loopback that nobody uses
ROUNDS_TO_CATCH_UP = 5
SECONDS_TO_IMPORT = 60.0  # of a fresh Python


class AppDied(Exception):
    """The app could not be started again, or is gone; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


@dataclass(eq=False)
class App:
    """One file, served by a confined child. A context manager: entering starts it, and raises `AppDied` on a fault."""

    app_file: Path
    models: tuple[str, ...] = ()
    warm: Warm | None = None
    limits: Limits = field(default_factory=Limits)
    is_confined: bool = True
    connect_ports: tuple[int, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    is_changed: bool = False
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self._given_env = dict(self.env)
        self._process: AppProcess | None = None
        self._clients: list[Client | Pending] = []
        self._deadline = float("inf")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def process(self) -> AppProcess:
        """The child that serves the file now."""
        if self._process is None:
            raise RuntimeError("the app was not started")
        return self._process

    def start(self) -> None:
        """Start the child and wait until it serves; raise `AppDied` when it does not come to that."""
        spec = Spec(str(self.app_file.resolve()), "", "", self.env, list(self.connect_ports), confined=self.is_confined)
        spec.may_listen = bool(LISTENING_MODELS & set(self.models))
        self._process = process = AppProcess(self.warm, self.models, spec, self.limits, self.files)
        if self.warm is None:
            process.settle("confined", "fault", seconds=SECONDS_TO_IMPORT)
        process.deadline = time.monotonic() + self.limits.startup_seconds
        event = process.settle("started", "fault", "tampered", seconds=self.limits.startup_seconds + 5)
        process.deadline = self._deadline
        if event is None or event.kind != "started" or not process.is_alive:
            fault = startup_fault(process, event or Event("hung", ()), self.app_file)
            self.close()
            raise AppDied(fault)

    def abort(self) -> None:
        """End the child, from any thread; whoever waits for it in `start` hears `AppDied`."""
        if self._process is not None:
            self._process.end()

    @property
    def deadline(self) -> float:
        """When the app is ended (monotonic seconds), however often it is restarted until then."""
        return self._deadline

    @deadline.setter
    def deadline(self, when: float) -> None:
        self._deadline = when
        if self._process is not None:
            self._process.deadline = when

    def new_client(self) -> Client:
        """Return another client bound to this app; it is closed with the app."""
        process = self.process
        client = Client(
            self.journal,
            socket_path=process.socket_path,
            port=process.port,
            limit=self.limits.response,
            seconds=self.limits.request_seconds,
        )
        self._clients.append(client)
        return client

    def begin(self, method: str, path: str, **content: Any) -> Pending:
        """Send a request and do not wait for its answer; `content` is what an httpx2 request takes, such as `json`."""
        request = httpx2.Request(method, f"http://app{path}", **content)
        pending = Pending(request, self.journal, socket_path=self.process.socket_path, port=self.process.port)
        self._clients.append(pending)
        return pending

    def catch_up(self) -> None:
        """Return when the app has taken in all that was sent, and noticed everybody who has left."""
        for _ in range(ROUNDS_TO_CATCH_UP):  # each answer means that the event loop went round more than once
            request = httpx2.Request("GET", "http://app/.round")
            Pending(request, Journal(), socket_path=self.process.socket_path, port=self.process.port).answer()

    def hold(self) -> Hold:
        """Return a barrier for the app's models: a context manager."""
        return Hold(self.process)

    def stopped_clock(self) -> AbstractContextManager[None]:
        """Return a context manager inside which no timer of the app is ever due."""
        return stopped_clock(self.process)

    @property
    def observed(self) -> Observed:
        """What the child has reported so far; what it did before its last answer is in here."""
        self.process.take_reports()
        return self.process.observed

    @property
    def output(self) -> str:
        """What the app printed and logged, shortened in the middle when it is long."""
        return self.process.output.text()

    @property
    def traceback(self) -> str:
        """The last traceback that the app logged, cut to its own file's lines."""
        return last_traceback(self.output, str(self.app_file.resolve()))

    @property
    def is_alive(self) -> bool:
        """Whether the app still serves."""
        return self._process is not None and self._process.is_alive

    @property
    def socket_path(self) -> str:
        """The Unix socket the app listens on ("" where there are none: see `port`)."""
        return self.process.socket_path

    def stop(self) -> Stopped:
        """Ask the app to stop as an orchestrator would (SIGTERM), wait until it has; kill it if that takes too long."""
        process = self.process
        process.tell_to_stop()
        if not process.handle.exited.wait(self.limits.shutdown_seconds):
            process.end()
            return Stopped(None, -1, False)
        process.settle(seconds=1)  # what it had to say is read to the end
        living = next((int(event.fields[0]) for event in reversed(process.events) if event.kind == "stopped"), -1)
        return Stopped(process.handle.code, living, process.handle.code == 0 and living >= 0)

    def restart(self, env: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None) -> None:
        """End the app and start it anew, these variables and scratch files added; raises `AppDied` on a fault."""
        self.close()
        self.env, self.files = self._given_env | dict(env or {}), dict(files or {})
        self.is_changed = bool(env or files)
        self.start()

    def another(self, env: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None) -> "App":
        """Return one more app of the same file, not yet started, these variables and scratch files added."""
        return replace(self, env=self._given_env | dict(env or {}), files=dict(files or {}), is_changed=False)

    def scratch_files(self) -> list[str]:
        """Return the names of the files in the app's folder, which is its HOME, TMPDIR and working folder."""
        return self.process.folder.files()

    def close(self) -> None:
        """End the app at once and forget it."""
        for client in self._clients:
            with contextlib.suppress(Exception):
                client.close()
        self._clients.clear()
        if self._process is not None:
            self._process.close()
