"""Lesson 05: what clients, a translator and probes rely on while an API waits and computes."""

from random import Random
from typing import Any

from grader import App, Client, check
from grader.reference import embed
from grader.upstream import Upstream

AT_ONCE = 8
PATIENCE = 3.0  # seconds until the translator sends those away who wait for others that never come
IMPATIENT = {"UPSTREAM_SECONDS": "0.2"}
WORDS = ["wolf", "snow", "Brot", "mer", "tåg", "река", "海", "slow", "paper", "lamp", "nine", "river"]
CLOSE = 1e-5


def environment(rng: Random) -> dict[str, str]:
    """More patience than the translator's, so that a call which waits for others in vain comes back."""
    return {"UPSTREAM_SECONDS": str(2 * PATIENCE)}


@check("5.1")
def test_all_calls_are_on_their_way_together(client: Client, upstream: Upstream, rng: Random) -> None:
    """Each call takes a second; eight in a row take eight, and nothing is computed in any of them."""
    texts = sentences(rng, AT_ONCE)
    upstream.expect(together=len(texts), patience=PATIENCE)
    response = client.post("/translate", json={"texts": texts})
    assert upstream.most_in_flight == len(texts), (
        f"For {len(texts)} texts, as many calls should be on their way before the first is answered; there were never "
        f"more than {upstream.most_in_flight} at a time. Does an `await` wait for one before the next has begun? Or is "
        "there a call without `await`, which stops the event loop and everything on it?"
    )
    assert_translated(response, texts)


@check("5.1")
def test_translations_come_in_the_order_of_the_texts(client: Client, upstream: Upstream, rng: Random) -> None:
    """The translator answers in an order that suits it; a client puts texts and answers side by side in its own."""
    texts = sentences(rng, rng.randint(4, AT_ONCE))
    upstream.expect(together=len(texts), newest_first=True, patience=PATIENCE)
    assert_translated(client.post("/translate", json={"texts": texts}), texts)


@check("5.1")
def test_connections_are_used_again(client: Client, upstream: Upstream, rng: Random) -> None:
    """A new connection costs several round trips and, with TLS, more time than many a call: it is made to be kept."""
    for _ in range(5):
        texts = sentences(rng, 3)
        assert_translated(client.post("/translate", json={"texts": texts}), texts)
    used = len({call.connection for call in upstream.calls})
    assert used <= AT_ONCE, (
        f"Five requests with three texts each, one after the other, took {used} connections, a new one for each call. "
        "A client keeps its connections and uses them again, if it is the same client for all requests."
    )


@check("5.2")
def test_no_more_than_eight_calls_at_any_time(app: App, upstream: Upstream, rng: Random) -> None:
    """A service that is called a thousand times at once fails, for us and for all others; so its owners set a limit."""
    upstream.expect(silent=True)
    requests = [app.begin("POST", "/translate", json={"texts": sentences(rng, 6)}) for _ in range(3)]
    if upstream.is_reached(AT_ONCE, seconds=1):
        for _ in range(5):
            app.catch_up()  # whatever else was about to be sent, is sent by now
    most = upstream.most_in_flight
    upstream.expect()
    for request in requests:
        assert request.answer().status_code == 200, "When the translator answers, all requests should be answered: 200."
    assert most <= AT_ONCE, (
        f"Three requests with six texts each came together. No more than {AT_ONCE} calls should be on their way at any "
        f"time, whoever asks; there were {most}."
    )


@check("5.3", env=IMPATIENT)
def test_a_silent_translator_is_504_and_no_more_than_that(client: Client, upstream: Upstream, rng: Random) -> None:
    """Who waits for ever for a service that has stopped answering has stopped answering, too, and so on up the line."""
    upstream.expect(silent=True, patience=PATIENCE)
    response = client.post("/translate", json={"texts": sentences(rng, AT_ONCE)})
    assert response.status_code == 504, (
        f"The translator says nothing, and UPSTREAM_SECONDS ({IMPATIENT['UPSTREAM_SECONDS']}) are over: 504 Gateway "
        f"Timeout. (Whoever waits longer than {PATIENCE:g} s is sent away by the translator, with a 503.)"
    )
    upstream.expect()
    texts = sentences(rng, 1)
    for _ in range(3):  # on a machine that is busy, even a prompt answer may be too late once
        response = client.post("/translate", json={"texts": texts})
        if response.status_code != 504:
            break
    assert_translated(response, texts)


@check("5.3")
def test_a_translator_that_fails_is_502(client: Client, upstream: Upstream, rng: Random) -> None:
    """502 says "not you, not us, the one behind us", so nobody looks for the mistake in the wrong place."""
    upstream.expect(status=rng.choice([500, 503]))
    response = client.post("/translate", json={"texts": sentences(rng, 3)})
    assert response.status_code == 502, (
        "The translator answered with an error: 502 Bad Gateway. A client like httpx2 takes any answer for a success "
        "until you ask it: `raise_for_status`."
    )


