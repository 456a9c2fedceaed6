"""What a check sent and what came back, in order, and how that is shown to people."""

from dataclasses import dataclass, field

import httpx2

from grader.report import Exchange
from grader.sandbox.json_text import json_text
from grader.sandbox.plain import plain_line, plain_text

SHOWN = 900
LARGEST_LAID_OUT = 512 * 1024
SHOWN_REQUEST_HEADERS = frozenset(
    {"authorization", "cookie", "forwarded", "idempotency-key", "origin", "x-api-key", "x-request-id"}
)
SHOWN_RESPONSE_HEADERS = frozenset({"location", "retry-after", "vary", "www-authenticate", "x-cache", "x-request-id"})
SHOWN_FAMILIES = ("access-control-", "x-forwarded-", "x_forwarded_", "x-ratelimit-")
MOST_HEADERS = 12
STREAMS = ("text/event-stream", "application/jsonl", "application/x-ndjson")


@dataclass
class Entry:
    """One request, and its answer or the error that came instead; None while it is under way.

    `arrived` is the beginning of the answer's body, as far as it has been read; `has_ended` tells of its end.
    """

    request: httpx2.Request
    answer: httpx2.Response | Exception | None = None
    arrived: bytes = b""
    has_ended: bool = False

    def note(self, chunk: bytes) -> None:
        """Keep what has come of the body, as much as can be shown."""
        if len(self.arrived) < SHOWN * 4:
            self.arrived += chunk


@dataclass
class Journal:
    """The exchanges of one check, over all of its clients."""

    entries: list[Entry] = field(default_factory=list)

    def begin(self, request: httpx2.Request) -> Entry:
        """Note a request that is about to be sent; its answer is filled in later."""
        entry = Entry(request)
        self.entries.append(entry)
        return entry

    @property
    def last_status(self) -> int | None:
        """Status of the last answer, None if there was none."""
        answer = self.entries[-1].answer if self.entries else None
        return answer.status_code if isinstance(answer, httpx2.Response) else None

    @property
    def last_exchange(self) -> Exchange | None:
        """The last request and answer as text, None before the first request."""
        if not self.entries:
            return None
        last = self.entries[-1]
        return Exchange(_sent(last.request), _received(last.answer, last))

    @property
    def last_is_stream(self) -> bool:
        """Whether the last answer was sent piece by piece: then a status of 200 does not mean that all went well."""
        answer = self.entries[-1].answer if self.entries else None
        return isinstance(answer, httpx2.Response) and answer.headers.get("content-type", "").startswith(STREAMS)


def _sent(request: httpx2.Request) -> str:
    path = request.url.raw_path.decode("ascii", "replace")
    kept = _headers(request.headers, SHOWN_REQUEST_HEADERS)
    try:
        body = _body(request.content, request.headers.get("content-type", ""))
    except httpx2.RequestNotRead:
        body = "(a streamed body)"
    return "\n".join(part for part in [f"{request.method} {path}", *kept, body] if part)


def _received(answer: httpx2.Response | Exception | None, entry: Entry) -> str:
    if answer is None:
        return "nothing"
    if isinstance(answer, Exception):
        return f"no answer: {plain_line(str(answer)) or type(answer).__name__}"
    kept = _headers(answer.headers, SHOWN_RESPONSE_HEADERS)
    content_type = answer.headers.get("content-type", "")
    try:
        body = _body(answer.content, content_type)
    except httpx2.ResponseNotRead:
        rest = "" if entry.has_ended else "\n(the rest of the body was not read)"
        body = f"{_body(entry.arrived, content_type)}{rest}".strip()
    status = f"{answer.status_code} {plain_line(answer.reason_phrase, 80)}"
    return "\n".join(part for part in [status, *kept, body] if part)


def _headers(headers: httpx2.Headers, shown: frozenset[str]) -> list[str]:
    """The lines of those headers that say something about the app, and not about the connection."""
    kept = [pair for pair in headers.items() if pair[0] in shown or pair[0].startswith(SHOWN_FAMILIES)]
    return [f"{name}: {_cut(value)}" for name, value in kept[:MOST_HEADERS]]


def _cut(value: str) -> str:
    return plain_line(value) if len(value) <= SHOWN else f"{plain_line(value[:SHOWN])}… ({len(value)} characters)"


def _body(content: bytes, content_type: str) -> str:
    if not content:
        return ""
    text = content[: SHOWN * 4].decode("utf-8", "replace")
    if "json" in content_type:
        text = (json_text(content) if len(content) <= LARGEST_LAID_OUT else "") or text
    elif not content_type.startswith(("text/", "application/x-www-form")):
        return f"({len(content)} bytes of {plain_line(content_type, 80) or 'unnamed content'})"
    text = plain_text(text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(content)} bytes)"
