"""Lesson 11: a model server that knows who is calling, and what they may do."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import APIKeyHeader
from pydantic import BaseModel
from pydantic_settings import BaseSettings

app = FastAPI(title="Model server")

# Given, down to `cache`.
Right = Literal["read", "manage"]


class Caller(BaseModel):
    """Whoever a key was given to, and what they may do."""

    owner: str
    rights: set[Right]


class StoredKey(Caller):
    """What we keep of a key; an owner may have several."""

    digest: str  # SHA-256 of the key, in 64 hexadecimal digits; the key itself is kept by its owner alone


class Settings(BaseSettings):
    """Read from the environment: API_KEYS is a JSON list of stored keys. Lesson 18 is about settings."""

    api_keys: list[StoredKey] = []  # without the variable nobody gets in


settings = Settings()
loaded = {"all-minilm-l6-v2", "smollm2-135m", "efficientnet-lite0"}
cache: dict[str, list[float]] = {}


# TODO 11.1: find out whose key is in the header X-API-Key; 401 when there is none, or nobody's
# TODO 11.2: compare in constant time
def get_caller() -> Caller:
    """Return the caller whose key came with the request."""
    raise NotImplementedError("Task 11.1")


CallerDep = Annotated[Caller, Depends(get_caller)]


# TODO 11.3: write require(right), which makes a dependency: callers without the right get 403
# and give the two routers in the next lines the right that their routes need: read, and manage
# TODO 11.5: make /docs complete, here and elsewhere
models_router = APIRouter(prefix="/models")
admin_router = APIRouter(prefix="/admin")
cache_router = APIRouter(prefix="/cache")


@app.get("/health")
def read_health() -> Literal["ok"]:
    """For probes, which have no key."""
    return "ok"


# TODO 11.5: say that /me answers 401
@app.get("/me")
def read_me(caller: CallerDep) -> Caller:
    """Who your key says you are."""
    return caller  # the declared type lets owner and rights out, and keeps the digest in


@models_router.get("")
def list_models() -> list[str]:
    """The models that are loaded."""
    return sorted(loaded)


@admin_router.delete("/models/{name}", status_code=204)
def unload_model(name: str) -> None:
    """Unload a model; one that is not loaded stays unloaded."""
    loaded.discard(name)


@cache_router.delete("", status_code=204)
def clear_cache() -> None:
    """Forget every cached embedding."""
    cache.clear()


# TODO 11.4: one route is still open to everybody; find it, and close it for good
app.include_router(models_router)
app.include_router(admin_router)
app.include_router(cache_router, prefix="/admin")
