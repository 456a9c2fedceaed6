"""Lesson 07: what clients rely on when an embedding API remembers: the same answers as without, at less cost."""

from collections.abc import Sequence
from random import Random
from typing import Any

import httpx2

from grader import App, Client, Pending, check, frozen
from grader.reference import embed

PROMPTS = {"minilm": "", "minilm-query": "query: ", "minilm-passage": "passage: "}
WORDS = ["how", "to", "repair", "a", "bicycle", "tyre", "without", "tools", "für", "寒い", "🚲"]
CLOSE = 1e-5
NEAR = 1e-3  # two texts, and one text with two prompts, are further apart than this


def environment(rng: Random) -> dict[str, str]:
    """How much the cache may hold differs from report to report."""
    return {"CACHE_LIMIT": str(rng.randint(4, 5))}


@check("7.1")
def test_the_vector_is_right(client: Client, rng: Random) -> None:
    """A cache may make answers faster. It may not make other answers."""
    text = sentence(rng)
    for _ in range(2):
        assert_vector(ask(client, text), text, within=CLOSE)


@check("7.1")
def test_a_repeated_text_costs_no_call(app: App, client: Client, rng: Random) -> None:
    """A third of what people type into a search box has been typed before: those calls of the model are for nothing."""
    text = sentence(rng)
    before = app.observed.mark()
    for _ in range(3):
        assert_vector(ask(client, text), text)
    calls = len(app.observed.since(before).encodes)
    assert calls == 1, f"The same text three times in a row should call `encode` once; it was called {calls}×."


@check("7.1")
def test_the_header_says_where_it_came_from(client: Client, rng: Random) -> None:
    """Without it, nobody can see from outside whether the cache is of use, or why one answer is slow."""
    text, other = sentence(rng), sentence(rng)
    for asked, expected in ((text, "miss"), (text, "hit"), (other, "miss"), (text, "hit"), (other, "hit")):
        found = x_cache(ask(client, asked))
        assert found == expected, (
            f'X-Cache should be "miss" when a text is new, and "hit" when it is not: here {expected!r}, not {found!r}.'
        )


@check("7.1")
def test_every_miss_is_a_call_of_the_model(app: App, rng: Random) -> None:
    """Misses are what you pay for: those of a day, times the price of a call, should be the bill."""
    text = sentence(rng)
    before = app.observed.mark()
    with app.hold() as hold:
        with frozen(app):  # so that they arrive in one moment
            crowd = [begin(app, text) for _ in range(3)]
        assert_calls_model(hold.is_reached(*crowd), *crowd)
        app.catch_up()
    misses = [x_cache(answered(pending)) for pending in crowd].count("miss")
    calls = len(app.observed.since(before).encodes)
    assert misses == calls, (
        f"Three requests for a new text came at once. {misses} of the answers say that it was a miss, and `encode` was "
        f"called {calls}×. Who only waits for a call that somebody else has started costs none: that is a hit."
    )


@check("7.1")
def test_hits_are_answered_while_the_model_works(app: App, client: Client, rng: Random) -> None:
    """What is known already is what you can answer when the model is busy: it should not wait behind a calculation."""
    known, new = sentence(rng), sentence(rng)
    ask(client, known)
    before = app.observed.mark()
    with app.hold() as hold:
        slow = begin(app, new)
        assert_calls_model(hold.is_reached(slow), slow)
        on_loop = any(call.on_event_loop for call in app.observed.since(before).encodes)
        assert not on_loop, "`encode` should run in the engine's thread: on the event loop, everybody waits for it."
        quick = begin(app, known)
        assert quick.arrives(), (
            "A text was asked for again, while the model was busy with another one. Its vector is there, and it should "
            "be answered at once. Is there a lock around everything?"
        )
        assert_vector(quick.answer(), known)
    assert_vector(answered(slow), new)


@check("7.2")
def test_each_model_has_its_own_vectors(app: App, client: Client, rng: Random) -> None:
    """After a change of models, the old one's vectors look perfectly fine: only the search results are nonsense."""
    text = sentence(rng)
    names = rng.sample(list(PROMPTS), 3)
    before = app.observed.mark()
    for name in names * 2:
        assert_vector(ask(client, text, name), text, name)
    calls = len(app.observed.since(before).encodes)
    assert calls == 3, f"Three models were asked for one text, twice each: three calls of `encode`, not {calls}."


@check("7.2")
def test_no_two_questions_share_a_key(client: Client, rng: Random) -> None:
    """Glued together, two different questions can make the same string, and somebody will find those that do."""
    text = sentence(rng)
    for prefix in ("-query", "query-"):
        ask(client, text, "minilm-query")
        assert_vector(ask(client, prefix + text), prefix + text)


