"""Lesson 06: what clients rely on when an embedding API makes batches: of long lists, and of single texts that meet."""

from collections.abc import Sequence
from math import ceil
from random import Random
from typing import Any

from grader import App, Client, Hold, Pending, check
from grader.reference import embed

WORDS = ["the", "ferry", "left", "at", "nine", "a", "violin", "was", "found", "on", "board", "île", "港", "🎻"]
CLOSE = 1e-5
asked: list[Pending] = []  # every single text of this report


def environment(rng: Random) -> dict[str, str]:
    """How large a batch may be differs from report to report."""
    return {"MAX_BATCH": str(rng.randint(3, 4))}


@check("6.1")
def test_each_text_of_a_list_gets_its_vector(app: App, client: Client, rng: Random) -> None:
    """Clients put texts and vectors side by side again: what is out of order belongs to the wrong document."""
    texts = sentences(rng, max_batch(app) + rng.randint(1, 2))
    texts.append(texts[0])
    for place, (result, vector) in enumerate(zip(results(client, texts), embed(texts), strict=True), start=1):
        assert is_close(result.get("vector"), vector) and result.get("error") is None, (
            f'Result {place} should have the vector of text {place} as "vector", to {CLOSE:g}, and null as "error".'
        )


@check("6.1")
def test_a_list_is_encoded_in_chunks(app: App, client: Client, rng: Random) -> None:
    """A call that is too small wastes time on every start; one that is too large cannot be interrupted for anybody."""
    limit = max_batch(app)
    for count in (limit, limit + rng.randint(1, limit - 1)):
        before = app.observed.mark()
        results(client, sentences(rng, count))
        sizes = [call.batch_size for call in app.observed.since(before).encodes]
        assert sizes and max(sizes) <= limit, f"MAX_BATCH is {limit}; the calls of `encode` had {sizes} texts."
        fewest = ceil(count / limit)
        assert len(sizes) == fewest, (
            f"{count} texts, up to {limit} in a call of `encode`: that takes {fewest}. There were {len(sizes)}, with "
            f"{sizes} texts."
        )


@check("6.1")
def test_the_event_loop_does_not_encode(app: App, client: Client, rng: Random) -> None:
    """While the loop's thread computes, nobody is answered, not even the probe that decides whether you are alive."""
    before = app.observed.mark()
    results(client, sentences(rng, 2))
    calls = app.observed.since(before).encodes
    assert calls and not any(call.on_event_loop for call in calls), (
        "`encode` should run in the engine's thread; it ran in the thread of the event loop."
    )


@check("6.1")
def test_lists_take_turns(app: App, rng: Random) -> None:
    """Two calls at once share the same cores, and somebody's long list should not keep the others waiting."""
    limit = max_batch(app)
    before = app.observed.mark()
    with app.hold() as hold:
        long = begin_list(app, sentences(rng, 2 * limit))
        wait_for_encode(hold, long)
        short = begin_list(app, sentences(rng, 1))
        app.catch_up()
        running = len(app.observed.since(before).encodes)
        assert running == 1, f"The model should do one call at a time; with two lists there were {running} at once."
    assert_is_answered(long, short)
    sizes = [call.batch_size for call in app.observed.since(before).encodes]
    assert 1 in sizes[:-1], (
        f"A list of one text came while the first chunk of a long list was encoded. It should have its turn before the "
        f"last chunk; the calls of `encode` had {sizes} texts. Go back to the event loop after each chunk."
    )


@check("6.2")
def test_one_bad_text_fails_alone(app: App, client: Client, rng: Random) -> None:
    """In a list of thousands there is always one: it should not take down those who happen to share its chunk."""
    texts = sentences(rng, max_batch(app))
    bad = rng.randrange(len(texts))
    texts[bad] = too_long(rng)
    assert_only_these_fail(results(client, texts), texts, {bad})


