"""The few signs the course draws with, what stands in for them in plain ASCII, and text made safe for a terminal."""

import codecs
import re
import sys
import unicodedata
from typing import IO

from rich.console import Console

PASSED, FAILED, WAITING, HERE, DOT, ARROW = "✓", "✗", "·", "▸", "·", "→"
TASK_PASSED, TASK_OPEN = "●", "○"
STAND_INS = {
    PASSED: "+",
    FAILED: "x",
    WAITING: "-",
    HERE: ">",
    ARROW: "->",
    TASK_PASSED: "#",
    TASK_OPEN: ".",
    "…": "...",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "•": "*",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "│": "|",
    "─": "-",
    "━": "-",
    "╸": "-",
    "╺": "-",
}
WIDEST = 100
HANDLER = "grader.stand_in"
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]|\x1b")
INVISIBLE = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """Text from a learner's app, without anything that moves the cursor, paints, reverses or cannot be encoded."""
    text = text.replace("\r\n", "\n").expandtabs(4)
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", CONTROL.sub("", text))


def be_showable(*streams: IO[str] | None) -> None:
    """Let every stream replace what its encoding cannot show by the nearest sign that it can."""
    codecs.register_error(HANDLER, _stand_in)
    for stream in streams or (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def console(stream: IO[str] | None = None) -> Console:
    """Where plain commands print: text as it is, no wider than a person likes to read."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDEST)
    return console


def can_show(stream: IO[str] | None) -> bool:
    """Whether the stream's encoding knows the signs; the full-screen view is not for one that does not."""
    try:
        f"{PASSED}{FAILED}{HERE}{TASK_PASSED}│".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


def _nearest(sign: str) -> str:
    """A sign's ASCII stand-in: from the list, else its letter without the accent, else a question mark."""
    if sign in STAND_INS:
        return STAND_INS[sign]
    letter = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return letter or "?"
