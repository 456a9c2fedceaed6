"""Opens files until there are no more, so that no connection can be accepted.

Outcome: fails all, hung: no answer within
"""

import contextlib
import os

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def open_all(request: object, call_next: object) -> None:
    """Open everything."""
    with contextlib.suppress(OSError):
        while True:
            os.open(os.devnull, os.O_RDONLY)
    await __import__("asyncio").sleep(60)
