"""Answers with a megabyte of headers.

Outcome: fails all, response: should be valid HTTP
"""

from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Response:
    """Answer with too many headers."""
    return Response("{}", 200, {f"x-{number}": "y" * 1000 for number in range(1000)})
