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

    # BEGIN SOLUTION 2.2: configure the model: strip every text, refuse unknown fields
    # Stripping by configuration comes before the limits. In a validator it would come after them: three spaces would
    # pass `min_length=1`, and padding would use up `max_length`.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    # STUB: model_config = ConfigDict()
    # END SOLUTION

    # BEGIN SOLUTION 2.1: give the three fields their limits
    # An `if` in the endpoint would be missing from /docs, and its 422 would not name the field.
    text: Annotated[str, Field(min_length=1, max_length=200)]
    neutral_low: Annotated[float, Field(ge=-1, le=1)] = -0.2
    neutral_high: Annotated[float, Field(ge=-1, le=1)] = 0.2
    # STUB: text: str
    # STUB: neutral_low: float = -0.2
    # STUB: neutral_high: float = 0.2
    # END SOLUTION

    # BEGIN SOLUTION 2.3: add two rules of your own, one for the text and one for the band
    # STUB: # A validator raises ValueError; Pydantic makes the 422 out of it.
    @field_validator("text")
    @classmethod
    def text_has_no_control_characters(cls, text: str) -> str:
        # Not `text.isprintable()`: that also refuses new lines, no-break spaces and the joiner inside many emoji.
        if any(unicodedata.category(char) == "Cc" and char not in "\t\n\r" for char in text):
            raise ValueError("must not contain control characters")
        return text

    @model_validator(mode="after")
    def band_is_not_upside_down(self) -> Self:
        # Not a validator for `neutral_high`: it does not run when the field is left out and takes its default.
        if self.neutral_low > self.neutral_high:
            raise ValueError("neutral_low must not be above neutral_high")
        return self

    # END SOLUTION


# BEGIN SOLUTION 2.4: write PredictionResponse and return that: today every detail of our Score leaves
# STUB: @app.post("/predict")
# STUB: def predict(request: PredictionRequest) -> Score:
# STUB:     """Predict the sentiment of one text."""
# STUB:     return score_text(request.text, request.neutral_low, request.neutral_high)
class PredictionResponse(BaseModel):
    """What a client is promised. A field that is not listed here cannot leave."""

    label: Label
    confidence: Annotated[float, Field(ge=0, le=1, description="Distance of the score from 0, at most 1")]
    characters: Annotated[int, Field(description="Length of the text that was scored")]


@app.post("/predict")
def predict(request: PredictionRequest) -> PredictionResponse:
    """Predict the sentiment of one text."""
    score = score_text(request.text, request.neutral_low, request.neutral_high)
    # `le=1` makes the promise, `min` keeps it. A response that breaks its own model is our bug, hence a 500.
    return PredictionResponse(label=score.label, confidence=min(1.0, abs(score.raw)), characters=score.characters)


# END SOLUTION


# BEGIN SOLUTION 2.5: write POST /predict-batch, its request and its response
# STUB: # Two models and an endpoint; until then the route is a 404.
class BatchRequest(BaseModel):
    """One to eight requests, each under all the rules of a single one."""

    model_config = ConfigDict(extra="forbid")  # again: an item's configuration does not reach out to its container
    items: Annotated[list[PredictionRequest], Field(min_length=1, max_length=8)]


class BatchResponse(BaseModel):
    """One prediction per item, in the order of the items. An object can get more fields later, a bare list cannot."""

    predictions: list[PredictionResponse]


@app.post("/predict-batch")
def predict_batch(batch: BatchRequest) -> BatchResponse:
    """Predict the sentiment of several texts; one bad item refuses the whole batch."""
    return BatchResponse(predictions=[predict(item) for item in batch.items])


# END SOLUTION
