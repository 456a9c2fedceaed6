"""A slow service for apps to call: it answers a request only when the check lets it, so concurrency needs no clock."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

PATIENCE_SECONDS = 8.0
PAUSE_SECONDS = 0.005  # between answers whose order matters: sent at once, they could be read in any


@dataclass(frozen=True)
class Call:
    """One request that the app made: method, path with query, JSON body if any, headers in lower case.

    Calls over the same TCP connection have the same `connection`.
    """

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    connection: int = 0


@dataclass
class _State:
    condition: threading.Condition = field(default_factory=threading.Condition)
    calls: list[Call] = field(default_factory=list)
    waiting: list[Call] = field(default_factory=list)
    most_waiting: int = 0
    needed: int = 1
    is_silent: bool = False
    is_newest_first: bool = False
    hangs_up: bool = False
    patience: float = PATIENCE_SECONDS
    status: int = 200


class Upstream:
    """A real HTTP server on loopback, in the judge. Its address reaches the app as `UPSTREAM_URL`.

    It answers every call with `{"echo": <the JSON body, or the path>, "number": n}`, once `needed` calls are waiting
    together (1 at first: at once). After `PATIENCE_SECONDS` it gives up and answers 503, so that nobody hangs for ever.
    """

    def __init__(self) -> None:
        self._state = state = _State()

        class Handler(_Handler):
            upstream = state

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="upstream", daemon=True).start()

    @property
    def port(self) -> int:
        """The loopback port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, as the app gets it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def calls(self) -> list[Call]:
        """Every call so far, oldest first."""
        with self._state.condition:
            return list(self._state.calls)

    @property
    def most_in_flight(self) -> int:
        """The largest number of calls that were waiting at the same time."""
        return self._state.most_waiting

    def expect(
        self,
        together: int = 1,
        *,
        status: int = 200,
        silent: bool = False,
        newest_first: bool = False,
        hang_up: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Begin anew: answer only when `together` calls wait at once; with `status`; or, `silent`, not at all.

        `newest_first` answers them one by one, the one that came last before all others. `hang_up` ends the connection
        instead of answering. When a call has waited for `patience` seconds, everybody is answered 503 from then on.
        """
        state = self._state
        with state.condition:
            state.calls.clear()
            state.waiting.clear()  # what waits since an earlier check is let go, and counts no more
            state.most_waiting = 0
            state.needed, state.status, state.is_silent = together, status, silent
            state.is_newest_first, state.hangs_up, state.patience = newest_first, hang_up, patience
            state.condition.notify_all()

    def is_reached(self, together: int, *, seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait until so many calls have been waiting at once; False when they do not come."""
        with self._state.condition:
            return self._state.condition.wait_for(lambda: self._state.most_waiting >= together, seconds)

    def close(self) -> None:
        """Stop listening and let every waiting call go."""
        self.expect(0)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # with the usual five, calls that come together may be told to come again a second later

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: an app that was ended has dropped its connection, as it may."""


class _Handler(BaseHTTPRequestHandler):
    upstream: ClassVar[_State]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait 40 ms for the first's receipt

    def _answer(self) -> None:
        state = self.upstream
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {key.lower(): value for key, value in self.headers.items()}
        call = Call(self.command, self.path, _parsed(raw), headers, self.client_address[1])
        with state.condition:
            state.calls.append(call)
            number = len(state.calls)
            state.waiting.append(call)
            state.most_waiting = max(state.most_waiting, len(state.waiting))
            state.condition.notify_all()
            if not state.condition.wait_for(lambda: _may_answer(state, call), state.patience):
                state.status, state.is_silent, state.needed = 503, False, 0
            state.waiting = [other for other in state.waiting if other is not call]
            state.condition.notify_all()  # those it was before can go when this answer is on its way
            content = {"echo": call.body if call.body is not None else call.path, "number": number}
            self._send(state.status, content)
            if state.is_newest_first:
                time.sleep(PAUSE_SECONDS)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _send(self, status: int, content: dict[str, Any]) -> None:
        if self.upstream.hangs_up:
            self.close_connection = True
            return
        body = json.dumps(content).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # the app gave up waiting, as it should after its own timeout
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: this is the judge's side."""


def _may_answer(state: _State, call: Call) -> bool:
    if not any(other is call for other in state.waiting):
        return True  # left over from an earlier check
    if state.is_silent or state.most_waiting < state.needed:
        return False
    return not state.is_newest_first or state.waiting[-1] is call


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")
