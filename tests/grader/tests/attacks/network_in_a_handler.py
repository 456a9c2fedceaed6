"""Lets another machine do the work, and does not hide it.

Outcome: fails all, assertion: may not open network connections
Only the kernel stops it.
"""

import json
import urllib.request
from pathlib import Path
from typing import Any

from fastapi import FastAPI

where = json.loads(Path(__file__).with_name("where.json").read_text())
app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
def answer(path: str) -> Any:
    """Ask somebody else."""
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:{where['port']}/{path}"))
