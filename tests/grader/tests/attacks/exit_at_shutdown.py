"""Leaves with exit code 0 in the middle of its shutdown, so that its mess is not looked at.

Outcome: fails test_it_stops_when_told, assertion: SIGTERM should end the app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Leave early."""
    yield
    os._exit(0)


app = FastAPI(lifespan=lifespan)


@app.post("/median")
def find_median(body: dict[str, Any]) -> dict[str, float]:
    """Return the median of one number."""
    return {"median": body["numbers"][0]}