@check("7.3")
def test_it_holds_as_much_as_it_may(app: App, client: Client, rng: Random) -> None:
    """Each entry that could be there and is not is a call of the model that somebody waits for."""
    texts = fill(app, client, rng)
    kept = sum(is_kept(app, client, text) for text in texts)
    assert kept == len(texts), f"CACHE_LIMIT is {len(texts)}: the last {len(texts)} texts should be kept, not {kept}."


@check("7.3")
def test_it_holds_no_more_than_it_may(app: App, client: Client, rng: Random) -> None:
    """People never run out of new texts, but memory does: without a bound, the process is killed one night."""
    first, *others = fill(app, client, rng)
    ask(client, sentence(rng))
    assert not is_kept(app, client, first), (
        f"CACHE_LIMIT is {len(others) + 1}, and since this text was asked for so many others came. It should be gone."
    )


@check("7.3")
def test_the_one_not_asked_for_longest_goes_first(app: App, client: Client, rng: Random) -> None:
    """The popular ones are the reason to have a cache: they should survive a flood of texts that come once."""
    first, second, *_ = fill(app, client, rng)
    ask(client, first)
    ask(client, sentence(rng))
    assert is_kept(app, client, first), (
        "The cache was full, and this text had just been asked for again. When a new one came, another had to go."
    )
    assert not is_kept(app, client, second), (
        "The cache was full, and this was the text that nobody had asked for in the longest time: it should be gone."
    )


@check("7.3")
def test_the_stats_add_up(app: App, client: Client, rng: Random) -> None:
    """How large a cache should be is seen from how often it has what is asked for, and from nothing else."""
    texts = fill(app, client, rng)
    before = stats(client)
    for text in (texts[-1], sentence(rng), texts[-1], texts[-2]):
        ask(client, text)
    after = stats(client)
    assert after["entries"] == after["limit"] == len(texts), (
        f"The cache is full: `entries` and `limit` should both be CACHE_LIMIT, {len(texts)}."
    )
    more = {name: after[name] - before[name] for name in ("hits", "misses")}
    assert more == {"hits": 3, "misses": 1}, (
        f"Since the last look there were three hits and one miss; the stats say {more['hits']} and {more['misses']}."
    )


@check("7.4")
def test_whole_numbers_are_right_each_time(app: App, client: Client, rng: Random) -> None:
    """The first answer is right and the second is not: no test that asks once will ever see that."""
    text = sentence(rng)
    expected = [number * 127 for number in embed([text])[0]]
    before = app.observed.mark()
    for _ in range(3):
        numbers = ask(client, text, path="/embed-int8").json()
        assert isinstance(numbers, list) and len(numbers) == len(expected), (
            f"/embed-int8 should answer a JSON list of {len(expected)} whole numbers."
        )
        assert all(type(one) is int and abs(one - two) < 0.52 for one, two in zip(numbers, expected, strict=True)), (
            "/embed-int8 should answer the vector times 127, in whole numbers, however often it is asked for."
        )
    calls = len(app.observed.since(before).encodes)
    assert calls == 1, f"/embed-int8 shares the cache: three times the same text is one call of `encode`, not {calls}."


@check("7.4")
def test_nobody_can_spoil_what_the_next_one_gets(app: App, client: Client, rng: Random) -> None:
    """One endpoint works in place, to save a copy; from then on every other one answers with what it left behind."""
    text = sentence(rng)
    ask(client, text)
    ask(client, text, path="/embed-int8")
    before = app.observed.mark()
    assert is_close(ask(client, text).json(), embed([text])[0], NEAR), (
        "This vector was right before /embed-int8 was asked for the same text. `quantize` writes into the array it is "
        "given: give it one that is nobody else's."
    )
    calls = len(app.observed.since(before).encodes)
    assert calls == 0, "To compute it once more is safe, but then there is no cache: this text had been read already."


@check("7.5")
def test_twenty_at_once_cost_one_call(app: App, rng: Random) -> None:
    """News breaks and everybody asks the same, just when nothing is in the cache: it helps least when most needed."""
    text = sentence(rng)
    before = app.observed.mark()
    with app.hold() as hold:
        with frozen(app):  # so that they arrive in one moment
            crowd = [begin(app, text) for _ in range(20)]
        assert_calls_model(hold.is_reached(*crowd), *crowd)
        app.catch_up()
    for pending in crowd:
        assert_vector(answered(pending), text)
    calls = len(app.observed.since(before).encodes)
    assert calls == 1, f"Twenty requests for one text came together: one call of `encode` is enough, not {calls}."


@check("7.5")
def test_different_texts_at_once_are_kept_apart(app: App, rng: Random) -> None:
    """Waiting for somebody else's calculation is fine as long as it is the right one."""
    texts = [sentence(rng) for _ in range(3)]
    before = app.observed.mark()
    with app.hold() as hold:
        with frozen(app):  # so that they arrive in one moment
            crowd = [begin(app, text) for text in texts * 2]
        assert_calls_model(hold.is_reached(*crowd), *crowd)
        app.catch_up()
    for pending, text in zip(crowd, texts * 2, strict=True):
        assert_vector(answered(pending), text)
    calls = len(app.observed.since(before).encodes)
    assert calls == 3, f"Three texts, two requests for each, all at once: three calls of `encode`, not {calls}."


