"""Rights as scopes of `Security`, digests as bytes, `hmac`, everything `async def`, one guard for all but /health."""

import hmac
import json
import os
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Security, status
from fastapi.security import APIKeyHeader, SecurityScopes

KEYS = [(bytes.fromhex(key["digest"]), key) for key in json.loads(os.getenv("API_KEYS", "[]"))]
HEADER = APIKeyHeader(name="x-api-key", scheme_name="Key", description="Ask us.", auto_error=False)
CHALLENGE = {"WWW-Authenticate": 'Key realm="models"'}
Key = Annotated[str | None, Security(HEADER)]


async def caller(needed: SecurityScopes, text: Key) -> dict[str, Any]:
    """Find the caller and compare what is needed with what it may do."""
    digest = sha256((text or "").encode("latin-1", "replace")).digest()
    found: dict[str, Any] | None = None
    for known, key in KEYS:
        if hmac.compare_digest(digest, known):
            found = key
    if not text or found is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Who are you?", CHALLENGE)
    if missing := set(needed.scopes) - set(found["rights"]):
        raise HTTPException(status.HTTP_403_FORBIDDEN, {"missing": sorted(missing)})
    return {"owner": found["owner"], "rights": found["rights"]}


known = APIRouter(dependencies=[Security(caller)], responses={401: {}})
managers = APIRouter(prefix="/admin", dependencies=[Security(caller, scopes=["manage"])], responses={403: {}})
models = ["all-minilm-l6-v2", "efficientnet-lite0", "smollm2-135m"]


@known.get("/me")
async def me(who: Annotated[dict[str, Any], Security(caller)]) -> dict[str, Any]:
    """Answer who it is."""
    return who


@known.get("/models", dependencies=[Security(caller, scopes=["read"])], responses={403: {}})
async def read() -> list[str]:
    """Answer what is loaded."""
    return models


@managers.delete("/models/{model}", status_code=204)
async def unload(model: str) -> None:
    """Unload one."""
    if model in models:
        models.remove(model)


@managers.delete("/cache", status_code=204)
async def clear() -> None:
    """Clear."""


known.include_router(managers)
app = FastAPI()
app.include_router(known)


@app.get("/health")
async def health() -> dict[str, bool]:
    """Answer a probe."""
    return {"ok": True}
