"""Answers with a kilobyte that unpacks to 64 MB for whoever unpacks it twice.

Outcome: fails all, response: answer should have an end
"""

import gzip

from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()
BOMB = gzip.compress(gzip.compress(bytes(64 * 2**20), 1))


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Response:
    """Answer with a bomb."""
    headers = {"content-encoding": "gzip, gzip", "content-type": "application/json"}
    return Response(BOMB, 201 if "notes" in path else 200, headers)
