"""Closes the server's socket while it serves, so that nobody else can ask.

Outcome: fails all, response: accepts no connections
"""

import os
import stat
from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def close(request: Any, call_next: Any) -> Any:
    """Close the socket that was there before the first connection, and no other."""
    first = next(file for file in range(3, 256) if _is_socket(file) and file > 100)
    os.close(first) if _is_socket(first) else None
    return await call_next(request)


def _is_socket(file: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(file).st_mode)
    except OSError:
        return False