@check("5.3")
def test_a_broken_connection_is_502(client: Client, upstream: Upstream, rng: Random) -> None:
    """While the translator is being deployed, connections break: that is no bug of ours, and 500 says that it is."""
    upstream.expect(hang_up=True)
    response = client.post("/translate", json={"texts": sentences(rng, 3)})
    assert response.status_code == 502, "The translator hung up without an answer: 502 Bad Gateway."
    upstream.expect()
    texts = sentences(rng, 1)
    assert_translated(client.post("/translate", json={"texts": texts}), texts)


@check("5.4")
def test_embed_answers_the_vectors_of_the_translations(client: Client, upstream: Upstream, rng: Random) -> None:
    """A vector of the wrong text looks like any other; only the search results show it, much later, to others."""
    texts = sentences(rng, 3)
    for vector, expected, text in zip(embedded(client, texts), embed(texts), texts, strict=True):
        worst = max(abs(one - other) for one, other in zip(vector, expected, strict=True))
        assert worst <= CLOSE, (
            f"The vector of {text!r} should be what the model makes of its translation; it is off by {worst:.2g}."
        )
    asked = [call.body["text"] for call in upstream.calls]
    assert sorted(asked) == sorted(texts), "What is embedded should be the translations: each text is translated once."


@check("5.4")
def test_the_model_works_beside_the_event_loop(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """There is one event loop: while it computes, no request is received, no answer sent, no deadline kept."""
    before = app.observed.mark()
    embedded(client, sentences(rng, 3))
    encodes = app.observed.since(before).encodes
    assert encodes, "`POST /embed` should let the model encode the translations."
    assert not any(encode.on_event_loop for encode in encodes), (
        "The model ran on the event loop's thread, and all the time nobody else was served. An `async def` around it "
        "does not help: code runs on the loop until it comes to an `await` that really waits. It needs a thread."
    )


@check("5.4")
def test_the_model_is_given_all_texts_at_once(app: App, client: Client, upstream: Upstream, rng: Random) -> None:
    """A model needs hardly more time for eight texts than for one: one by one, most of it is wasted."""
    before = app.observed.mark()
    embedded(client, sentences(rng, 5))
    sizes = [encode.batch_size for encode in app.observed.since(before).encodes]
    assert sizes == [5], f"For five texts there should be one call of `encode`, with all five; there were {sizes}."


@check("5.4")
def test_others_are_served_while_the_model_works(app: App, upstream: Upstream, rng: Random) -> None:
    """An orchestrator that hears nothing from /health kills the process, in the middle of work that was going well."""
    texts = sentences(rng, 1)
    with app.hold() as hold:  # the model begins, and does not come to an end before this block does
        embedding = app.begin("POST", "/embed", json={"texts": texts})
        hold.is_reached(embedding)
        others = [app.begin("GET", "/health"), app.begin("POST", "/translate", json={"texts": texts})]
        is_served = [other.arrives() for other in others]
    assert embedding.answer().status_code == 200, "`POST /embed` should be answered with 200."
    assert_translated(others[1].answer(), texts)
    health = others[0].answer()
    assert health.status_code == 200, "`GET /health` should be answered with 200."
    assert health.json() == {"status": "ok"}, 'The answer should be {"status": "ok"}.'
    assert all(is_served), (
        "While the model was encoding, `GET /health` and `POST /translate` should have been answered."
    )


def sentences(rng: Random, count: int) -> list[str]:
    """Texts that nobody has sent before."""
    return [" ".join([*rng.choices(WORDS, k=4), str(rng.randrange(10**6))]) for _ in range(count)]


def assert_translated(response: Any, texts: list[str]) -> None:
    """Assert that an answer has the translations of these texts: the translator gives back what it was sent."""
    assert response.status_code == 200, "The translator has answered, so the answer should be 200."
    assert response.json() == {"texts": texts}, (
        'The answer should look like {"texts": [...]}: what the translator answered to each text, in their order.'
    )


def embedded(client: Client, texts: list[str]) -> list[list[float]]:
    """The vectors that /embed answers for these texts."""
    response = client.post("/embed", json={"texts": texts})
    assert response.status_code == 200, "`POST /embed` should be answered with 200."
    body: Any = response.json()
    vectors = body.get("vectors") if isinstance(body, dict) else None
    assert isinstance(vectors, list) and len(vectors) == len(texts), (
        f'The answer should look like {{"vectors": [[0.1, …], …]}}, with {len(texts)} vectors for as many texts.'
    )
    length = len(embed(["length"])[0])
    assert all(isinstance(vector, list) and len(vector) == length for vector in vectors), (
        f"Each vector should be a list of {length} numbers."
    )
    return vectors
