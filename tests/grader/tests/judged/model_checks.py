"""Checks on an app that embeds texts: right vectors, one model, whole batches, never on the event loop."""

from random import Random

from grader import App, Client, check
from grader.reference import embed


def texts(rng: Random, count: int) -> list[str]:
    """Make up texts that nobody can have prepared answers for."""
    return [f"The {rng.choice(['red', 'green'])} box holds {rng.randrange(10**6)} apples." for _ in range(count)]


@check("2.1")
def test_vectors_are_right(client: Client, rng: Random) -> None:
    """Everything downstream is built on these numbers."""
    asked = texts(rng, 3)
    response = client.post("/embed", json=asked)
    assert response.status_code == 200, "Texts should be answered with 200."
    for mine, theirs in zip(response.json(), embed(asked), strict=True):
        assert max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) < 1e-4, "The vectors should be MiniLM's."


@check("2.2")
def test_the_model_is_loaded_once(client: Client, app: App, rng: Random) -> None:
    """Loading takes seconds: a request cannot wait for it."""
    for _ in range(2):
        assert client.post("/embed", json=texts(rng, 1)).status_code == 200, "Texts should be answered with 200."
    built = app.observed.constructions
    assert len(built) == 1, f"The model should be loaded once; it was loaded {len(built)} times."
    assert built[0].phase != "serving", "The model should be loaded before the first request."


@check("2.3")
def test_texts_are_encoded_together(client: Client, app: App, rng: Random) -> None:
    """Eight texts one by one take eight times as long."""
    before = app.observed.mark()
    assert client.post("/embed", json=texts(rng, 4)).status_code == 200, "Texts should be answered with 200."
    sizes = [encode.batch_size for encode in app.observed.since(before).encodes]
    assert sizes == [4], f"Four texts should be one batch of four; there were {sizes}."


@check("2.4")
def test_the_event_loop_stays_free(client: Client, app: App, rng: Random) -> None:
    """While the loop computes, nobody else is answered."""
    before = app.observed.mark()
    assert client.post("/embed", json=texts(rng, 1)).status_code == 200, "Texts should be answered with 200."
    encodes = app.observed.since(before).encodes
    assert encodes and not any(encode.on_event_loop for encode in encodes), "Encoding belongs into another thread."
