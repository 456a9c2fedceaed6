"""The client of a check: httpx2 bound to the child, with a journal, a deadline and a bound on the size of an answer."""

import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from grader.report import Exchange

SHOWN = 900
SHOWN_REQUEST_HEADERS = frozenset({"authorization", "x-api-key", "origin", "idempotency-key", "x-request-id"})
SHOWN_RESPONSE_HEADERS = frozenset(
    {"location", "retry-after", "www-authenticate", "x-request-id", "x-cache", "access-control-allow-origin"}
)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading certificates for a Unix socket would cost 20 ms a client


class TooSlow(httpx2.TransportError):
    """The whole answer did not arrive before the deadline."""


class TooBig(httpx2.TransportError):
    """The answer is larger than any client would read."""


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, limit: int, deadline: float) -> None:
        self._stream, self._limit, self._deadline = stream, limit, deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > self._limit:
                raise TooBig(f"more than {self._limit // 2**20} MB")
            if time.monotonic() > self._deadline:
                raise TooSlow("still not complete")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _BoundedTransport(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport, limit: int, seconds: float) -> None:
        self._inner, self._limit, self._seconds = inner, limit, seconds
        self.journal: list[tuple[httpx2.Request, httpx2.Response | Exception | None]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        entry = len(self.journal)
        self.journal.append((request, None))
        deadline = time.monotonic() + self._seconds
        try:
            response = self._inner.handle_request(request)
        except httpx2.TimeoutException as error:
            self.journal[entry] = (request, error)
            raise TooSlow(f"no answer within {self._seconds:g} s") from error
        except httpx2.TransportError as error:
            self.journal[entry] = (request, error)
            raise
        assert isinstance(response.stream, httpx2.SyncByteStream)
        bounded = _BoundedStream(response.stream, self._limit, deadline)
        answer = httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=bounded,
            extensions=response.extensions,
            request=request,
        )
        self.journal[entry] = (request, answer)
        return answer

    def close(self) -> None:
        self._inner.close()


class Client(httpx2.Client):
    """An `httpx2.Client` for one app under judgement. What it sent and received is kept for the verdict."""

    def __init__(self, *, socket_path: str = "", port: int = 0, limit: int, seconds: float) -> None:
        inner = httpx2.HTTPTransport(uds=socket_path or None, verify=NO_TLS)
        self._bounded = _BoundedTransport(inner, limit, seconds)
        base = "http://app" if socket_path else f"http://127.0.0.1:{port}"
        super().__init__(transport=self._bounded, base_url=base, timeout=seconds, trust_env=False)

    @property
    def last_status(self) -> int | None:
        """Status of the last answer, None if there was none."""
        answer = self._bounded.journal[-1][1] if self._bounded.journal else None
        return answer.status_code if isinstance(answer, httpx2.Response) else None

    @property
    def last_exchange(self) -> Exchange | None:
        """The last request and answer as text, None before the first request."""
        if not self._bounded.journal:
            return None
        request, answer = self._bounded.journal[-1]
        return Exchange(_sent(request), _received(answer))


def _sent(request: httpx2.Request) -> str:
    path = request.url.raw_path.decode("ascii", "replace")
    kept = [f"{name}: {value}" for name, value in request.headers.items() if name in SHOWN_REQUEST_HEADERS]
    try:
        body = _body(request.content, request.headers.get("content-type", ""))
    except httpx2.RequestNotRead:
        body = "(a streamed body)"
    return "\n".join(part for part in [f"{request.method} {path}", *kept, body] if part)


def _received(answer: httpx2.Response | Exception | None) -> str:
    if answer is None:
        return "nothing"
    if isinstance(answer, Exception):
        return f"no answer: {answer or type(answer).__name__}"
    kept = [f"{name}: {value}" for name, value in answer.headers.items() if name in SHOWN_RESPONSE_HEADERS]
    try:
        body = _body(answer.content, answer.headers.get("content-type", ""))
    except httpx2.ResponseNotRead:
        body = "(a body that was not read to its end)"
    return "\n".join(part for part in [f"{answer.status_code} {answer.reason_phrase}", *kept, body] if part)


def _body(content: bytes, content_type: str) -> str:
    if not content:
        return ""
    text = content[: SHOWN * 4].decode("utf-8", "replace")
    if "json" in content_type:
        text = _pretty(content, text)
    elif not content_type.startswith(("text/", "application/x-www-form")):
        return f"({len(content)} bytes of {content_type or 'unnamed content'})"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(content)} bytes)"


def _pretty(content: bytes, text: str) -> str:
    try:
        parsed: Any = json.loads(content)
    except (ValueError, RecursionError):
        return text
    short = json.dumps(parsed, ensure_ascii=False)
    return short if len(short) <= 100 else json.dumps(parsed, ensure_ascii=False, indent=2)
