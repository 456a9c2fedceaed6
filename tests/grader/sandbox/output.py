"""What an app prints: kept to a readable length, counted to the end, searched for the app's own traceback."""

import re
import threading

from grader.sandbox.plain import plain_text

KEPT = 48 * 1024
LOG_LINE = re.compile(r"(INFO|ERROR|WARNING|DEBUG|CRITICAL):|\d+\.\d\d\.\d{3}\.\d{3} ")  # uvicorn's, llama.cpp's
TRACEBACK = "Traceback (most recent call last):"
MARGIN, BORDER = re.compile(r"^ +\| ?"), re.compile(r" *\+-[-+]+")  # around the tracebacks of an ExceptionGroup


class Output:
    """A bounded copy of a stream: its first and last bytes, and how many there were."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._lock = threading.Lock()
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        """Take in more bytes; the middle of a long stream is dropped."""
        with self._lock:
            self.size += len(chunk)
            room = KEPT - len(self._head)
            self._head += chunk[:room]
            self._tail += chunk[room:] if room < len(chunk) else b""
            del self._tail[:-KEPT]

    def text(self, start: int = 0) -> str:
        """Return what was printed from byte `start` on, as far as it was kept."""
        with self._lock:
            dropped = self.size - len(self._head) - len(self._tail)
            head = bytes(self._head[start:])
            skipped = max(0, start - len(self._head) - dropped)
            tail = bytes(self._tail[skipped:])
            gap = b"\n[%d bytes left out]\n" % dropped if dropped > 0 else b""
        return plain_text((head + gap + tail).decode("utf-8", "replace"))


def last_traceback(output: str, app_file: str) -> str:
    """Return the last traceback in `output` with only the frames of `app_file` and its last line; "" without one."""
    _, found, rest = output.rpartition(TRACEBACK)
    if not found:
        return ""
    lines = [MARGIN.sub("", line, count=1) for line in rest.lstrip("\n").splitlines() if not BORDER.match(line)]
    frames, ending = _parse(lines)
    own = [line for path, lines in frames if path == app_file for line in lines]
    shown = own or [line for _, lines in frames[-1:] for line in lines]
    return "\n".join([TRACEBACK, *shown, *ending])


def _parse(lines: list[str]) -> tuple[list[tuple[str, list[str]]], list[str]]:
    frames: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines):
        if line.startswith("  File "):
            frames.append((line.split('"')[1] if '"' in line else "", [line]))
        elif line.startswith(" ") and frames:
            frames[-1][1].append(line)
        elif line.strip():
            ending = [line]
            for more in lines[number + 1 :]:
                if LOG_LINE.match(more) or not more.strip():
                    break
                ending.append(more)
            return frames, ending[:12]
    return frames, []
