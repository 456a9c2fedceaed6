"""Raises an error that cannot be turned into text.

Outcome: fault, import: line 16: importing the file raised Hostile
"""


class Hostile(Exception):
    """An error that defends itself."""

    def __str__(self) -> str:
        raise SystemExit(0)

    __repr__ = __str__


raise Hostile
