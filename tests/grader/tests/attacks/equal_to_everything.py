"""Answers with objects that equal everything and are of every type.

Outcome: fails all, assertion: should
"""

# mypy: ignore-errors

from typing import Any

from fastapi import FastAPI

app = FastAPI()


class Anything(dict):
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __contains__(self, other: object) -> bool:
        return True


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Any:
    """Answer with anything."""
    return Anything(median=Anything())
