"""JSON for people: short things on one line, long lists of numbers cut, one line an object where that is enough."""

import json
from typing import Any

WIDTH = 100
NUMBERS_SHOWN = 4
DEEPEST = 20  # further down, indentation would make a document much larger than it is


def json_text(content: bytes) -> str:
    """Return a JSON document laid out to be read; "" when it is not one."""
    try:
        return _lay_out(json.loads(content), "")
    except (ValueError, RecursionError):
        return ""


def _lay_out(value: Any, indent: str) -> str:
    short = _one_line(value)
    if len(indent) > DEEPEST * len("  "):
        return short
    if len(indent) + len(short) <= WIDTH or not isinstance(value, dict | list) or _is_long_list_of_numbers(value):
        return short
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_lay_out(each, inner)}" for key, each in value.items()
        ]
        opening, closing = "{", "}"
    else:
        parts = [f"{inner}{_lay_out(each, inner)}" for each in value]
        opening, closing = "[", "]"
    return "\n".join([opening, *(f"{part}," for part in parts[:-1]), parts[-1], f"{indent}{closing}"])


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key, ensure_ascii=False)}: {_one_line(each)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        if _is_long_list_of_numbers(value):
            first = ", ".join(json.dumps(each) for each in value[:NUMBERS_SHOWN])
            return f"[{first}, … {len(value)} numbers]"
        return "[" + ", ".join(_one_line(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _is_long_list_of_numbers(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 2 * NUMBERS_SHOWN
        and all(isinstance(each, int | float) for each in value)
    )
