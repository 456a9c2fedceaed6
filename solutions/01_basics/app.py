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


# BEGIN SOLUTION 1.1: answer every model in the catalogue
# STUB: # TODO 1.3: come back, once 1.2 is green, and give this function its parameters: two filters, and pages
# STUB: @app.get("/models")
# STUB: def list_models() -> list[ModelCard]:
# STUB:     """The models in the order in which they were added."""
# STUB:     raise NotImplementedError("Task 1.1")
@app.get("/models", summary="List the catalogue")
def list_models(
    kind: Kind | None = None,  # `kind: Kind = None` runs too, but its type says that there is always a kind
    max_size_mb: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[ModelCard]:
    """The models in the order in which they were added: those that pass both filters, one page of them."""
    cards = list(catalogue.values())
    cards = [card for card in cards if kind is None or card.kind == kind]
    # `if max_size_mb:` would be wrong here: 0 is a limit, too.
    cards = [card for card in cards if max_size_mb is None or card.size_mb <= max_size_mb]
    return cards[offset : offset + limit]  # the page comes last: filtering a page would leave holes in it


# END SOLUTION


# BEGIN SOLUTION 1.2: answer the model with this name, or 404 when there is none
# STUB: @app.get("/models/{name}")
# STUB: def get_model(name: str) -> ModelCard:
# STUB:     """The model with this name."""
# STUB:     raise NotImplementedError("Task 1.2")
ModelName = Annotated[str, Path(examples=["all-minilm-l6-v2"])]  # what /docs fills in, and what people try first
NEW_CARD = {"name": "tiny-spam-filter", "kind": "classification", "size_mb": 2, "released": "2026-01-15"}


# Routes are tried from top to bottom. Below `/models/{name}` this one would never be asked: "latest" is a name, too.
@app.get("/models/latest", summary="Find the newest model", responses={404: {"description": "Empty catalogue"}})
def get_latest_model() -> ModelCard:
    """The model released last."""
    cards = list(catalogue.values())
    if not cards:
        raise HTTPException(404, "The catalogue is empty.")
    return max(cards, key=lambda card: card.released)


@app.get("/models/{name}", summary="Find one model by its name", responses={404: {"description": "Unknown"}})
def get_model(name: ModelName) -> ModelCard:
    """The model with this name."""
    card = catalogue.get(name)
    if card is None:  # returned, None is `200 OK` with `null`, or a 500 as our type promises a model
        raise HTTPException(404, f"There is no model called {name}.")
    return card


# END SOLUTION


# BEGIN SOLUTION 1.4: write POST /models, which adds a model, and DELETE /models/{name}, which removes one
# STUB: # TODO 1.5: write GET /models/latest, which answers the model released last
# STUB: # TODO 1.6: make /docs worth reading: summaries in your own words, examples that work, the failures
@app.post("/models", status_code=201, summary="Add a model", responses={409: {"description": "The name is taken"}})
def create_model(card: Annotated[ModelCard, Body(examples=[NEW_CARD])]) -> ModelCard:
    """Add a model under a name that is still free."""
    # One step, not `if` and then a store: plain `def` routes run in threads, and another could take the name between.
    if catalogue.setdefault(card.name, card) is not card:
        raise HTTPException(409, f"There is a model called {card.name} already.")
    return card


@app.delete("/models/{name}", status_code=204, summary="Remove a model", responses={404: {"description": "Unknown"}})
def delete_model(name: ModelName) -> None:
    """Remove the model with this name."""
    if catalogue.pop(name, None) is None:
        raise HTTPException(404, f"There is no model called {name}.")


# END SOLUTION
