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


# BEGIN SOLUTION 11.1: find out whose key is in the header X-API-Key; 401 when there is none, or nobody's
# STUB: # TODO 11.2: compare in constant time
# STUB: def get_caller() -> Caller:
# STUB:     """Return the caller whose key came with the request."""
# STUB:     raise NotImplementedError("Task 11.1")
api_key_header = APIKeyHeader(name="X-API-Key", description="The platform team hands out keys.")


def get_caller(key: Annotated[str, Depends(api_key_header)]) -> Caller:
    """Return the caller whose key came with the request."""
    # A fast hash is enough: nobody guesses 32 random bytes. Passwords are another matter, see lesson 12.
    digest = hashlib.sha256(key.encode()).hexdigest()
    # `==` stops at the first character that differs, and how soon it stops tells where. So does a look into a dict.
    callers = [stored for stored in settings.api_keys if secrets.compare_digest(stored.digest, digest)]
    if not callers:  # the same answer as to a missing key; an HTTPException(401) of our own would forget its header
        raise api_key_header.make_not_authenticated_error()
    return callers[0]


# END SOLUTION


CallerDep = Annotated[Caller, Depends(get_caller)]


# BEGIN SOLUTION 11.3: write require(right), which makes a dependency: callers without the right get 403
# STUB: # and give the two routers in the next lines the right that their routes need: read, and manage
# STUB: # TODO 11.5: make /docs complete, here and elsewhere
# STUB: models_router = APIRouter(prefix="/models")
# STUB: admin_router = APIRouter(prefix="/admin")
def require(right: Right) -> Callable[[CallerDep], None]:
    """Return a dependency that lets only callers with this right pass."""

    def check(caller: CallerDep) -> None:
        if right not in caller.rights:  # not 401: we know who it is, and another try will not help
            raise HTTPException(403, f"Your key does not have the right to {right}.")

    return check


REFUSED: dict[int | str, dict[str, Any]] = {401: {"description": "Unknown key"}, 403: {"description": "Lacks a right"}}
# On the routers, not on each route: whoever adds a route next year need not think of it.
models_router = APIRouter(prefix="/models", dependencies=[Depends(require("read"))], responses=REFUSED)
admin_router = APIRouter(prefix="/admin", dependencies=[Depends(require("manage"))], responses=REFUSED)
# END SOLUTION
cache_router = APIRouter(prefix="/cache")


@app.get("/health")
def read_health() -> Literal["ok"]:
    """For probes, which have no key."""
    return "ok"


# BEGIN SOLUTION 11.5: say that /me answers 401
# STUB: @app.get("/me")
@app.get("/me", responses={401: REFUSED[401]})
# END SOLUTION
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


# BEGIN SOLUTION 11.4: one route is still open to everybody; find it, and close it for good
# STUB: app.include_router(models_router)
# STUB: app.include_router(admin_router)
# STUB: app.include_router(cache_router, prefix="/admin")
app.include_router(models_router)
admin_router.include_router(cache_router)  # inside, not beside: an address below /admin guards nothing
app.include_router(admin_router)
# END SOLUTION
