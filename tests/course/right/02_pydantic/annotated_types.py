"""Differs: rules live in reusable Annotated types instead of decorated methods, async endpoints sit on a router."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

WEIGHTS = {"excellent": 1.0, "good": 0.5, "fine": 0.25, "slow": -0.25, "bad": -0.5, "awful": -1.0}
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def without_control_characters(text: str) -> str:
    if found := FORBIDDEN.search(text):
        raise ValueError(f"character {found.start()} is a control character")
    return text


def clamp(value: float) -> float:
    return max(0.0, min(1.0, value))


def in_order(band: "Options") -> "Options":
    if band.neutral_high < band.neutral_low:
        raise ValueError("the band is upside down")
    return band


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(without_control_characters),
]
Bound = Annotated[float, Field(ge=-1.0, le=1.0)]
Confidence = Annotated[float, Field(ge=0, le=1), BeforeValidator(clamp)]


class Options(BaseModel, extra="forbid"):
    text: Text
    neutral_low: Bound = -0.2
    neutral_high: Bound = 0.2


Item = Annotated[Options, AfterValidator(in_order)]


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    items: list[Item] = Field(min_length=1, max_length=8)


class Prediction(BaseModel):
    label: Literal["positive", "neutral", "negative"]
    confidence: Confidence
    characters: int


class Predictions(BaseModel):
    predictions: list[Prediction]


router = APIRouter(tags=["sentiment"])


@router.post("/predict")
async def predict_one(item: Item) -> Prediction:
    total = sum(WEIGHTS.get(word, 0.0) for word in re.findall("[a-z]+", item.text.lower()))
    if total > item.neutral_high:
        return Prediction(label="positive", confidence=total, characters=len(item.text))
    label: Literal["negative", "neutral"] = "negative" if total < item.neutral_low else "neutral"
    return Prediction(label=label, confidence=abs(total), characters=len(item.text))


@router.post("/predict-batch")
async def predict_many(batch: Batch) -> Predictions:
    return Predictions(predictions=[await predict_one(item) for item in batch.items])


app = FastAPI()
app.include_router(router)
