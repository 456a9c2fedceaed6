"""Closes every file it has, the server's socket and the judge's channel among them.

Outcome: fails all, crashed: ended with OSError
Only the kernel stops it.
"""

import os

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def close(request: object, call_next: object) -> None:
    """Close everything."""
    os.closerange(3, 256)
