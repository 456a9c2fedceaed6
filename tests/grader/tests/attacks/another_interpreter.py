"""Writes a file from a second interpreter in the same process, where nobody has a hook.

Outcome: fails test_counting_writes_nothing, tampered: interpreter
"""

# mypy: ignore-errors

import importlib
import importlib.util
from collections import Counter
from typing import Any

from fastapi import FastAPI

names = ("_interpreters", "_xxsubinterpreters")  # Python 3.13, and before
interpreters = importlib.import_module(next(name for name in names if importlib.util.find_spec(name)))
app = FastAPI()


@app.post("/count")
def count_words(body: dict[str, Any]) -> Any:
    """Count, and write a file that nobody should hear of."""
    interpreters.run_string(interpreters.create(), "open('secret.txt', 'w').close()")
    return Counter(body["text"].split())