@check("6.2")
def test_several_bad_texts_fail_each(app: App, client: Client, rng: Random) -> None:
    """Whoever tries again should know which texts to leave out: every one of them, and no other."""
    texts = sentences(rng, max_batch(app))
    bad = set(rng.sample(range(len(texts)), 2))
    texts = [too_long(rng) if place in bad else text for place, text in enumerate(texts)]
    assert_only_these_fail(results(client, texts), texts, bad)
    assert_only_these_fail(results(client, texts[:1]), texts[:1], bad & {0})


@check("6.3")
def test_a_single_text_gets_its_vector(app: App, rng: Random) -> None:
    """The queue is your business: to the caller, one text goes in and its vector comes out."""
    [text] = sentences(rng, 1)
    before = app.observed.mark()
    assert_vector(begin(app, text), text)
    calls = app.observed.since(before).encodes
    assert calls and not any(call.on_event_loop for call in calls), (
        "`encode` should run in the engine's thread, for single texts as for lists; it ran on the event loop."
    )


@check("6.3")
def test_single_texts_share_calls(app: App, rng: Random) -> None:
    """With many callers this is what a batcher is for: eight texts in one call take little longer than one."""
    limit = max_batch(app)
    texts = sentences(rng, limit + rng.randint(1, limit - 1))
    with app.hold() as hold:
        first, before = occupy(app, hold, rng), app.observed.mark()
        others = [begin(app, text) for text in texts]
        app.catch_up()
        early = len(app.observed.since(before).encodes)
        assert early == 0, f"While the model works, others should wait in the queue; {early} more calls began."
    assert_is_answered(first, *others)
    sizes = [call.batch_size for call in app.observed.since(before).encodes]
    assert max(sizes) <= limit, f"MAX_BATCH is {limit}; the calls of `encode` had {sizes} texts."
    assert max(sizes) == limit and len(sizes) <= ceil(len(texts) / limit) + 1, (
        f"{len(texts)} texts were waiting when the model was free again: they should be encoded {limit} at a time. "
        f"The calls of `encode` had {sizes} texts."
    )


@check("6.3")
def test_everybody_gets_their_own_vector(app: App, rng: Random) -> None:
    """A neighbour's vector looks as good as one's own: no caller could ever tell that it is wrong."""
    texts = sentences(rng, max_batch(app))
    texts[-1:] = [texts[0], texts[0]]  # two people may ask the same, in one batch and in two
    with app.hold() as hold:
        occupy(app, hold, rng)
        others = [begin(app, text) for text in texts]
        app.catch_up()
    for pending, text in zip(others, texts, strict=True):
        assert_vector(pending, text)


@check("6.4")
def test_nobody_waits_for_a_timer(app: App, rng: Random) -> None:
    """Most of the day nobody else is there: whoever waits for company then waits for nothing, every single time."""
    with app.stopped_clock():
        lone = begin(app, *sentences(rng, 1))
        assert lone.arrives(), (
            "The model was idle and one text came: it should be encoded at once. It was not while the app's clock "
            "stood still, so something waits for a timer: `asyncio.sleep`, `wait_for`, `timeout`?"
        )
        with app.hold() as hold:
            occupy(app, hold, rng)
            others = [begin(app, text) for text in sentences(rng, max_batch(app) + 1)]
            app.catch_up()
        assert all(pending.arrives() for pending in others), (
            f"{len(others)} texts were waiting: a full batch and one more. Not all of them got an answer while the "
            "app's clock stood still: the model was free, and something waited for a timer."
        )
    assert_is_answered(lone, *others)


@check("6.5")
def test_a_text_that_cannot_be_read_is_422(app: App, rng: Random) -> None:
    """The caller can shorten its text if it hears what is wrong; from a 500, or from silence, it learns nothing."""
    assert_is_refused(begin(app, too_long(rng)))


@check("6.5")
def test_a_breakdown_is_answered_as_well(app: App, rng: Random) -> None:
    """Memory runs out, a card hangs: what nobody foresaw should cost one answer, and not every answer from then on."""
    with app.hold() as hold:
        unlucky = occupy(app, hold, rng)
        hold.break_one()
        assert unlucky.arrives(), (
            "The check made a call of `encode` fail. Whoever waits should get an answer, whatever the call raised."
        )
    assert_is_answered(begin(app, *sentences(rng, 1)))


