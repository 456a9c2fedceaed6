"""Lesson 13: what callers, probes and whoever pays for the machine rely on in a token counter with budgets."""

import json
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

from grader import App, AppDied, Client, check, together

BATCH, LOOKUP = "BATCH_LIMIT", "LOOKUP_LIMIT"
MOST_TEXTS = 4
LATER = 60  # seconds within which a check is surely over
WORDS = ["token", "budget", "gradient", "softmax", "heron", "river", "invoice", "très", "寒い", "🐦"]
FORWARDED = ["X-Forwarded-For", "X_FORWARDED_FOR", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]
UNREADABLE = ["five per hour", "30 pr hour", "60", "10 per fortnight", ""]
COUNTING = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
A_NUMBER = re.compile(r"\d+(\.\d+)?")


def environment(rng: Random) -> dict[str, str]:
    """Draw who holds which key (the first owner has two), and a limit for each route, for longer than we take."""
    names = [f"{name}-{rng.randrange(1000)}" for name in ("ada", "alan", "grace", "edsger", "barbara", "donald")]
    keys = {f"key-{rng.randrange(10**9)}": owner for owner in [names[0], *names]}
    batch, lookup = rng.sample(range(MOST_TEXTS + 1, 9), 2)
    return {
        "API_KEYS": json.dumps(keys),
        BATCH: f"{batch} per {rng.randint(1000, 5000)} seconds",
        LOOKUP: f"{lookup} per {rng.randint(1000, 5000)} seconds",
    }


@check("13.1")
def test_an_owner_has_a_budget(app: App, client: Client, rng: Random) -> None:
    """One script in an endless loop should cost its owner an error, and not everybody else the service."""
    key, budget = keys(app)[2], limit(app, BATCH)
    for number in range(1, budget + 1):
        status = count(client, key, text(rng))
        assert status == 200, (
            f"BATCH_LIMIT is {app.env[BATCH]!r}: text {number} of an owner is within it and should be counted, 200."
        )
    for number in (1, 2):
        status = count(client, key, text(rng))
        assert status == 429, f"BATCH_LIMIT is {app.env[BATCH]!r}: text {budget + number} should be refused with 429."
    for _ in range(budget + 1):
        assert client.get("/health").status_code == 200, (
            "`/health` should have no limit: an orchestrator that is refused takes the service for dead."
        )


@check("13.1")
def test_what_is_refused_is_not_worked_on(app: App, client: Client, rng: Random) -> None:
    """A limit is there to save work: if it looks at the meter afterwards, the machine is as busy as without it."""
    key = keys(app)[2]
    exhaust(app, client, key, rng)
    before = client.get("/health").json()
    for _ in range(3):
        count(client, key, text(rng))
    assert client.get("/health").json() == before, (
        "`/health` says how many texts have been worked on: texts that are refused should not be among them."
    )


@check("13.1")
def test_owners_do_not_share(app: App, client: Client, rng: Random) -> None:
    """Two customers in one office have one address: what one of them spends should not be the other's."""
    loud, quiet = keys(app)[3:5]
    exhaust(app, client, loud, rng)
    for _ in range(limit(app, BATCH) + 1):
        count(client, f"guess-{rng.randrange(10**9)}", text(rng))
    for number in range(1, limit(app, BATCH) + 1):
        assert count(client, quiet, text(rng)) == 200, (
            f"Another owner has used up a budget, and somebody without a key has been guessing, all from one address. "
            f"Text {number} of this owner, who has sent nothing else, should be answered with 200."
        )


@check("13.1")
def test_the_keys_of_an_owner_share(app: App, client: Client, rng: Random) -> None:
    """Keys are free, and people make several: a budget for each key is a budget for whoever makes the most keys."""
    first, second = keys(app)[:2]
    budget = limit(app, BATCH)
    for number in range(budget):
        assert count(client, (first, second)[number % 2], text(rng)) == 200, (
            f"This owner has two keys and a budget of {budget} texts: text {number + 1} should be answered with 200."
        )
    for key in (first, second):
        assert count(client, key, text(rng)) == 429, (
            f"The owner has sent {budget} texts, half with each key: now both keys should be refused with 429."
        )


@check("13.1")
def test_simultaneous_requests_are_counted_one_by_one(app: App, client: Client, rng: Random) -> None:
    """Scripts send in parallel: a limit that looks first and counts later lets all of them see the same last slot."""
    key, budget = keys(app)[5], limit(app, BATCH)
    assert count(client, key, text(rng)) == 200, "The first text of an owner should be answered with 200."
    clients = [app.new_client() for _ in range(2 * budget)]
    statuses = together(*[lambda each=each: count(each, key, text(rng)) for each in clients])
    assert sorted(statuses) == [200] * (budget - 1) + [429] * (budget + 1), (
        f"{budget - 1} texts were left of {budget}, and {2 * budget} came at once: exactly {budget - 1} should pass; "
        f"it was {statuses.count(200)}."
    )


