"""Differs: settings by a plain dictionary, typed lifespan state, an app made by a factory, async endpoints."""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypedDict

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Stage(StrEnum):
    """Where we run."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Everything(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        {"env_prefix": "SCORER_", "env_file": ".env", "dotenv_filtering": "match_prefix", "extra": "forbid"}
    )
    environment: Stage = Stage.DEVELOPMENT
    threshold: float = Field(0.5, ge=0.0, le=1.0)
    max_chars: int = Field(500, gt=0, lt=10_001)
    result_ttl: timedelta = Field(timedelta(minutes=5), gt=timedelta(0))
    signing_key: Annotated[SecretStr, Field(min_length=32)] | None = None


class State(TypedDict):
    """What requests find in `request.state`."""

    limits: Everything
    key: bytes


def configure() -> State:
    """Read the settings and settle on a key."""
    try:
        found = Everything()
    except ValidationError as wrong:
        mistakes = {"SCORER_" + str(each["loc"][0]).upper(): each["msg"] for each in wrong.errors(include_input=False)}
        raise ValueError(f"cannot start: {mistakes}") from None
    key = found.signing_key.get_secret_value() if found.signing_key else ""
    if not key and found.environment is Stage.PRODUCTION:
        raise ValueError("cannot start: SCORER_SIGNING_KEY is needed in production")
    return State(limits=found, key=(key or secrets.token_hex(32)).encode())


@asynccontextmanager
async def running(_: FastAPI) -> AsyncIterator[State]:
    """Hold the settings while the app runs."""
    yield configure()


class Text(BaseModel):
    """What is scored."""

    text: str


def create_app() -> FastAPI:
    """Make the app."""
    made = FastAPI(lifespan=running)

    @made.post("/score")
    async def score(body: Text, request: Request) -> dict[str, Any]:
        limits, text = request.state.limits, body.text
        if len(text) > limits.max_chars:
            raise HTTPException(413, "too long")
        letters = list(filter(str.isalpha, text))
        share = sum(map(str.isupper, letters)) / (len(letters) or 1)
        label = ("calm", "shouting")[share >= limits.threshold]
        sealed = hmac.new(request.state.key, digestmod=hashlib.sha256)
        sealed.update(f"{label}:{text}".encode())
        ttl = limits.result_ttl / timedelta(seconds=1)
        return {"score": share, "label": label, "signature": sealed.hexdigest(), "valid_for": ttl}

    return made


app = create_app()
