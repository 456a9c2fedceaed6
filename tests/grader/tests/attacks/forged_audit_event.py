"""Raises the interpreter's own event for an opened file, without opening one.

Outcome: fails test_a_note_is_written_to_one_file, assertion: one file
"""

import sys
from typing import Any

from fastapi import FastAPI

app = FastAPI()
notes: dict[str, Any] = {}


@app.put("/notes/{name}", status_code=201)
def keep_note(name: str, body: dict[str, Any]) -> None:
    """Claim to have written a file."""
    notes[name] = body
    sys.audit("open", f"{name}.txt", "w", 0o1101)


@app.get("/notes/{name}")
def read_note(name: str) -> Any:
    """Return a note."""
    return notes[name]
