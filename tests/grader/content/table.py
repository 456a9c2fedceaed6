"""TOML files read into dataclasses: every mistake is reported with its line and what was expected."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from grader.content.source import ContentError, read_source

T = TypeVar("T")
Location = tuple[str | int, ...]

HEADER = re.compile(r"\s*(?P<brackets>\[\[?)\s*(?P<name>[\w.-]+)\s*\]\]?\s*(#.*)?")
KEY = re.compile(r"""\s*["']?(?P<key>[\w-]+)["']?\s*=""")
AT_LINE = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")
MULTILINE_QUOTES = ('"""', "'''")
EXPECTED = {
    "int_type": "expected a whole number",
    "string_type": "expected text in quotes",
    "tuple_type": "expected a list in [ ]",
    "string_too_short": "expected some text",
    "dataclass_type": "expected a table",
}


class Lines:
    """The line on which each table and key of a TOML text begins; `open` is that of a text which never ends."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Location, int] = {(): 1}
        self._tables: dict[Location, int] = {}
        self.open: int | None = None
        here: Location = ()
        quotes = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if quotes:
                if quotes in line:
                    quotes, self.open = "", None
            elif header := HEADER.fullmatch(line):
                here = self._enter(header["name"].split("."), is_array=header["brackets"] == "[[")
                self._lines[here] = number
                self._lines.setdefault(here[:-1], number)
            elif key := KEY.match(line):
                self._lines.setdefault((*here, key["key"]), number)
                quotes = next((q for q in MULTILINE_QUOTES if line.count(q) % 2), "")
                self.open = number if quotes else None

    def _enter(self, names: list[str], *, is_array: bool) -> Location:
        """The location of the table that a header opens: `[[lesson.task]]` is the next task of the latest lesson."""
        location: Location = ()
        for name in names[:-1]:
            location = (*location, name)
            if location in self._tables:
                location = (*location, self._tables[location])
        location = (*location, names[-1])
        if not is_array:
            return location
        self._tables[location] = self._tables.get(location, -1) + 1
        return (*location, self._tables[location])

    def of(self, *location: str | int) -> int:
        """The line of a location such as `("lesson", 2, "title")`, or of the nearest thing around it."""
        while location not in self._lines:
            location = location[:-1]
        return self._lines[location]


def read_table(file: Path, shape: TypeAdapter[T], error: type[ContentError]) -> tuple[T, Lines]:
    """Read `file` into `shape`; raises `error` at the first line that is not as expected."""
    text = read_source(file, error)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _syntax_error(file, text, str(problem), error) from None
    lines = Lines(text)
    try:
        return shape.validate_python(data), lines
    except ValidationError as problem:
        first = min(problem.errors(), key=lambda e: (e["type"] == "missing", lines.of(*e["loc"])))
        raise error(file, lines.of(*first["loc"]), _sentence(first, problem.errors())) from None


def _syntax_error(file: Path, text: str, message: str, error: type[ContentError]) -> ContentError:
    place = AT_LINE.search(message)
    line = int(place["line"]) if place else Lines(text).open or len(text.splitlines())
    message = AT_LINE.sub("", message).removesuffix(" (at end of document)")
    return error(file, line, f"this is not valid TOML: {message[:1].lower()}{message[1:]}")


def _sentence(details: ErrorDetails, everything: list[ErrorDetails]) -> str:
    *table, key = details["loc"]
    if details["type"] == "missing":
        return f'expected the key "{key}", which is missing'
    if details["type"] == "unexpected_keyword_argument":
        missing = [str(e["loc"][-1]) for e in everything if e["type"] == "missing" and [*e["loc"][:-1]] == table]
        near = difflib.get_close_matches(str(key), missing, n=1, cutoff=0.5)
        return f'the key "{key}" is unknown' + (f'; expected "{near[0]}"' if near else "")
    name = next((step for step in reversed(details["loc"]) if isinstance(step, str)), "")
    wanted = EXPECTED.get(details["type"]) or details["msg"].replace("Input should be", "expected")
    return f'"{name}": {wanted[:1].lower()}{wanted[1:]}, found {details["input"]!r}'