@check("13.2", fresh=True)
def test_guesses_are_counted_by_address(app: App, client: Client, rng: Random) -> None:
    """Without a limit on wrong keys, somebody tries a million a day, and one day one of them fits."""
    budget = limit(app, BATCH)
    for number in range(budget):
        key = f"guess-{rng.randrange(10**9)}" if number % 2 else None
        assert count(client, key, text(rng)) == 401, f"{who(key)} should be told so with 401; it is guess {number + 1}."
    for key in (f"guess-{rng.randrange(10**9)}", None):
        assert count(client, key, text(rng)) == 429, (
            f"{who(key)} should be counted by address: after {budget} such requests, 429. "
            "Does slowapi hear of them? It counts when your function is called, after all dependencies; and for "
            'a caller that is "" or None it counts nothing.'
        )


@check("13.2")
def test_no_header_buys_more(app: App, client: Client, rng: Random) -> None:
    """Anybody can write X-Forwarded-For: a limit that believes it has one budget for each number people think up."""
    for key in (None, keys(app)[2]):
        exhaust(app, client, key, rng)
        for name in FORWARDED:
            address = f"203.0.113.{rng.randrange(1, 255)}"
            header = {name: f"for={address}" if name == "Forwarded" else address}
            assert count(client, key, text(rng), **header) == 429, (
                f"This budget is spent, and the header {name} should not change that: everybody can send it. "
                "Which proxy may speak for others is the server's setting, not the app's."
            )


@check("13.3", fresh=True)
def test_each_answer_says_what_is_left(app: App, client: Client, rng: Random) -> None:
    """A client that sees its budget can slow down by itself; one that does not finds out by failing."""
    key, budget = keys(app)[2], limit(app, BATCH)
    for left in range(budget - 1, -1, -1):
        told = headers(client, key, text(rng), status=200)
        assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"]) == (str(budget), str(left)), (
            f"The headers should be `X-RateLimit-Limit: {budget}` and `X-RateLimit-Remaining: {left}` here; they are "
            f"{told['x-ratelimit-limit']} and {told['x-ratelimit-remaining']}."
        )


@check("13.3")
def test_a_refusal_says_when_to_come_back(app: App, client: Client, rng: Random) -> None:
    """Without Retry-After clients guess, most of them "at once", and the refusals become the load."""
    key, budget, window = keys(app)[2], limit(app, BATCH), seconds(app, BATCH)
    exhaust(app, client, key, rng)
    told = headers(client, key, text(rng), status=429)
    assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"]) == (str(budget), "0"), (
        f"A refusal should come with `X-RateLimit-Limit: {budget}` and `X-RateLimit-Remaining: 0`."
    )
    wait = told.get("retry-after", "")
    assert wait.isdigit() and window - LATER <= int(wait) <= window + 1, (
        f"Retry-After should be the whole seconds until there is budget again. The first text was sent a moment ago, "
        f"and BATCH_LIMIT is {app.env[BATCH]!r}: so about {window}, and not {wait or 'nothing'}."
    )
    now = parsedate_to_datetime(told["date"]).timestamp()
    assert abs(float(told["x-ratelimit-reset"]) - now - int(wait)) < LATER, (
        "X-RateLimit-Reset should be the same moment as a time: seconds since 1970, like `time.time()`."
    )


@check("13.4", fresh=True)
def test_a_batch_costs_its_texts(app: App, client: Client, rng: Random) -> None:
    """If four texts in a batch cost as much as one alone, the limit is four times what it says, for those who look."""
    key, left = keys(app)[2], limit(app, BATCH)
    for size in sizes(rng, left):
        texts = [text(rng, words=rng.choice([1, 60]))] * size
        assert count(client, key, *texts) == 200, f"{left} texts are left: a batch of {size} should pass, 200."
        left -= size
    assert count(client, key, text(rng)) == 429, (
        f"The batches had {limit(app, BATCH)} texts, as many as the limit allows: one more should be refused with 429."
    )


@check("13.4", fresh=True)
def test_a_refused_batch_costs_nothing(app: App, client: Client, rng: Random) -> None:
    """ "Two left" is a promise: a batch of three that is refused must not take the two along."""
    key, budget = keys(app)[2], limit(app, BATCH)
    left = rng.randint(1, MOST_TEXTS - 1)
    for _ in range(budget - left):
        assert count(client, key, text(rng)) == 200, "A text within the limit should be answered with 200."
    for _ in range(2):
        batch = [text(rng) for _ in range(left + 1)]
        assert count(client, key, *batch) == 429, f"{left} left, {left + 1} wanted: this should be refused with 429."
    for number in range(left):
        assert count(client, key, text(rng)) == 200, (
            f"{left - number} left: the batches before were refused, so they should have cost nothing. "
            "Which strategy counts only what it lets pass?"
        )
    assert count(client, key, text(rng)) == 429, "Now the budget is spent: one text more should be refused with 429."


