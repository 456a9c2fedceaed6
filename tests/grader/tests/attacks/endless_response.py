"""Answers without end.

Outcome: fails all, response: answer should have an end
"""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


def flood() -> Iterator[bytes]:
    """Flow."""
    while True:
        yield b"0" * 2**16


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> StreamingResponse:
    """Answer for ever."""
    return StreamingResponse(flood(), 201 if "notes" in path else 200)
