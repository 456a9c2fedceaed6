"""A traceback as a verdict shows it: the app's own frames and the last line, also from inside an exception group."""

import asyncio
import traceback
from pathlib import Path

from grader.sandbox.output import TRACEBACK, last_traceback

HERE = str(Path(__file__))


def parse(text: str) -> int:
    return int(text)


async def parse_in_a_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(parse, "1 | 2"))


def logged() -> str:
    """What is logged when a task of a group raises."""
    try:
        asyncio.run(parse_in_a_group())
    except ExceptionGroup as group:
        return "INFO:     started\n" + "".join(traceback.format_exception(group)) + "INFO:     stopped\n"
    raise AssertionError("nothing was raised")


def test_of_a_group_the_exception_inside_is_shown() -> None:
    lines = last_traceback(logged(), HERE).splitlines()
    assert lines[0] == TRACEBACK
    assert lines[1].startswith(f'  File "{HERE}", line ')
    assert lines[1].endswith("in parse")
    assert "    return int(text)" in lines
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: '1 | 2'"
    assert not [line for line in lines if line.startswith((" |", "    |", "    +"))]


def test_a_bar_inside_a_line_stays_where_it_is() -> None:
    output = f'{TRACEBACK}\n  File "{HERE}", line 1, in f\n    x = a | b\nTypeError: int | str\n'
    assert last_traceback(output, HERE) == output.rstrip("\n")


def test_without_a_traceback_there_is_nothing() -> None:
    assert last_traceback("INFO:     started\n", HERE) == ""
