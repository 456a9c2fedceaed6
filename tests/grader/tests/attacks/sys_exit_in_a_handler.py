"""Raises SystemExit(0) in a route.

Outcome: fails all, assertion: should be answered with 2
"""

import sys

from fastapi import FastAPI

app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
async def leave(path: str) -> None:
    """Leave."""
    sys.exit(0)
