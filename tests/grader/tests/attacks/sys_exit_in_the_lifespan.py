"""Raises SystemExit(0) while the app starts.

Outcome: fault, lifespan: the lifespan raised SystemExit
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Leave before anything starts."""
    sys.exit(0)
    yield


app = FastAPI(lifespan=lifespan)
