"""Answers with JSON nested so deeply that reading it overflows the reader's stack.

Outcome: fails all, shape: does not have the shape
"""

from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Response:
    """Answer with brackets."""
    return Response("[" * 10**6, 201 if "notes" in path else 200, media_type="application/json")
