"""A request that has been sent in full and whose answer nobody has read yet: for checks on what happens meanwhile."""

import select
import socket
from http.client import HTTPException, HTTPResponse

import httpx2

from grader.sandbox.client import TooSlow
from grader.sandbox.journal import Journal

PATIENCE_SECONDS = 3.0  # an answer that has not come by then will not come


class Pending:
    """One request on a connection of its own. When it is made, the app's socket already holds all of it."""

    def __init__(self, request: httpx2.Request, journal: Journal, *, socket_path: str = "", port: int = 0) -> None:
        self._journal, self._entry = journal, journal.begin(request)
        if socket_path:
            self._connection = socket.socket(socket.AF_UNIX)
            self._connection.connect(socket_path)
        else:
            self._connection = socket.create_connection(("127.0.0.1", port))
        lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([*lines, "connection: close", "", ""])
        self._connection.sendall(head.encode() + request.read())

    def arrives(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait until the answer is there, and return whether it is; if it is not, the verdict shows this request."""
        if self._connection.fileno() < 0:
            return isinstance(self._entry.answer, httpx2.Response)
        is_there = bool(select.select([self._connection], [], [], seconds)[0])
        if not is_there and seconds:
            self._show()
        return is_there

    def _show(self) -> None:
        self._journal.entries.remove(self._entry)
        self._journal.entries.append(self._entry)

    def answer(self) -> httpx2.Response:
        """Return the answer, and let the verdict show this exchange if what follows fails."""
        entry = self._entry
        self._show()
        if isinstance(entry.answer, httpx2.Response):
            return entry.answer
        try:
            entry.answer = self._read()
        except (OSError, HTTPException) as error:
            entry.answer = error
            raise TooSlow("no answer") if isinstance(error, TimeoutError) else httpx2.ReadError(str(error)) from error
        finally:
            self.leave()
        return entry.answer

    def _read(self) -> httpx2.Response:
        self._connection.settimeout(PATIENCE_SECONDS)
        raw = HTTPResponse(self._connection, method=self._entry.request.method)
        raw.begin()
        return httpx2.Response(raw.status, headers=raw.getheaders(), content=raw.read(), request=self._entry.request)

    def leave(self) -> None:
        """Hang up, whether the answer has come or not."""
        self._connection.close()

    close = leave
