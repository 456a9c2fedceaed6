"""Answers with a megabyte of JSON that grow to gigabytes when somebody prints them with indentation.

Outcome: fails all, assertion: should
"""

from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()
BOMB = "[" * 900 + "0," * 400_000 + "0" + "]" * 900


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Response:
    """Answer with zeros."""
    return Response(BOMB, 201 if "notes" in path else 200, media_type="application/json")
