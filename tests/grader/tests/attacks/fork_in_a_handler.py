"""Forks in a route, so that a copy of the server answers next to it.

Outcome: fails all, processes: may not start processes
Only the kernel stops it.
"""

import os

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def fork(request: object, call_next: object) -> None:
    """Fork."""
    os.fork()
