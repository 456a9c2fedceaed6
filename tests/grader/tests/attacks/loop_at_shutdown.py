"""Answers honestly, then refuses to stop, with every signal ignored.

Outcome: fails test_it_stops_when_told, assertion: it ended with None
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Stay for ever."""
    yield
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


app = FastAPI(lifespan=lifespan)


@app.post("/median")
def find_median(body: dict[str, Any]) -> dict[str, float]:
    """Return the median of one number."""
    return {"median": body["numbers"][0]}
