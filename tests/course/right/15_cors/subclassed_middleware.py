"""A subclass of CORSMiddleware decides in Python which origins are ours; it is put around the app's finished stack."""

import os
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Response, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import APIKeyCookie

OURS = tuple(filter(None, (part.strip(" /") for part in os.getenv("ALLOWED_ORIGINS", "").split(","))))
if "*" in OURS:
    raise ValueError("* is everybody")


class OurPages(CORSMiddleware):
    """CORS for the pages of the tool and for its previews."""

    def is_allowed_origin(self, origin: str) -> bool:
        before, after = "https://pr-", f".{os.environ['PREVIEW_DOMAIN']}"
        number = origin.removeprefix(before).removesuffix(after)
        return origin in OURS or (number.isdigit() and origin == before + number + after)


cookie = APIKeyCookie(name="session", auto_error=False)


def user(session: Annotated[str | None, Security(cookie)]) -> str:
    if session == os.environ["SESSION"]:
        return session
    raise HTTPException(401, "Who are you?")


app = FastAPI(title="Kettles")
found: list[Literal["positive", "negative", "neutral"]] = []


@app.get("/examples/next", dependencies=[Security(user)])
def kettle() -> Response:
    return Response('{"number":0,"text":"A kettle."}', headers={"x-dataset": "7", "x-examples-left": "1"})


@app.api_route("/labels/{number}", methods=["PUT"], dependencies=[Security(user)])
def note(number: int, body: dict[str, Literal["positive", "negative", "neutral"]]) -> Response:
    if number:
        raise HTTPException(404)
    found.append(body["label"])
    return Response(status_code=204)


@app.api_route("/labels/{number}", methods=["DELETE"], dependencies=[Security(user)])
def forget(number: int) -> Response:
    found.clear()
    return Response(status_code=204)


@app.get("/share/{label}")
def share(label: Literal["positive", "negative", "neutral"]) -> float:
    return found.count(label) / len(found)


app.middleware_stack = OurPages(
    app.build_middleware_stack(),
    allow_credentials=True,
    allow_methods=["PUT", "GET", "DELETE"],
    allow_headers=["x-client-version"],
    expose_headers=["x-dataset", "x-examples-left"],
    max_age=3600,
)
