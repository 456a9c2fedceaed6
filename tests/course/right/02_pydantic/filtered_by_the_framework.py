"""Differs: endpoints return all they know and `response_model` filters it; the band is checked field by field."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

app = FastAPI()

WEIGHTS = {"excellent": 1.0, "good": 0.5, "fine": 0.25, "slow": -0.25, "bad": -0.5, "awful": -1.0}


class Sentiment(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass
class Analysis:
    label: Sentiment
    confidence: float
    characters: int
    raw: float
    source: str = "/srv/rules/reviews-17.csv"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, validate_default=True)


class Document(Strict):
    text: str = Field(min_length=1, max_length=200)
    neutral_low: float = Field(default=-0.2, ge=-1, le=1)
    neutral_high: float = Field(default=0.2, ge=-1, le=1)

    @field_validator("text", mode="before")
    @classmethod
    def no_control_characters(cls, value: object) -> object:
        for char in value if isinstance(value, str) else "":
            if unicodedata.category(char) == "Cc" and char not in "\t\n\r":
                raise ValueError("no control characters, please")
        return value

    @field_validator("neutral_high")
    @classmethod
    def not_below_the_other_end(cls, high: float, info: ValidationInfo) -> float:
        if high < info.data.get("neutral_low", -1):
            raise ValueError("must not be below neutral_low")
        return high


class Batch(Strict):
    items: Annotated[list[Document], Field(min_length=1, max_length=8)]


class PublicAnalysis(BaseModel):
    label: Sentiment
    confidence: float = Field(ge=0, le=1)
    characters: int


class PublicBatch(BaseModel):
    predictions: list[PublicAnalysis]


@app.post("/predict", response_model=PublicAnalysis)
def analyse(document: Document) -> Analysis:
    raw = sum(WEIGHTS.get(word, 0.0) for word in re.findall(r"[a-z]+", document.text.lower()))
    label = Sentiment.NEUTRAL
    if raw < document.neutral_low:
        label = Sentiment.NEGATIVE
    elif raw > document.neutral_high:
        label = Sentiment.POSITIVE
    return Analysis(label, min(abs(raw), 1), len(document.text), raw)


@app.post("/predict-batch", response_model=PublicBatch)
def analyse_batch(batch: Batch) -> dict[str, list[Analysis]]:
    return {"predictions": [analyse(document) for document in batch.items]}
