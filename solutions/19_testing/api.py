"""The API under test: a spam filter. It is given, and it is right; read the README for what it promises."""

import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, Field

WEIGHTS = {"free": 2.1, "winner": 2.4, "click": 1.3, "prize": 1.9, "meeting": -1.7, "invoice": -0.6, "thanks": -1.2}
BIAS = -1.4


class SpamFilter:
    """A logistic regression over single words, trained elsewhere."""

    def probability(self, text: str) -> float:
        """Return the probability from 0 to 1 that a text is spam; capitals make no difference."""
        words = re.findall(r"[a-z]+", text.lower())
        return 1 / (1 + math.exp(-BIAS - sum(WEIGHTS.get(word, 0.0) for word in words)))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model and begin to count."""
    app.state.filter = SpamFilter()
    app.state.classified = app.state.spam = 0
    yield
    app.state.filter = None


app = FastAPI(lifespan=lifespan)
Text = Annotated[str, Field(min_length=1, max_length=200)]
Threshold = Annotated[float, Query(ge=0, le=1)]


class Message(BaseModel):
    """One text."""

    text: Text


class Messages(BaseModel):
    """Up to eight texts."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=8)]


class Verdict(BaseModel):
    """What the filter thinks of a text."""

    label: Literal["spam", "ham"]
    probability: float


class Stats(BaseModel):
    """How many texts were classified since the start, and how many of them were spam."""

    classified: int
    spam: int


def get_filter(request: Request) -> SpamFilter:
    """The loaded model; 503 while there is none."""
    model: SpamFilter | None = getattr(request.app.state, "filter", None)
    if model is None:
        raise HTTPException(503, "The model is not loaded.")
    return model


FilterDep = Annotated[SpamFilter, Depends(get_filter)]


def judge(model: SpamFilter, text: str, threshold: float) -> Verdict:
    """Classify one text and count it."""
    probability = model.probability(text)
    is_spam = probability >= threshold
    app.state.classified += 1
    app.state.spam += is_spam
    return Verdict(label="spam" if is_spam else "ham", probability=probability)


@app.get("/health/ready")
def read_readiness(model: FilterDep) -> dict[str, str]:
    """Answer whether texts can be classified."""
    return {"status": "ready"}


@app.post("/classify")
def classify(message: Message, model: FilterDep, threshold: Threshold = 0.5) -> Verdict:
    """Classify one text."""
    return judge(model, message.text, threshold)


@app.post("/classify-batch")
def classify_batch(messages: Messages, model: FilterDep, threshold: Threshold = 0.5) -> list[Verdict]:
    """Classify several texts, in their order."""
    return [judge(model, text, threshold) for text in messages.texts]


@app.get("/stats")
def read_stats(model: FilterDep) -> Stats:
    """Answer what was classified since the start."""
    return Stats(classified=app.state.classified, spam=app.state.spam)
