"""Claims as a pydantic model, one dependency for the caller and one per scope, the secret checked in the lifespan."""

import hmac
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import scrypt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Security, status
from fastapi.security import OAuth2, OAuth2PasswordRequestFormStrict
from jose import JOSEError, jws
from pydantic import BaseModel, ConfigDict, ValidationError

KNOWN_SECRETS = {"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"}
RIGHTS: dict[str, list[str]] = {"reader": ["models:read"], "admin": ["models:read", "models:write"]}
FLOWS: dict[str, dict[str, Any]] = {
    "password": {"tokenUrl": "/token", "scopes": {"models:read": "look", "models:write": "touch"}}
}
bearer = OAuth2(flows=FLOWS)
env = os.environ


class Claims(BaseModel):
    """What a token of ours says; anything else is no token of ours."""

    model_config = ConfigDict(strict=True)

    iss: str
    aud: str
    sub: str
    exp: float
    nbf: float = 0
    scope: str = ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to serve without a secret."""
    secret = env.get("SECRET_KEY", "")
    if len(secret) < 32 or secret in KNOWN_SECRETS:
        raise RuntimeError("SECRET_KEY: 32 characters or more, and nobody else's")
    yield


app = FastAPI(lifespan=lifespan)
users: dict[str, dict[str, str]] = json.loads(env.get("USERS", "{}"))


def hashed(password: str, salt: str) -> bytes:
    """Hash slowly."""
    return scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(env["SCRYPT_N"]), r=8, p=1, dklen=32)


@app.post("/token")
def log_in(form: Annotated[OAuth2PasswordRequestFormStrict, Depends()]) -> dict[str, str | int]:
    """Log in."""
    user = users.get(form.username) or {"salt": os.urandom(16).hex(), "password_hash": "", "role": ""}
    is_right = hmac.compare_digest(hashed(form.password, user["salt"]), bytes.fromhex(user["password_hash"]))
    if not (is_right and user["role"]):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "no", {"www-authenticate": 'Bearer realm="models"'})
    granted = [scope for scope in RIGHTS[user["role"]] if scope in (form.scopes or RIGHTS[user["role"]])]
    started, seconds = int(time.time()), int(env["TOKEN_SECONDS"])
    claims = {"iss": env["ISSUER"], "aud": env["AUDIENCE"], "sub": form.username, "scope": " ".join(granted)}
    token = jws.sign(claims | {"iat": started, "exp": started + seconds}, env["SECRET_KEY"], algorithm="HS256")
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": claims["scope"]}


async def caller(request: Request, _: Annotated[str, Security(bearer)]) -> dict[str, Any]:
    """Return who is calling."""
    scheme, _, token = request.headers["authorization"].partition(" ")
    try:
        claims = Claims.model_validate_json(jws.verify(token, env["SECRET_KEY"], ["HS256"]))
    except (JOSEError, ValidationError, RecursionError):
        raise bearer.make_not_authenticated_error() from None
    is_ours = (claims.iss, claims.aud) == (env["ISSUER"], env["AUDIENCE"]) and claims.sub in users
    if scheme.lower() != "bearer" or not is_ours or not claims.nbf <= time.time() < claims.exp:
        raise bearer.make_not_authenticated_error()
    role = users[claims.sub]["role"]
    scopes = sorted({*RIGHTS[role]}.intersection(claims.scope.split()))
    return {"username": claims.sub, "role": role, "scopes": scopes}


CallerDep = Annotated[dict[str, Any], Depends(caller)]


def allow(scope: str) -> Callable[[CallerDep], None]:
    """Make a guard."""

    def guard(who: CallerDep) -> None:
        if scope not in who["scopes"]:
            raise HTTPException(status.HTTP_403_FORBIDDEN, f"{who['username']} needs {scope}")

    return guard


@app.get("/me")
async def me(who: CallerDep) -> dict[str, Any]:
    """Answer who it is."""
    return who


models = APIRouter(prefix="/models")


@models.get("", dependencies=[Security(bearer, scopes=["models:read"]), Depends(allow("models:read"))])
async def look() -> list[str]:
    """Look."""
    return []


@models.post(
    "/{model}/reload", dependencies=[Security(bearer, scopes=["models:write"]), Depends(allow("models:write"))]
)
async def touch(model: str) -> dict[str, str]:
    """Touch."""
    return {"model": model}


app.include_router(models)
