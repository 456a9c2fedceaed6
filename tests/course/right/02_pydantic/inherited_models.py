"""Differs: requests are put together by inheritance, and the return type cuts an internal subclass down to its base."""

import re
from typing import Annotated, Any, Literal, Self

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

CONTROL = {*range(0x00, 0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A, 0x0D}


class Contract(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Band(Contract):
    neutral_low: Annotated[float, Field(ge=-1, le=1)] = -0.2
    neutral_high: Annotated[float, Field(ge=-1, le=1)] = 0.2

    @model_validator(mode="after")
    def has_two_ends_in_order(self) -> Self:
        if not self.neutral_low <= self.neutral_high:
            raise ValueError("the band ends before it begins")
        return self

    def name(self, raw: float) -> Literal["negative", "neutral", "positive"]:
        if self.neutral_low <= raw <= self.neutral_high:
            return "neutral"
        return "positive" if raw > self.neutral_high else "negative"


class Question(Band):
    text: Annotated[str, Field(min_length=1, max_length=200)]

    @field_validator("text")
    @classmethod
    def is_plain(cls, text: str) -> str:
        if not CONTROL.isdisjoint(map(ord, text)):
            raise ValueError("is not plain text")
        return text


class Questions(Contract):
    items: Annotated[list[Question], Field(min_length=1, max_length=8)]


class Answer(BaseModel):
    label: Literal["negative", "neutral", "positive"]
    confidence: Annotated[float, Field(ge=0, le=1)]
    characters: int


class Answers(BaseModel):
    predictions: list[Answer]


class Finding(Answer):
    raw: float
    host: str = "gpu-7.internal"

    @field_validator("confidence", mode="before")
    @classmethod
    def within_bounds(cls, value: Any) -> float:
        return min(abs(float(value)), 1.0)


class Rule:
    """Scores texts by the weights of their words."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def apply(self, question: Question) -> Finding:
        raw = sum(self.weights.get(word, 0.0) for word in re.findall(r"[a-z]+", question.text.lower()))
        return Finding(label=question.name(raw), confidence=raw, characters=len(question.text), raw=raw)


rule = Rule({"excellent": 1.0, "good": 0.5, "fine": 0.25, "slow": -0.25, "bad": -0.5, "awful": -1.0})
app = FastAPI()


@app.post("/predict")
def predict(question: Question) -> Answer:
    return rule.apply(question)


@app.post("/predict-batch")
async def predict_batch(questions: Questions) -> Answers:
    return Answers(predictions=[rule.apply(question) for question in questions.items])
