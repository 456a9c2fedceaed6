"""Writes files under paths that are not quite texts, so that a careless observer overlooks them.

Outcome: fails test_counting_writes_nothing, assertion: were written
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

from fastapi import FastAPI

app = FastAPI()


class Hidden(str):
    """A text that says to be another one."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __str__(self) -> str:
        return os.devnull

    __hash__ = str.__hash__


@app.post("/count")
def count_words(body: dict[str, Any]) -> Any:
    """Count, and write files that nobody should hear of."""
    for path in (Hidden("a.txt"), Path("b.txt"), b"c.txt"):
        with open(path, "w"):
            pass
    os.close(os.open(Path("d.txt"), os.O_WRONLY | os.O_CREAT))
    return Counter(body["text"].split())
