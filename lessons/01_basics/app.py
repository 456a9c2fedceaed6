"""Lesson 01: a catalogue of models that clients list, filter, page, extend and read about in /docs."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Path, Query
from pydantic import BaseModel

app = FastAPI(title="Model catalogue")


class Kind(StrEnum):  # as the type of a parameter, it accepts these three words and no other
    """What a model is good for."""

    EMBEDDING = "embedding"
    GENERATION = "generation"
    CLASSIFICATION = "classification"


class ModelCard(BaseModel):  # a BaseModel is read from JSON and written as JSON; lesson 02 looks inside
    """One model of the catalogue."""

    name: str
    kind: Kind
    size_mb: int
    released: date


CARDS = [
    ModelCard(name="all-minilm-l6-v2", kind=Kind.EMBEDDING, size_mb=91, released=date(2021, 8, 30)),
    ModelCard(name="smollm2-135m", kind=Kind.GENERATION, size_mb=269, released=date(2024, 10, 31)),
    ModelCard(name="magika", kind=Kind.CLASSIFICATION, size_mb=3, released=date(2024, 2, 15)),
    ModelCard(name="efficientnet-lite0", kind=Kind.CLASSIFICATION, size_mb=19, released=date(2020, 3, 16)),
    ModelCard(name="gpt2", kind=Kind.GENERATION, size_mb=548, released=date(2019, 2, 14)),
    ModelCard(name="bge-small-en", kind=Kind.EMBEDDING, size_mb=133, released=date(2023, 8, 5)),
]
catalogue = {card.name: card for card in CARDS}


# TODO 1.1: answer every model in the catalogue
# TODO 1.3: come back, once 1.2 is green, and give this function its parameters: two filters, and pages
@app.get("/models")
def list_models() -> list[ModelCard]:
    """The models in the order in which they were added."""
    raise NotImplementedError("Task 1.1")


# TODO 1.2: answer the model with this name, or 404 when there is none
@app.get("/models/{name}")
def get_model(name: str) -> ModelCard:
    """The model with this name."""
    raise NotImplementedError("Task 1.2")


# TODO 1.4: write POST /models, which adds a model, and DELETE /models/{name}, which removes one
# TODO 1.5: write GET /models/latest, which answers the model released last
# TODO 1.6: make /docs worth reading: summaries in your own words, examples that work, the failures
