"""Lesson 15: the API behind a labelling tool, for pages in browsers: those of our front end, and of no other site."""

import os
import re
import secrets
from typing import Annotated, Literal

from fastapi import Cookie, Depends, FastAPI, HTTPException, Path, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel

# Given: who is signed in (lesson 12 has the real thing), and what there is to label.
SESSION = os.getenv("SESSION", "sesame")
PREVIEW_DOMAIN = os.getenv("PREVIEW_DOMAIN", "preview.example.com")
EXAMPLES = ["Works as it should.", "Broke after a week.", "It is a kettle.", "Never again.", "My third one!"]
labels: dict[int, str] = {}


def origins_from(setting: str) -> list[str]:
    """The origins in a setting like "https://a.example, https://b.example:8443/"."""
    # TODO 15.1: separate them at the commas; spaces and a slash at the end do not matter
    # TODO 15.3: raise ValueError for "*"
    raise NotImplementedError("Task 15.1")


# TODO 15.1: read ALLOWED_ORIGINS, and let pages from there read the answers, with CORSMiddleware
# TODO 15.2: allow the methods and headers that the pages use, and say for how long that holds
# TODO 15.3: let pages send the cookie
# TODO 15.4: let pages read the two headers of GET /examples/next
# TODO 15.5: let pages read errors, too, also those that nobody expected
# TODO 15.6: allow the previews in PREVIEW_DOMAIN
app = FastAPI(title="Labels")


def require_session(session: Annotated[str | None, Cookie()] = None) -> None:
    """Refuse whoever is not signed in."""
    if not secrets.compare_digest((session or "").encode(), SESSION.encode()):
        raise HTTPException(401, "Please sign in.")


def find_example(number: Annotated[int, Path()]) -> int:
    """The number of an example that exists."""
    if not 0 <= number < len(EXAMPLES):
        raise HTTPException(404, f"There is no example {number}.")
    return number


NumberDep = Annotated[int, Depends(find_example)]


class Example(BaseModel):
    """Something to label."""

    number: int
    text: str


class Label(BaseModel):
    """What an annotator says about an example."""

    label: Literal["positive", "negative", "neutral"]


@app.get("/examples/next", dependencies=[Depends(require_session)])
def next_example(response: Response) -> Example:
    """The next example without a label; the headers say which data set it is from, and how many are left."""
    left = [number for number in range(len(EXAMPLES)) if number not in labels]
    response.headers.update({"X-Dataset": "kettles-7", "X-Examples-Left": str(len(left))})
    number = left[0] if left else 0
    return Example(number=number, text=EXAMPLES[number])


@app.put("/labels/{number}", dependencies=[Depends(require_session)])
def put_label(number: NumberDep, label: Label) -> Label:
    """Label an example, or change its label."""
    labels[number] = label.label
    return label


@app.delete("/labels/{number}", status_code=204, dependencies=[Depends(require_session)])
def delete_label(number: NumberDep) -> None:
    """Take a label away."""
    labels.pop(number, None)


@app.get("/share/{label}")
def share(label: str) -> float:
    """How much of what has been labelled has this label. Fails as long as there are no labels: leave that to 15.5."""
    return list(labels.values()).count(label) / len(labels)
