"""Differs: no lifespan and no app.state; one cached function is the dependency, called while the file is imported."""

import hashlib
import hmac
import logging
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Every setting; the key is None until somebody gives one."""

    model_config = SettingsConfigDict(
        env_prefix="scorer_",
        env_file=".env",
        extra="forbid",
        dotenv_filtering="match_prefix",
        hide_input_in_errors=True,
    )
    environment: Literal["development", "production"] = "development"
    threshold: float = Field(default=0.5, ge=0, le=1)
    max_chars: int = Field(default=500, gt=0, le=10_000)
    result_ttl: timedelta = timedelta(seconds=300)
    signing_key: SecretStr | None = None

    @field_validator("result_ttl")
    @classmethod
    def is_positive(cls, ttl: timedelta) -> timedelta:
        """A result that expires before it arrives is no use."""
        if ttl <= timedelta():
            raise ValueError("should be longer than nothing")
        return ttl

    @field_validator("signing_key")
    @classmethod
    def is_long(cls, key: SecretStr | None) -> SecretStr | None:
        """A short key can be guessed."""
        if key is not None and len(key.get_secret_value()) < 32:
            raise ValueError("should have at least 32 characters")
        return key


@lru_cache(maxsize=1)
def read_config() -> Config:
    """Read everything once; leave the program with one sentence a mistake."""
    try:
        config = Config()
    except ValidationError as problem:
        lines = [f"SCORER_{each['loc'][0]}".upper() + f" is wrong: {each['msg']}" for each in problem.errors()]
        raise SystemExit(print_all(lines)) from None
    if config.signing_key is None:
        if config.environment == "production":
            raise SystemExit(print_all(["SCORER_SIGNING_KEY is missing, and this is production"]))
        config.signing_key = SecretStr(secrets.token_hex())
    return config


def print_all(lines: list[str]) -> int:
    """Log the lines and return the exit code of a program that could not start."""
    for line in lines:
        logging.getLogger(__name__).critical("%s", line)
    return 2


ConfigDep = Annotated[Config, Depends(read_config)]
app = FastAPI()
read_config()


@app.post("/score")
def score(body: dict[str, str], config: ConfigDep) -> dict[str, Any]:
    """Answer how loud a text is."""
    text = body["text"]
    if len(text) > config.max_chars:
        raise HTTPException(413)
    loud = [char for char in text if char.isupper()]
    letters = [char for char in text if char.isalpha()]
    share = len(loud) / len(letters) if letters else 0.0
    label = "shouting" if share >= config.threshold else "calm"
    assert config.signing_key is not None
    key = config.signing_key.get_secret_value().encode()
    signature = hmac.digest(key, f"{label}:{text}".encode(), hashlib.sha256).hex()
    return {"score": share, "label": label, "signature": signature, "valid_for": config.result_ttl.total_seconds()}