@check("6.5")
def test_a_bad_text_does_not_spoil_its_batch(app: App, rng: Random) -> None:
    """Strangers share a call without knowing of each other: what one of them sent is none of the others' business."""
    texts = sentences(rng, max_batch(app))
    bad = rng.randrange(len(texts))
    texts[bad] = too_long(rng)
    with app.hold() as hold:
        occupy(app, hold, rng)
        others = [begin(app, text) for text in texts]
        app.catch_up()
    assert_is_refused(others[bad])
    for pending, text in zip(others, texts, strict=True):
        if pending is not others[bad]:
            assert_vector(pending, text)


@check("6.6")
def test_who_leaves_the_queue_is_not_encoded(app: App, rng: Random) -> None:
    """Users who lose patience press reload: then the model works twice for them, when it is busiest."""
    revive(app)
    texts = sentences(rng, 3)
    gone = rng.randrange(3)
    with app.hold() as hold:
        _, before = occupy(app, hold, rng), app.observed.mark()
        others = [begin(app, text) for text in texts]
        app.catch_up()
        others[gone].leave()
        app.catch_up()
    for pending, text in zip(others, texts, strict=True):
        if pending is not others[gone]:
            assert_vector(pending, text)
    encoded = sum(call.batch_size for call in app.observed.since(before).encodes)
    assert encoded == 2, (
        f"Three texts were waiting when one of the clients hung up; then {encoded} were encoded. A handler is not "
        "cancelled when its client leaves: it has to listen for that, and to cancel the future."
    )


@check("6.6")
def test_a_queue_that_everybody_has_left_is_no_work(app: App, rng: Random) -> None:
    """When a proxy restarts, all its clients are gone at once: what comes next should find an idle model."""
    revive(app)
    with app.hold() as hold:
        first, before = occupy(app, hold, rng), app.observed.mark()
        others = [begin(app, text) for text in sentences(rng, 2)]
        app.catch_up()
        for pending in others:
            pending.leave()
        app.catch_up()
    assert_is_answered(first, begin(app, *sentences(rng, 1)))
    sizes = [call.batch_size for call in app.observed.since(before).encodes]
    assert sizes == [1], f"Two clients left, one came: one call with one text was due, and the calls had {sizes} texts."


@check("6.6")
def test_who_leaves_during_the_encode_does_not_stop_it(app: App, rng: Random) -> None:
    """The others of the batch have waited just as long, and those behind them want to be served as well."""
    revive(app)
    texts = sentences(rng, 3)
    gone = rng.randrange(2)
    with app.hold() as hold:
        occupy(app, hold, rng)
        others = [begin(app, text) for text in texts]
        app.catch_up()
        hold.let_one_pass()
        wait_for_encode(hold, *others)
        others[gone].leave()
        app.catch_up()
    for pending, text in zip(others, texts, strict=True):
        if pending is not others[gone]:
            assert_vector(pending, text)
    assert_is_answered(begin(app, *sentences(rng, 1)))


@check("6.3")
def test_the_server_stops_when_it_is_told_to(app: App, rng: Random) -> None:
    """A new version begins with the end of the old one: if that does not end, it is killed in the middle of things."""
    revive(app)
    assert_is_answered(begin(app, *sentences(rng, 1)))
    for pending in asked:
        pending.leave()
    app.catch_up()
    assert app.stop().is_clean, (
        "When the server is told to stop, it should end by itself. Is the worker cancelled below the `yield`? The task "
        "group waits for it."
    )


def max_batch(app: App) -> int:
    """How many texts one call of the model may have."""
    return int(app.env["MAX_BATCH"])


def sentences(rng: Random, count: int) -> list[str]:
    """Texts of different lengths that nobody has embedded before."""
    return [" ".join([*rng.choices(WORDS, k=rng.randint(1, 9)), str(rng.randrange(10**6))]) for _ in range(count)]


def too_long(rng: Random) -> str:
    """A text of more tokens than the model has places for."""
    return " ".join(rng.choices(WORDS, k=rng.randint(600, 900)))


