"""Ends the process with a success code instead of answering.

Outcome: fails all, exited: ended its own process (exit code 0
"""

import os

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def leave(request: object, call_next: object) -> None:
    """Leave."""
    os._exit(0)
