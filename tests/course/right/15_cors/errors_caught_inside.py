"""CORS by `add_middleware`, and inside it a middleware that makes the 500 and logs; all routes async, on a router."""

import hmac
import logging
import os
import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, HTTPException, Request
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

LABELS = ("positive", "negative", "neutral")
texts = ["Works as it should.", "Broke after a week.", "It is a kettle."]
given: dict[int, str] = {}
log = logging.getLogger("labels")


class Refusal(Exception):
    """The setting is not a list of origins."""


def allowed(setting: str) -> set[str]:
    found = set()
    for part in setting.split(","):
        origin = re.fullmatch(r"\s*(https?://[\w.-]+(:\d+)?)/?\s*", part)
        if origin is None:
            raise Refusal(f"not an origin: {part!r}")
        found.add(origin[1])
    return found


class CatchErrors:
    """Answers what nobody caught, where CORS can still see the answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_begun = False

        async def note(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception:
            if scope["type"] != "http" or has_begun:
                raise
            log.exception("%s %s", scope["method"], scope["path"])
            await JSONResponse({"detail": "Something went wrong."}, 500)(scope, receive, send)


router = APIRouter()


def signed_in(request: Request) -> None:
    if not hmac.compare_digest(request.cookies.get("session", ""), os.environ["SESSION"]):
        raise HTTPException(401)


@router.get("/examples/next")
async def get_next(request: Request) -> JSONResponse:
    signed_in(request)
    left = [number for number in range(len(texts)) if number not in given]
    headers = {"X-Dataset": "kettles-7", "X-Examples-Left": f"{len(left)}"}
    return JSONResponse({"number": left[0], "text": texts[left[0]]}, headers=headers)


@router.put("/labels/{number}")
async def put(request: Request, number: int, label: Annotated[str, Body(embed=True, pattern="|".join(LABELS))]) -> None:
    signed_in(request)
    if number not in range(len(texts)):
        raise HTTPException(404)
    given[number] = label


@router.delete("/labels/{number}")
async def delete(request: Request, number: int) -> None:
    signed_in(request)
    del given[number]


@router.get("/share/{label}")
async def get_share(label: str) -> float:
    return sum(each == label for each in given.values()) / len(given)


app = FastAPI(
    middleware=[
        Middleware(
            CORSMiddleware,
            allow_origins=allowed(os.environ["ALLOWED_ORIGINS"]),
            allow_origin_regex="https://pr-[0-9]+" + re.escape("." + os.environ["PREVIEW_DOMAIN"]),
            allow_methods=("GET", "PUT", "DELETE"),
            allow_headers=("X-Client-Version", "Content-Type"),
            expose_headers=("X-Examples-Left", "X-Dataset"),
            allow_credentials=True,
            max_age=60 * 60,
        ),
        Middleware(CatchErrors),
    ]
)
app.include_router(router)