@check("7.6")
def test_a_failure_is_not_kept(app: App, client: Client, rng: Random) -> None:
    """A model that fails once is an incident of a second; an error that is remembered lasts until the next restart."""
    text = sentence(rng)
    with app.hold() as hold:
        unlucky = begin(app, text)
        assert_calls_model(hold.is_reached(unlucky), unlucky)
        hold.break_one()
    assert unlucky.arrives(), "The check made `encode` fail: whoever waits for it should hear so."
    response = client.post("/embed", json={"model": "minilm", "text": text})
    assert response.status_code == 200, (
        "The check made a call of `encode` for this text fail. The next request should get a new call, which works."
    )
    assert_vector(response, text)


@check("7.6")
def test_nobody_waits_for_a_call_that_failed(app: App, client: Client, rng: Random) -> None:
    """The crowd that waits for one call is the crowd that hangs when it fails, unless somebody tells them."""
    text = sentence(rng)
    with app.hold() as hold:
        crowd = [begin(app, text) for _ in range(4)]
        assert_calls_model(hold.is_reached(*crowd), *crowd)
        app.catch_up()
        hold.break_one()
    assert all(pending.arrives() for pending in crowd), (
        "Four requests waited for one call of `encode`, and the check made it fail. This one was never answered."
    )
    assert_vector(ask(client, text), text)


def sentence(rng: Random) -> str:
    """A text that nobody has asked for before."""
    return " ".join([*rng.choices(WORDS, k=rng.randint(1, 6)), str(rng.randrange(10**9))])


def ask(client: Client, text: str, model: str = "minilm", path: str = "/embed") -> httpx2.Response:
    """Ask for a vector and wait for the answer, a success."""
    response = client.post(path, json={"model": model, "text": text})
    assert response.status_code == 200, f"{path} should answer this with 200."
    return response


def begin(app: App, text: str) -> Pending:
    """Ask for a vector, and do not wait for it."""
    return app.begin("POST", "/embed", json={"model": "minilm", "text": text})


def answered(pending: Pending) -> httpx2.Response:
    """The answer to a request, which should come and be a success."""
    assert pending.arrives(), "Every request should be answered, and this one was not."
    response = pending.answer()
    assert response.status_code == 200, "/embed should answer this with 200."
    return response


def assert_calls_model(is_reached: bool, *requests: Pending) -> None:
    """Assert that the model is at work on these requests."""
    for pending in requests:
        if not is_reached and pending.arrives(0):
            answered(pending)
    assert is_reached, "These texts are new: they should be read by the model, but its `encode` is not called."


def x_cache(response: httpx2.Response) -> str:
    """Where the answer says that its vector came from."""
    found: str | None = response.headers.get("x-cache")
    assert found in ("hit", "miss"), f'The answer should have a header X-Cache, "hit" or "miss"; it has {found!r}.'
    return found


def is_kept(app: App, client: Client, text: str) -> bool:
    """Ask for a text, and return whether that cost no call of the model."""
    before = app.observed.mark()
    ask(client, text)
    return not app.observed.since(before).encodes


def fill(app: App, client: Client, rng: Random) -> list[str]:
    """Ask for as many new texts as the cache may hold: after that, it holds these and no others."""
    texts = [sentence(rng) for _ in range(int(app.env["CACHE_LIMIT"]))]
    for text in texts:
        ask(client, text)
    return texts


def stats(client: Client) -> dict[str, int]:
    """What `GET /cache` answers."""
    response = client.get("/cache")
    assert response.status_code == 200, "`GET /cache` should be answered with 200."
    found = response.json()
    names = {"entries", "limit", "hits", "misses"}
    assert isinstance(found, dict) and names <= set(found) and all(type(found[name]) is int for name in names), (
        'The answer should look like {"entries": 2, "limit": 1000, "hits": 7, "misses": 3}.'
    )
    return found


def assert_vector(response: httpx2.Response, text: str, model: str = "minilm", within: float = NEAR) -> None:
    """Assert that an answer is the vector of `text` as `model` reads it."""
    [expected] = embed([PROMPTS[model] + text])
    assert is_close(response.json(), expected, within), (
        f"The answer should be the vector that {model} has for {text!r}: a JSON list of {len(expected)} numbers, right "
        f"to {within:g}."
    )


def is_close(vector: Any, expected: Sequence[float], within: float) -> bool:
    """Whether a JSON value is a list of numbers near enough to `expected`."""
    if not isinstance(vector, list) or len(vector) != len(expected):
        return False
    pairs = zip(vector, expected, strict=True)
    return all(isinstance(one, float | int) and abs(one - two) <= within for one, two in pairs)
