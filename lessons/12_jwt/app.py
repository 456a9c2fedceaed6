"""Lesson 12: a login that hands out short-lived tokens, and an API that believes only what it can verify."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm, SecurityScopes
from jose import jwt
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# Given, down to `oauth2_scheme`.
ALGORITHM = "HS256"
PUBLISHED = {"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"}  # from a tutorial; thousands use it
SCOPES_OF = {"reader": {"models:read"}, "admin": {"models:read", "models:write"}}


class User(BaseModel):  # somebody who may log in; we do not know the password
    role: Literal["reader", "admin"]
    salt: str
    password_hash: str


class Settings(BaseSettings):  # read from the environment: SECRET_KEY, USERS (a JSON object, by name), ISSUER and so on
    model_config = SettingsConfigDict(hide_input_in_errors=True)
    # TODO 12.5: refuse to start without a secret worth the name, here and below
    secret_key: SecretStr = SecretStr(*PUBLISHED)
    users: dict[str, User] = {}
    issuer: str = "https://login.example.org"
    audience: str = "https://models.example.org"
    token_seconds: int = 900
    scrypt_n: int = 2**17  # what one guess costs: about 0.4 seconds and 128 MB


class Token(BaseModel):  # the answer to a login, as OAuth2 wants it
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    scope: str


class Me(BaseModel):  # who is calling, and what their token allows now
    username: str
    role: str
    scopes: list[str]


def hash_password(password: str, salt: str) -> str:
    """Return the hash of a password in hexadecimal digits; slow on purpose, for whoever has to guess."""
    cost = {"n": settings.scrypt_n, "r": 8, "p": 1}
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **cost, maxmem=2**28, dklen=32).hex()


app = FastAPI(title="Models for people who log in")
settings = Settings()
secret = settings.secret_key.get_secret_value()
oauth2_scheme = OAuth2PasswordBearer("token", scopes={"models:read": "See models", "models:write": "Load models anew"})
# TODO 12.5: refuse the secret that everybody knows


# TODO 12.1: return the user with this name and password, or raise 401; with the same work in either case
def authenticate(username: str, password: str) -> User:
    """Return the user with this name and password; 401 if there is none."""
    raise NotImplementedError("Task 12.1")


@app.post("/token")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:  # not async: hashing would block the loop
    """Log in with name and password."""
    user = authenticate(form.username, form.password)
    # TODO 12.4: grant the scopes of the role, or those of them that were asked for
    scope = ""
    # TODO 12.2: sign the six claims of the table
    token = "not a token yet"
    return Token(access_token=token, expires_in=settings.token_seconds, scope=scope)


# TODO 12.3: verify the token and return who is calling; 401 for any token that is not all right
# TODO 12.4: say which scopes the token allows; 403 when the route needs another one
def get_me(token: Annotated[str, Depends(oauth2_scheme)]) -> Me:
    """Return who is calling; 401 without a token that can be believed."""
    raise NotImplementedError("Task 12.3")


@app.get("/me")
def read_me(me: Annotated[Me, Depends(get_me)]) -> Me:
    """Who your token says you are."""
    return me


# TODO 12.4: let this route need the scope models:read, and the next one models:write
@app.get("/models")
def list_models() -> list[str]:
    return ["all-minilm-l6-v2", "smollm2-135m"]


# TODO 12.4: as above
@app.post("/models/{name}/reload")
def reload_model(name: str) -> str:
    return name
