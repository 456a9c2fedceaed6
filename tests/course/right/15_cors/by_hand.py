"""No CORSMiddleware: a class that knows the rules, and a pure ASGI function around the whole stack of the app."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

METHODS, HEADERS = {"GET", "PUT", "DELETE"}, {"content-type", "x-client-version"}


class Rules:
    """Which origins may do what."""

    def __init__(self, listed: str, previews: str) -> None:
        self.origins = {origin.strip().removesuffix("/") for origin in listed.split(",")}
        self.previews = previews
        if any("*" in origin for origin in self.origins):
            sys.exit("ALLOWED_ORIGINS: no stars")

    def allow(self, origin: str) -> bool:
        return origin in self.origins or self.is_preview(origin)

    def is_preview(self, origin: str) -> bool:
        scheme, host = urlsplit(origin)[:2]
        name, _, domain = host.partition(".")
        digits = name.removeprefix("pr-")
        is_numbered = name != digits and digits.isdecimal() and digits.isascii()
        return (scheme, domain) == ("https", self.previews) and is_numbered and origin == f"https://{host}"

    def preflight(self, origin: str, method: str, headers: set[str]) -> Response:
        may = self.allow(origin) and method in METHODS and headers <= HEADERS
        lists = {"Methods": ", ".join(METHODS), "Headers": ", ".join(HEADERS), "Max-Age": "3600"}
        named = {f"Access-Control-{'' if name == 'Max-Age' else 'Allow-'}{name}": text for name, text in lists.items()}
        return Response(status_code=204 if may else 403, headers=named if may else {})


rules = Rules(os.environ["ALLOWED_ORIGINS"], os.environ["PREVIEW_DOMAIN"])


class Around:
    """Answers preflights, and adds to all other answers what browsers want to read."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        asked = Request(scope).headers
        origin = asked.get("origin", "")

        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                lines = [("vary", "Origin")]
                if rules.allow(origin):
                    lines.append(("access-control-allow-origin", origin))
                    lines.append(("access-control-allow-credentials", "true"))
                    lines.append(("access-control-expose-headers", "X-Dataset,X-Examples-Left"))
                message["headers"] = [*message["headers"], *((name.encode(), text.encode()) for name, text in lines)]
            await send(message)

        method = asked.get("access-control-request-method")
        if scope["method"] == "OPTIONS" and origin and method:
            wanted = asked.get("access-control-request-headers", "").split(",")
            answer = rules.preflight(origin, method, {name.strip().lower() for name in wanted if name})
            await answer(scope, receive, add)
        else:
            await self.inner(scope, receive, add)


class Said(BaseModel, use_enum_values=True):
    """A label as it is sent."""

    label: str

    def is_known(self) -> bool:
        return self.label in {"positive", "negative", "neutral"}


app = FastAPI(title="By hand")
said: dict[int, str] = {}


def user(request: Request) -> None:
    if request.cookies.get("session") != os.environ["SESSION"]:
        raise HTTPException(401, "no")


@app.get("/examples/next", dependencies=[Depends(user)])
def example(response: Response) -> dict[str, Any]:
    response.headers["X-Dataset"], response.headers["X-Examples-Left"] = "kettles", "3"
    return {"number": 0, "text": "It is a kettle."}


@app.put("/labels/{number}", dependencies=[Depends(user)])
def say(number: int, label: Said) -> Said:
    if number > 4:
        raise HTTPException(404, "no")
    if not label.is_known():
        raise HTTPException(422, "no")
    said[number] = label.label
    return label


@app.delete("/labels/{number}", dependencies=[Depends(user)])
def unsay(number: int) -> str | None:
    return said.pop(number, None)


@app.get("/share/{label}")
def part(label: str) -> float:
    return len([each for each in said.values() if each == label]) / len(said)


app.middleware_stack = Around(app.build_middleware_stack())
