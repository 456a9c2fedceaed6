"""Lesson 18: a scorer that takes its settings from outside, checks them before it serves, and keeps its secret."""

import hashlib
import hmac
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Literal, Self

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

logger = logging.getLogger("uvicorn.error")  # where the server logs, too
PREFIX = "SCORER_"


# TODO 18.1: read these from the environment, as SCORER_THRESHOLD and so on, and give them their bounds
# TODO 18.2: and from a file .env, where a misspelt name must not go unnoticed
# TODO 18.4: the key is a secret of at least 32 characters
# TODO 18.5: without a key of its own, production does not start; development makes one up
class Settings(BaseModel):
    """What differs from one machine to the next."""

    environment: Literal["development", "production"] = "development"
    threshold: float = 0.5
    max_chars: int = 500
    result_ttl: timedelta = timedelta(minutes=5)
    signing_key: str = "change-me"


def key_of(settings: Settings) -> bytes:
    """Return the key to sign with."""
    # TODO 18.4: ask the secret for its value here, and nowhere else
    return settings.signing_key.encode()


def load_settings() -> Settings:
    """Return the settings, or stop the start and name every variable that is wrong."""
    # TODO 18.3: when they are wrong, raise a RuntimeError that names each variable and what is wrong with it
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the settings before the first request: what is wrong shows now, and not at three in the morning."""
    app.state.settings = load_settings()
    logger.info("Starting with %r", app.state.settings)
    yield


app = FastAPI(title="Scorer", lifespan=lifespan)


def get_settings(request: Request) -> Settings:
    """The settings of this app. Endpoints ask for them here, and never the environment itself."""
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(get_settings)]


class ScoreRequest(BaseModel):
    """A text to be scored."""

    text: str


class ScoreResponse(BaseModel):
    """How loud the text is, from 0 to 1; our signature under the label; for how many seconds the answer may be kept."""

    score: float
    label: Literal["calm", "shouting"]
    signature: str
    valid_for: float


@app.post("/score", responses={413: {"description": "Longer than the settings allow"}})
def score_text(request: ScoreRequest, settings: SettingsDep) -> ScoreResponse:
    """Answer the share of capitals among the letters: a rule and no model, this lesson is about its settings."""
    if len(request.text) > settings.max_chars:
        raise HTTPException(413, f"At most {settings.max_chars} characters.")
    letters = [char for char in request.text if char.isalpha()]
    score = sum(char.isupper() for char in letters) / max(len(letters), 1)
    label: Literal["calm", "shouting"] = "shouting" if score >= settings.threshold else "calm"
    signature = hmac.new(key_of(settings), f"{label}:{request.text}".encode(), hashlib.sha256).hexdigest()
    ttl = settings.result_ttl.total_seconds()
    return ScoreResponse(score=score, label=label, signature=signature, valid_for=ttl)
