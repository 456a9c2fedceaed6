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
    # BEGIN SOLUTION 15.1: separate them at the commas; spaces and a slash at the end do not matter
    # STUB: # TODO 15.3: raise ValueError for "*"
    # STUB: raise NotImplementedError("Task 15.1")
    # A list, not the text itself: the middleware asks `origin in allowed`, and in a text any part of it is.
    origins = [origin.strip().rstrip("/") for origin in setting.split(",") if origin.strip()]
    if "*" in origins:  # with credentials, Starlette turns "*" into whatever origin asks: everybody reads everything
        raise ValueError("ALLOWED_ORIGINS names origins; with cookies, * would hand each user's data to every site.")
    return origins
    # END SOLUTION


# BEGIN SOLUTION 15.1: read ALLOWED_ORIGINS, and let pages from there read the answers, with CORSMiddleware
# STUB: # TODO 15.2: allow the methods and headers that the pages use, and say for how long that holds
# STUB: # TODO 15.3: let pages send the cookie
# STUB: # TODO 15.4: let pages read the two headers of GET /examples/next
# STUB: # TODO 15.5: let pages read errors, too, also those that nobody expected
# STUB: # TODO 15.6: allow the previews in PREVIEW_DOMAIN
# STUB: app = FastAPI(title="Labels")
ORIGINS = origins_from(os.getenv("ALLOWED_ORIGINS", "http://localhost:5173"))
PREVIEWS = rf"https://pr-\d+\.{re.escape(PREVIEW_DOMAIN)}"  # unescaped, a dot stands for any character


class BrowserAPI(FastAPI):
    """An app with CORS around all of it.

    `add_middleware` would put it inside the part that answers unexpected errors: a 500 would have no CORS headers, and
    pages would see a "network error". `app = CORSMiddleware(app, ...)` is outside, but nothing that `fastapi dev` runs.
    """

    def build_middleware_stack(self) -> CORSMiddleware:
        """Put CORS around what FastAPI builds."""
        return CORSMiddleware(
            super().build_middleware_stack(),
            allow_origins=ORIGINS,
            allow_origin_regex=PREVIEWS,  # has to fit from end to end; with `re.match` you would have to say so
            allow_credentials=True,
            allow_methods=["GET", "PUT", "DELETE"],
            allow_headers=["X-Client-Version"],  # Content-Type is always in
            expose_headers=["X-Dataset", "X-Examples-Left"],  # "*" would mean a header with that name
            max_age=3600,
        )


app = BrowserAPI(title="Labels")
# END SOLUTION


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