def begin(app: App, text: str) -> Pending:
    """Ask for the vector of one text, and do not wait for it."""
    asked.append(app.begin("POST", "/predict", json={"text": text}))
    return asked[-1]


def begin_list(app: App, texts: list[str]) -> Pending:
    """Ask for the vectors of a list, and do not wait for them."""
    return app.begin("POST", "/predict-batch", json={"texts": texts})


def occupy(app: App, hold: Hold, rng: Random) -> Pending:
    """Let one text reach the model, which is held: from now on it is busy."""
    first = begin(app, *sentences(rng, 1))
    wait_for_encode(hold, first)
    return first


def wait_for_encode(hold: Hold, *requests: Pending) -> None:
    """Wait until the model is at work on these requests."""
    if not hold.is_reached(*requests):
        assert_is_answered(*(pending for pending in requests if pending.arrives(0)))
        raise AssertionError("These texts should be encoded now, but `encode` is not called. Is the worker at work?")


def assert_is_answered(*requests: Pending) -> None:
    """Assert that these requests are answered with 200."""
    for pending in requests:
        assert pending.arrives(), (
            "Every request should be answered, and this one was not. Is the worker still at work, and does each future "
            "get its result?"
        )
        assert pending.answer().status_code == 200, (
            "A text that the model can read should be answered with 200, whoever else is in its batch."
        )


def assert_vector(pending: Pending, text: str) -> None:
    """Assert that a request for one text is answered with its vector."""
    assert_is_answered(pending)
    vector = embed([text])[0]
    assert is_close(pending.answer().json(), vector), (
        f"The answer should be the vector of {text[:40]!r}: a JSON list of {len(vector)} numbers, right to {CLOSE:g}."
    )


def assert_is_refused(pending: Pending) -> None:
    """Assert that a request is answered with 422."""
    assert pending.arrives(), (
        "A text that is too long for the model should be answered with 422; it got no answer at all. Was its future "
        "never given a result, or an exception?"
    )
    assert pending.answer().status_code == 422, "A text that is too long for the model should be answered with 422."


def results(client: Client, texts: list[str]) -> list[dict[str, Any]]:
    """What /predict-batch answers for `texts`: as many results, each an object."""
    response = client.post("/predict-batch", json={"texts": texts})
    assert response.status_code == 200, "A list of texts should be answered with 200, whatever each of them is like."
    found = response.json()
    assert isinstance(found, list) and all(isinstance(result, dict) for result in found), (
        'The answer should be a JSON list of results: [{"vector": […], "error": null}, …].'
    )
    assert len(found) == len(texts), f"{len(texts)} texts should get as many results, not {len(found)}."
    return found


def assert_only_these_fail(found: list[dict[str, Any]], texts: list[str], bad: set[int]) -> None:
    """Assert that the texts at `bad` have an error, and all others their vectors."""
    for place, (result, text) in enumerate(zip(found, texts, strict=True)):
        error, vector = result.get("error"), result.get("vector")
        if place not in bad:
            assert is_close(vector, embed([text])[0]) and error is None, (
                f"Text {place + 1} of {len(texts)} is fine: its result should be its vector, whatever the others are."
            )
            continue
        assert vector is None and isinstance(error, str) and error, (
            f'Text {place + 1} of {len(texts)} is too long for the model: its result should have null as "vector" and '
            'a sentence as "error".'
        )
        assert "tensor" not in error, f'"error" is for the caller, whom {error!r} tells nothing: use UNREADABLE.'


def is_close(vector: Any, expected: Sequence[float]) -> bool:
    """Whether a JSON value is a list of numbers near enough to `expected`."""
    if not isinstance(vector, list) or len(vector) != len(expected):
        return False
    return all(
        isinstance(one, float | int) and abs(one - two) <= CLOSE for one, two in zip(vector, expected, strict=True)
    )


def revive(app: App) -> None:
    """Start the app anew if an earlier check has silenced it: that is its task's failure, and not this one's."""
    pending = begin(app, "anybody there?")
    if not pending.arrives(2) or pending.answer().status_code != 200:
        app.restart()
