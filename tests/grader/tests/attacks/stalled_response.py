"""Begins its answer and never goes on with it.

Outcome: fails all, hung: still not complete
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


async def stall() -> AsyncIterator[bytes]:
    """Stall."""
    yield b"{"
    await asyncio.Event().wait()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> StreamingResponse:
    """Answer in part."""
    return StreamingResponse(stall(), 201 if "notes" in path else 200)