@check("13.5")
def test_a_new_text_is_no_new_budget(app: App, client: Client, rng: Random) -> None:
    """Here the text is part of the address: a limit on addresses would let everybody ask for ever new ones."""
    key, budget = keys(app)[4], limit(app, LOOKUP)
    for number in range(1, budget + 1):
        assert look_up(client, key, text(rng)) == 200, (
            f"LOOKUP_LIMIT is {app.env[LOOKUP]!r}: text {number} of an owner should be counted, 200."
        )
    for number in (1, 2):
        assert look_up(client, key, text(rng)) == 429, (
            f"LOOKUP_LIMIT is {app.env[LOOKUP]!r}: text {budget + number} should be refused with 429, as new as it is. "
            'Is this route limited at all? And what does the limiter take for "the same route"?'
        )
    assert look_up(client, None, text(rng)) != 200, "Without a key, this route should refuse to work as it did before."


@check("13.5", fresh=True)
def test_each_route_has_its_own_budget(app: App, client: Client, rng: Random) -> None:
    """People who have used up their batches still want to look up the one text that puzzles them."""
    key, budget = keys(app)[2], limit(app, LOOKUP)
    exhaust(app, client, key, rng)
    for number in range(1, budget + 1):
        assert look_up(client, key, text(rng)) == 200, (
            f"The budget for batches is spent, that for single texts is not: LOOKUP_LIMIT is {app.env[LOOKUP]!r}, so "
            f"text {number} should be answered with 200."
        )


@check("13.6")
def test_an_unreadable_limit_stops_the_start(app: App, rng: Random) -> None:
    """A slip of the keyboard in a setting should be somebody's failed deployment, not everybody's open door."""
    for variable in (BATCH, LOOKUP):
        wrong = rng.choice(UNREADABLE)
        assert not starts(app, {variable: wrong}), (
            f"With {variable}={wrong!r} the app should not start: nobody can tell what the limit is. slowapi does not "
            "complain: it logs such a limit to nowhere, and lets everybody through."
        )


def starts(app: App, env: dict[str, str]) -> bool:
    """Whether the app starts with these variables on top."""
    try:
        with app.another(env):
            return True
    except AppDied:
        return False


def keys(app: App) -> list[str]:
    """The keys: the first two belong to one owner, each of the others to an owner of its own."""
    return list(json.loads(app.env["API_KEYS"]))


def limit(app: App, variable: str) -> int:
    """How many texts a limit allows."""
    return int(app.env[variable].split()[0])


def seconds(app: App, variable: str) -> int:
    """How long a limit's window is."""
    return int(app.env[variable].split()[2])


def who(key: str | None) -> str:
    """Name a caller in a sentence."""
    return "Whoever sends no key" if key is None else "Whoever sends a key that nobody has"


def text(rng: Random, words: int = 3) -> str:
    """A text that nobody has sent before."""
    return " ".join([*rng.choices(WORDS, k=words), str(rng.randrange(10**6))])


def sizes(rng: Random, total: int) -> Iterator[int]:
    """Batches of random sizes that have so many texts together, one of several texts among them."""
    size = rng.randint(2, MOST_TEXTS)
    while total:
        yield size
        total -= size
        size = rng.randint(1, min(total, MOST_TEXTS)) if total else 0


def count(client: Client, key: str | None, *texts: str, **headers: str) -> int:
    """Send a batch and return the status; a 200 has a number for each text."""
    response = client.post("/v1/tokens", json={"texts": texts}, headers=sent_by(key) | headers)
    return judged(response, len(texts))


def look_up(client: Client, key: str | None, text: str) -> int:
    """Ask about one text in the address and return the status."""
    return judged(client.get(f"/v1/tokens/{text}", headers=sent_by(key)), 1)


def sent_by(key: str | None) -> dict[str, str]:
    """The headers of a caller with this key, or with none."""
    return {"X-API-Key": key} if key else {}


def judged(response: Any, texts: int) -> int:
    """The status of an answer; a 200 is what it was before there was a limit."""
    status: int = response.status_code
    assert status in (200, 401, 429), (
        f"The answer should be 200, 401 or 429, and not {status}. (Has slowapi raised something about `response`? "
        "Once it writes headers, each limited function has to take a parameter `response: Response`.)"
    )
    if status == 200:
        counts = response.json()
        assert isinstance(counts, list) and len(counts) == texts, "A 200 should still have a number for each text."
    return status


def headers(client: Client, key: str, text: str, *, status: int) -> Any:
    """Send one text and return the headers of the answer, which should have this status; all about limits are there."""
    response = client.post("/v1/tokens", json={"texts": [text]}, headers={"X-API-Key": key})
    assert response.status_code == status, f"This should be answered with {status}, and not {response.status_code}."
    for name in COUNTING:
        told = response.headers.get(name, "")
        assert A_NUMBER.fullmatch(told), f"There should be a header {name} with one number; it is {told or 'missing'}."
    return response.headers


def exhaust(app: App, client: Client, key: str | None, rng: Random) -> None:
    """Spend what a caller may spend on batches."""
    budget = limit(app, BATCH)
    statuses = [count(client, key, text(rng)) for _ in range(budget + 1)]
    assert statuses[-1] == 429, (
        f"BATCH_LIMIT is {app.env[BATCH]!r}: after {budget} texts of a caller, the next one should be refused with 429."
    )
