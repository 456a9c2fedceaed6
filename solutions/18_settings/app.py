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


# BEGIN SOLUTION 18.1: read these from the environment, as SCORER_THRESHOLD and so on, and give them their bounds
# STUB: # TODO 18.2: and from a file .env, where a misspelt name must not go unnoticed
# STUB: # TODO 18.4: the key is a secret of at least 32 characters
# STUB: # TODO 18.5: without a key of its own, production does not start; development makes one up
# STUB: class Settings(BaseModel):
# STUB:     """What differs from one machine to the next."""
# STUB:
# STUB:     environment: Literal["development", "production"] = "development"
# STUB:     threshold: float = 0.5
# STUB:     max_chars: int = 500
# STUB:     result_ttl: timedelta = timedelta(minutes=5)
# STUB:     signing_key: str = "change-me"
def made_up_key() -> SecretStr:
    """Return a key that nobody knows and that is gone with the process."""
    return SecretStr(secrets.token_urlsafe(32))


class Settings(BaseSettings):
    """What differs from one machine to the next."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,  # every program of the machine sees the environment: without it, THRESHOLD is anybody's
        env_file=".env",
        extra="forbid",  # "ignore" would make of a misspelt SCORER_TRESHOLD a default that nobody asked for
        dotenv_filtering="match_prefix",  # the file's other lines belong to other programs
        hide_input_in_errors=True,  # an error shows the value it refuses, and a key that is too short is still a key
    )

    environment: Literal["development", "production"] = "development"
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    max_chars: Annotated[int, Field(ge=1, le=10_000)] = 500
    result_ttl: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(minutes=5)  # `ttl: int = 300` of what?
    signing_key: Annotated[SecretStr, Field(min_length=32)] = Field(default_factory=made_up_key)

    @model_validator(mode="after")
    def production_has_a_key(self) -> Self:
        """A key made up here would differ from replica to replica; one that stands in the code would be public."""
        if self.environment == "production" and "signing_key" not in self.model_fields_set:
            raise ValueError(f"production needs {PREFIX}SIGNING_KEY")
        return self


# END SOLUTION


def key_of(settings: Settings) -> bytes:
    """Return the key to sign with."""
    # BEGIN SOLUTION 18.4: ask the secret for its value here, and nowhere else
    # STUB: return settings.signing_key.encode()
    return settings.signing_key.get_secret_value().encode()
    # END SOLUTION


def load_settings() -> Settings:
    """Return the settings, or stop the start and name every variable that is wrong."""
    # BEGIN SOLUTION 18.3: when they are wrong, raise a RuntimeError that names each variable and what is wrong with it
    # STUB: return Settings()
    try:
        return Settings()
    except ValidationError as error:
        # Falling back to the defaults here would hide the mistake until somebody wonders about the results.
        problems = [
            f"{PREFIX}{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" if each["loc"] else each["msg"]
            for each in error.errors(include_input=False)
        ]
        raise RuntimeError("The settings are wrong. " + ". ".join(problems)) from None
    # END SOLUTION


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
