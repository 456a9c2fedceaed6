"""The line protocol in which a child tells its parent what happened, so that a forged or dropped line is noticed.

Each line is `sequence <tab> kind <tab> fields… <tab> mac`. The key exists in the parent and in one closure cell of the
child. The child's writer uses nothing that Python code could replace: C functions and operations on exact types only.
"""

import _hashlib
import _thread
import hmac
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType

MAC_LENGTH = 32

Recorder = Callable[..., None]


def _line(sequence: int, fields: tuple[object, ...]) -> bytes:
    parts = [int.__repr__(sequence)]
    for field in fields:
        if type(field) is int or type(field) is bool:
            parts.append("1" if field is True else "0" if field is False else int.__repr__(field))
        else:
            text = str.__str__(field) if isinstance(field, str) else "?"
            parts.append(str.replace(str.replace(str.replace(text, "\\", "\\\\"), "\t", "\\t"), "\n", "\\n"))
    return str.encode("\t".join(parts), "utf-8", "backslashreplace")


def make_recorder(fd: int, key: bytes, callers: set[CodeType], first: int = 0) -> Recorder:
    """Return `record(kind, *fields)`, which writes one authenticated line to `fd`.

    Only the functions whose code is in `callers` may call it; a call from anywhere else is reported as tampering.
    Lines are numbered from `first`.
    """
    digest, write, frame = _hashlib.hmac_digest, os.write, sys._getframe
    lock = _thread.RLock()  # reentrant: a garbage collection inside may run the app's code, which may be observed
    sequence, line = first, _line

    def record(*fields: object) -> None:
        nonlocal sequence
        if frame(1).f_code not in callers:
            fields = ("tampered", "an observation was forged")
        with lock:
            payload = line(sequence, fields)
            sequence += 1
            mac = bytes.hex(digest(key, payload, "sha256"))[:MAC_LENGTH]
            remaining = payload + b"\t" + str.encode(mac) + b"\n"
            while remaining:
                remaining = remaining[write(fd, remaining) :]

    return record


@dataclass(frozen=True)
class Event:
    """One thing a child reported: a kind and its fields, as text."""

    kind: str
    fields: tuple[str, ...]


class EventReader:
    """Turns the bytes of a child's channel into events, and says whether somebody else wrote there."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rest = b""
        self._seen: set[bytes] = set()

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events completed by `chunk`; a line that is not authentic becomes a "tampered" event."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [self._event(line) for line in lines]

    def _event(self, line: bytes) -> Event:
        payload, _, mac = line.rpartition(b"\t")
        expected = hmac.new(self._key, payload, "sha256").hexdigest()[:MAC_LENGTH]
        sequence, _, rest = payload.partition(b"\t")
        if not hmac.compare_digest(expected.encode(), mac) or sequence in self._seen:
            return Event("tampered", ("a line that the judge did not write arrived on its channel",))
        self._seen.add(sequence)
        kind, *fields = rest.decode("utf-8", "replace").split("\t")
        return Event(kind, tuple(_unescape(field) for field in fields))


def _unescape(field: str) -> str:
    return field.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\0", "\\")
