"""The client of a check: httpx2 bound to the child, with a journal, a deadline and a bound on the size of an answer."""

import ssl
import time
from collections.abc import Iterator

import httpcore2
import httpx2

from grader.sandbox.journal import Entry, Journal
from grader.sandbox.stream import DeadlineBackend

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading certificates for a Unix socket would cost 20 ms a client


class TooSlow(httpx2.TransportError):
    """The whole answer did not arrive before the deadline."""


class TooBig(httpx2.TransportError):
    """The answer is larger than any client would read."""


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, limit: int, deadline: float, entry: Entry) -> None:
        self._stream, self._limit, self._deadline, self._entry = stream, limit, deadline, entry

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in self._stream:
                size += len(chunk)
                self._entry.note(chunk)
                if size > self._limit:
                    raise TooBig(f"more than {self._limit // 2**20} MB")
                if time.monotonic() > self._deadline:
                    raise TooSlow("still not complete")
                yield chunk
            self._entry.has_ended = True
        except httpx2.TimeoutException as error:
            raise TooSlow("still not complete") from error

    def close(self) -> None:
        self._stream.close()


class _BoundedResponse(httpx2.Response):
    """A response that stays bounded when it is unpacked: a little gzip holds a lot of nothing."""

    limit = 0

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        size = 0
        for chunk in super().iter_bytes(chunk_size):
            size += len(chunk)
            if size > self.limit:
                raise TooBig(f"more than {self.limit // 2**20} MB")
            yield chunk


class _AppTransport(httpx2.HTTPTransport):
    """A transport whose every connection goes to one app, whatever a redirect says."""

    def connect_to(self, backend: DeadlineBackend) -> None:
        self._pool = httpcore2.ConnectionPool(
            network_backend=backend, ssl_context=NO_TLS, max_connections=None, max_keepalive_connections=0
        )


class _BoundedTransport(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport, limit: int, seconds: float, journal: Journal) -> None:
        self._inner, self._limit, self._seconds, self._journal = inner, limit, seconds, journal

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        entry = self._journal.begin(request)
        deadline = time.monotonic() + self._seconds
        try:
            response = self._inner.handle_request(request)
        except httpx2.TimeoutException as error:
            entry.answer = error
            raise TooSlow(f"no answer within {self._seconds:g} s") from error
        except httpx2.TransportError as error:
            entry.answer = error
            raise
        assert isinstance(response.stream, httpx2.SyncByteStream)
        bounded = _BoundedStream(response.stream, self._limit, deadline, entry)
        answer = _BoundedResponse(
            response.status_code,
            headers=response.headers,
            stream=bounded,
            extensions=response.extensions,
            request=request,
        )
        answer.limit = self._limit
        entry.answer = answer
        return answer

    def close(self) -> None:
        self._inner.close()


class Client(httpx2.Client):
    """An `httpx2.Client` for one app under judgement. What it sent and received is noted in `journal` for the verdict.

    Each request has a connection of its own, so that none meets one that the app closed after an error.
    """

    def __init__(self, journal: Journal, *, socket_path: str = "", port: int = 0, limit: int, seconds: float) -> None:
        inner = _AppTransport(verify=NO_TLS)
        inner.connect_to(DeadlineBackend(socket_path, port, seconds))
        base = "http://app" if socket_path else f"http://127.0.0.1:{port}"
        bounded = _BoundedTransport(inner, limit, seconds, journal)
        super().__init__(transport=bounded, base_url=base, timeout=seconds, trust_env=False)
