"""A guard that is an object, keys read in the lifespan into `app.state`, guards named at each route."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import APIKeyHeader
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Known(BaseModel):
    """A caller, as far as callers may know."""

    owner: str
    rights: list[str]


class Entry(Known):
    """A caller with the digest of its key."""

    digest: str


class FromEnvironment(BaseSettings):
    """The keys."""

    API_KEYS: tuple[Entry, ...]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the keys before the first request."""
    app.state.entries = FromEnvironment().API_KEYS
    app.state.models = {"all-minilm-l6-v2", "smollm2-135m", "efficientnet-lite0"}
    yield


app = FastAPI(lifespan=lifespan)
header = APIKeyHeader(name="X-API-Key", description="https://keys.example.org hands them out.")


@dataclass(frozen=True)
class Guard:
    """Lets those pass who have a key and, if one is named, a right."""

    right: str = ""

    def __call__(self, request: Request, key: Annotated[str, Depends(header)]) -> Entry:
        """Return the caller."""
        digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest().encode()
        matches = [secrets.compare_digest(digest, entry.digest.encode()) for entry in request.app.state.entries]
        if True not in matches:
            raise HTTPException(401, "Unknown key", {"WWW-Authenticate": "APIKey"})
        entry: Entry = request.app.state.entries[matches.index(True)]
        if self.right and self.right not in entry.rights:
            raise HTTPException(status_code=403, detail=f"{entry.owner} lacks {self.right}")
        return entry


ANYBODY: dict[int | str, dict[str, Any]] = {401: {"description": "No key"}}
SOME: dict[int | str, dict[str, Any]] = {**ANYBODY, 403: {"description": "Not with this key"}}


@app.get("/health")
def health() -> str:
    """Answer a probe."""
    return "fine"


@app.get("/me", response_model=Known, responses=ANYBODY)
def me(entry: Annotated[Entry, Depends(Guard())]) -> Entry:
    """Answer who it is."""
    return entry


@app.get("/models", dependencies=[Depends(Guard("read"))], responses=SOME)
def models(request: Request) -> list[str]:
    """Answer what is loaded."""
    return sorted(request.app.state.models)


@app.delete("/admin/models/{name:path}", status_code=204, dependencies=[Depends(Guard("manage"))], responses=SOME)
def unload(name: str, request: Request) -> None:
    """Unload one."""
    request.app.state.models -= {name}


@app.delete("/admin/cache", status_code=204, dependencies=[Depends(Guard("manage"))], responses=SOME)
def clear() -> None:
    """Clear."""
