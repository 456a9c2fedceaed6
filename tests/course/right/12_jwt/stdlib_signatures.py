"""Signing and verifying by hand with the standard library, a class for the logins, settings without pydantic."""

import base64
import hashlib
import hmac
import json
import secrets
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from os import environ
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes

SECRET = environ.get("SECRET_KEY", "").encode()
if len(SECRET) < 32 or SECRET.startswith(b"09d25e094faa6ca2"):
    sys.exit("SECRET_KEY is missing, short or public")
HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
ROLES = {"admin": "models:read models:write", "reader": "models:read"}


def signature(text: bytes) -> bytes:
    """Sign."""
    return base64.urlsafe_b64encode(hmac.new(SECRET, text, hashlib.sha256).digest()).rstrip(b"=")


def opened(token: str) -> dict[str, Any]:
    """Return the claims of a token that is all right, or raise whatever comes up."""
    text, _, sign = token.encode().rpartition(b".")
    if not hmac.compare_digest(sign, signature(text)):
        raise ValueError("signature")
    head, body = (json.loads(base64.urlsafe_b64decode(part + b"==")) for part in text.split(b"."))
    now = datetime.now(timezone.utc).timestamp()  # noqa: UP017
    fits = [head["alg"] == "HS256", body["iss"] == environ["ISSUER"], body["aud"] == environ["AUDIENCE"]]
    if not all(fits) or body["exp"] <= now or body.get("nbf", 0) > now:
        raise ValueError("claims")
    return dict(body)


@dataclass
class Logins:
    """Knows who may log in."""

    users: dict[str, dict[str, str]]
    cost: int

    def role(self, name: str, password: str) -> str:
        """Return somebody's role, "" if the password is wrong."""
        user = self.users.get(name, {"salt": "00", "password_hash": secrets.token_hex(32), "role": ""})
        salt = bytes.fromhex(user["salt"])
        found = hashlib.scrypt(password.encode("utf-8"), salt=salt, n=self.cost, r=8, p=1, dklen=32)
        return user["role"] if secrets.compare_digest(found.hex(), user["password_hash"]) else ""


logins = Logins(json.loads(environ["USERS"]), int(environ["SCRYPT_N"]))
scheme = OAuth2PasswordBearer(tokenUrl="./token", scopes={"models:read": "", "models:write": ""})
app = FastAPI()


@app.post("/token")
def token(
    username: Annotated[str, Form()], password: Annotated[str, Form()], scope: Annotated[str, Form()] = ""
) -> Any:
    """Log in."""
    role = logins.role(username, password)
    if not role:
        raise scheme.make_not_authenticated_error()
    granted = " ".join(each for each in ROLES[role].split() if not scope or each in scope.split())
    start, life = datetime.now(tz=timezone.utc), timedelta(seconds=float(environ["TOKEN_SECONDS"]))  # noqa: UP017
    times = {"iat": start.timestamp(), "exp": start.timestamp() + life.total_seconds()}
    ours = {"iss": environ["ISSUER"], "aud": environ["AUDIENCE"], "sub": username, "scope": granted, "jti": "1"}
    text = HEADER + b"." + base64.urlsafe_b64encode(json.dumps(ours | times).encode()).rstrip(b"=")
    made = (text + b"." + signature(text)).decode()
    return {"access_token": made, "token_type": "bearer", "expires_in": life.seconds, "scope": granted}


async def person(needed: SecurityScopes, text: Annotated[str, Depends(scheme)]) -> dict[str, Any]:
    """Return who it is and what they may do."""
    try:
        claims = opened(text)
        role = logins.users[claims["sub"]]["role"]
    except Exception as error:
        raise scheme.make_not_authenticated_error() from error
    scopes = [scope for scope in ROLES[role].split() if scope in claims.get("scope", "").split()]
    for scope in needed.scopes:
        if scope not in scopes:
            raise HTTPException(403, scope, {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'})
    return {"username": claims["sub"], "role": role, "scopes": scopes}


@app.get("/me")
async def me(who: Annotated[dict[str, Any], Security(person)]) -> dict[str, Any]:
    """Answer who it is."""
    return who


@app.get("/models")
async def models(_: Annotated[Any, Security(person, scopes=["models:read"])]) -> list[str]:
    """Answer the models."""
    return ["magika"]


@app.post("/models/{which}/reload")
async def reload(which: str, _: Annotated[Any, Security(person, scopes=["models:write"])]) -> str:
    """Load again."""
    return which
