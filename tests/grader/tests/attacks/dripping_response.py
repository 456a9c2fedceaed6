"""Sends its answer one byte every tenth of a second: no single wait is long.

Outcome: fails all, hung: whole answer should be there
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


async def drip() -> AsyncIterator[bytes]:
    """Drip."""
    while True:
        yield b" "
        await asyncio.sleep(0.1)


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> StreamingResponse:
    """Answer slowly."""
    return StreamingResponse(drip(), 201 if "notes" in path else 200)
