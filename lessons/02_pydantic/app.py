"""Lesson 02: a sentiment API whose contract holds at every edge."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

app = FastAPI(title="Sentiment")

# Given, down to score_text: a "prediction" that adds up the weights of six words. It is a rule, not a model: this
# lesson is about the contract around it, which stays as it is when a real model takes the rule's place.
WEIGHTS = {"excellent": 1.0, "good": 0.5, "fine": 0.25, "slow": -0.25, "bad": -0.5, "awful": -1.0}

Label = Literal["negative", "neutral", "positive"]


@dataclass
class Score:
    """All that the rule knows about a text. It is for us, not for clients."""

    label: Label
    raw: float  # a sum of weights: any size, either sign
    characters: int
    source: str = "/srv/rules/reviews-17.csv"


def score_text(text: str, low: float, high: float) -> Score:
    """Score a text by the words in it; a sum from `low` to `high`, both included, is neutral."""
    raw = sum(WEIGHTS.get(word, 0) for word in re.findall(r"[a-z]+", text.lower()))
    label: Label = "negative" if raw < low else "positive" if raw > high else "neutral"
    return Score(label, raw, len(text))


class PredictionRequest(BaseModel):
    """A text, and the band of raw scores that the caller wants to have called neutral."""

    # TODO 2.2: configure the model: strip every text, refuse unknown fields
    model_config = ConfigDict()

    # TODO 2.1: give the three fields their limits
    text: str
    neutral_low: float = -0.2
    neutral_high: float = 0.2

    # TODO 2.3: add two rules of your own, one for the text and one for the band
    # A validator raises ValueError; Pydantic makes the 422 out of it.


# TODO 2.4: write PredictionResponse and return that: today every detail of our Score leaves
@app.post("/predict")
def predict(request: PredictionRequest) -> Score:
    """Predict the sentiment of one text."""
    return score_text(request.text, request.neutral_low, request.neutral_high)


# TODO 2.5: write POST /predict-batch, its request and its response
# Two models and an endpoint; until then the route is a 404.
