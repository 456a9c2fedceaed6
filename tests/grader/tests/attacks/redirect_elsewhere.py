"""Sends the client to another server that knows the answers.

Outcome: fails all, assertion: should be answered with 2
"""

import json
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

where = json.loads(Path(__file__).with_name("where.json").read_text())
app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> RedirectResponse:
    """Point elsewhere."""
    return RedirectResponse(f"http://127.0.0.1:{where['port']}/{path}")
