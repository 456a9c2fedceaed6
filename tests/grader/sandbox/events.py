"""The line protocol in which a child tells its parent what happened, so that a forged or dropped line is noticed.

Each line is `sequence <tab> kind <tab> fields… <tab> mac`. The key exists in the parent and in one closure cell of the
child. The child's writer looks up no name at run time that Python code could replace: it holds C functions, and
operates on exact types only.
"""

import _hashlib
import _thread
import functools
import hmac
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

MAC_LENGTH = 32
LOST_CHANNEL = 113
LONGEST_LINE = 64 * 1024
LONGEST_FIELD = 8 * 1024

Recorder = Callable[..., None]
Encoder = Callable[[int, tuple[object, ...]], bytes]


def make_recorder(channel: socket.socket, key: bytes, first: int = 0) -> Recorder:
    """Return `record(kind, *fields)`, which sends one authenticated line; lines are numbered from `first`.

    If something else has been put in the channel's place, the process ends at once with `LOST_CHANNEL`.
    """
    digest, hexed, encode = _hashlib.hmac_digest, bytes.hex, str.encode
    send, leave, is_replaced = _make_sender(channel), os._exit, _make_watch(channel)
    lock = _thread.RLock()  # reentrant: a garbage collection inside may run the app's code, which may be observed
    sequence, line = first, _make_encoder()

    def record(*fields: object) -> None:
        nonlocal sequence
        with lock:
            if is_replaced():
                leave(LOST_CHANNEL)
            payload = line(sequence, fields)
            sequence += 1
            remaining = payload + b"\t" + encode(hexed(digest(key, payload, "sha256"))[:MAC_LENGTH]) + b"\n"
            while remaining:
                written = send(remaining)
                if not written:
                    leave(LOST_CHANNEL)
                remaining = remaining[written:]

    return record


def _make_sender(channel: socket.socket) -> Callable[[bytes], int]:
    """Write to the descriptor, not through the object, which an app could find and turn to another socket."""
    return channel.send if sys.platform == "win32" else functools.partial(os.write, channel.fileno())


def _make_watch(channel: socket.socket) -> Callable[[], bool]:
    """Tell whether the channel's descriptor has become that of another file (sockets of Windows cannot tell)."""
    if sys.platform == "win32":
        return lambda: False
    look, fd = os.fstat, channel.fileno()
    number = look(fd).st_ino
    return lambda: look(fd).st_ino != number


def _make_encoder() -> Encoder:
    kind_of, text, number, flag = type, str, int, bool
    join, replace, encode, append = str.join, str.replace, str.encode, list.append

    def line(sequence: int, fields: tuple[object, ...]) -> bytes:
        parts = ["%d" % sequence]  # noqa: UP031 (a format specifier would be looked up in the type)
        for field in fields:
            if kind_of(field) is text:
                cut = field[:LONGEST_FIELD]  # type: ignore[index]
                append(parts, replace(replace(replace(cut, "\\", "\\\\"), "\t", "\\t"), "\n", "\\n"))
            else:
                is_number = kind_of(field) is number or kind_of(field) is flag
                append(parts, "%d" % field if is_number else "?")  # type: ignore[str-format]  # noqa: UP031
        return encode(join("\t", parts), "utf-8", "backslashreplace")

    return line


@dataclass(frozen=True)
class Event:
    """One thing a child reported: a kind and its fields, as text."""

    kind: str
    fields: tuple[str, ...]


FOREIGN = Event("tampered", ("a line that the judge did not write arrived on its channel",))


class EventReader:
    """Turns the bytes of a child's channel into events, and says whether somebody else wrote there."""

    def __init__(self, key: bytes, first: int = 0) -> None:
        self._key, self._first = key, first
        self._rest = b""
        self._seen: set[int] = set()
        self._is_broken = False

    @property
    def has_gap(self) -> bool:
        """Whether a line is missing between those that came."""
        return bool(self._seen) and max(self._seen) - self._first >= len(self._seen)

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events completed by `chunk`; a line that is not authentic becomes a "tampered" event, the last."""
        if self._is_broken:
            return []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events = [event for event in map(self._event, lines) if not self._is_broken]
        if len(self._rest) > LONGEST_LINE:
            self._is_broken = True
        return [*events, FOREIGN] if self._is_broken else events

    def _event(self, line: bytes) -> Event:
        payload, _, mac = line.rpartition(b"\t")
        expected = hmac.new(self._key, payload, "sha256").hexdigest()[:MAC_LENGTH]
        number, _, rest = payload.partition(b"\t")
        if not hmac.compare_digest(expected.encode(), mac) or int(number) in self._seen:
            self._is_broken = True
            return FOREIGN
        self._seen.add(int(number))
        kind, *fields = rest.decode("utf-8", "replace").split("\t")
        return Event(kind, tuple(_unescape(field) for field in fields))


def _unescape(field: str) -> str:
    return field.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\0", "\\")
