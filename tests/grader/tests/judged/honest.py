"""Does what the checks ask for."""

from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Numbers(BaseModel):
    """Some numbers."""

    numbers: list[float]


class Text(BaseModel):
    """Some text."""

    text: str


@app.post("/median")
def find_median(body: Numbers) -> dict[str, float]:
    """Return the median."""
    return {"median": median(body.numbers)}


@app.post("/count")
def count_words(body: Text) -> dict[str, int]:
    """Return how often each word occurs."""
    return Counter(body.text.split())


@app.put("/notes/{name}", status_code=201)
def keep_note(name: str, body: Text) -> Any:
    """Keep a note in a file."""
    Path(f"{name}.txt").write_text(body.text)


@app.get("/notes/{name}")
def read_note(name: str) -> Text:
    """Return a note."""
    return Text(text=Path(f"{name}.txt").read_text())
