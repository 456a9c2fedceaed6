"""Console blocks in the course's texts: the commands they show, and whether an answer is the one they promise."""

import json
import re
from dataclasses import dataclass

ANYTHING = "…"


@dataclass(frozen=True)
class Exchange:
    """A command as it is shown, and the answer below it."""

    command: str
    answer: str
    line: int


def exchanges(text: str, first_line: int) -> list[Exchange]:
    """The exchanges of a console block whose first line is `first_line` of its file; a command may end in a `\\`."""
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=first_line):
        if line.startswith("$ "):
            found.append((number, [line.removeprefix("$ ")], []))
        elif found and not found[-1][2] and found[-1][1][-1].endswith("\\"):
            found[-1][1].append(line.strip().removeprefix("> "))
        elif found:
            found[-1][2].append(line)
    return [
        Exchange(" ".join(part.removesuffix("\\").strip() for part in command), "\n".join(answer).strip(), line)
        for line, command, answer in found
    ]


def is_as_promised(promised: str, answer: str) -> bool:
    """Whether an answer fits: as JSON if both are JSON, else as text; "…" stands for anything, or for any lines."""
    for spelling in (promised, re.sub(rf'(?<!"){ANYTHING}(?!")', f'"{ANYTHING}"', promised)):
        try:
            return _fits(json.loads(spelling), json.loads(answer))
        except ValueError:
            continue
    pattern = re.escape(_trimmed(promised)).replace(re.escape(ANYTHING), r"[\s\S]*")
    return re.fullmatch(pattern, _trimmed(answer)) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _fits(promised: object, value: object) -> bool:
    if promised == ANYTHING:
        return True
    if isinstance(promised, str) and isinstance(value, str):
        return re.fullmatch(re.escape(promised).replace(re.escape(ANYTHING), r"[\s\S]*"), value) is not None
    if isinstance(promised, dict) and isinstance(value, dict):
        return promised.keys() == value.keys() and all(_fits(promised[key], value[key]) for key in promised)
    if isinstance(promised, list) and isinstance(value, list):
        return _list_fits(promised, value)
    return type(promised) is type(value) and bool(promised == value)


def _list_fits(promised: list[object], values: list[object]) -> bool:
    """An element "…" stands for any number of elements."""
    if not promised:
        return not values
    if promised[0] == ANYTHING:
        return any(_list_fits(promised[1:], values[skip:]) for skip in range(len(values) + 1))
    return bool(values) and _fits(promised[0], values[0]) and _list_fits(promised[1:], values[1:])
