"""Lesson 10: what clients, and those who answer their calls, rely on when something goes wrong."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx2

from grader import App, Client, check

WORDS = ["the", "parcel", "was", "late", "naïve", "Größe", "почта", "fine"]
NOTHING_TO_COUNT = ["\u200b", "\u200d\u200b", "\ufeff", "\u00ad"]  # characters that the tokenizer drops
VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ROUNDS = 100  # through the event loop before a check gives up on a line in the log; a good app takes one or two


def environment(rng: Random) -> dict[str, str]:
    """What should never be seen outside."""
    return {
        "LARGE_MODEL": f"/srv/volume-{rng.randrange(10**9)}/large",
        "LEDGER": f"ledger-{rng.randrange(10**9)}.internal:5432",
    }


@check("10.1")
def test_an_unknown_model_is_a_problem(client: Client, rng: Random) -> None:
    """A program handles a failure by its `type`, which never changes; a person reads the `detail`, which may."""
    details = []
    for name in (f"model-{rng.randrange(10**6)}", f"model-{rng.randrange(10**6)}"):
        body = problem(asked(client, rng, name), 404, "No model has this name")
        assert body["type"] == "/problems/unknown-model", "The `type` should be /problems/unknown-model."
        details.append((body["title"], name in body["detail"]))
    titles = {title for title, _ in details}
    assert len(titles) == 1, "The `title` belongs to the type, so it should be the same each time."
    assert all(is_named for _, is_named in details), "The `detail` should say which name is unknown."


@check("10.1")
def test_a_missing_model_is_a_problem_that_passes(client: Client, rng: Random) -> None:
    """500 says "we are broken", 404 "do not ask again"; 503 with a time to come back is what clients retry on."""
    response = asked(client, rng, "large")
    body = problem(response, 503, "The file of this model is not there yet")
    assert body["type"] == "/problems/model-missing", "The `type` should be /problems/model-missing."
    delay = response.headers.get("retry-after", "")
    assert delay.isdecimal() and int(delay) > 0, "`Retry-After` should say in how many seconds to come back."


@check("10.1")
def test_what_works_still_works(client: Client, rng: Random) -> None:
    """A net for failures must not catch successes: they are no problems, neither by status nor by content type."""
    response = asked(client, rng, "minilm")
    assert response.status_code == 200, "The model is there and the text has tokens: 200."
    assert content_type(response) == "application/json", "A bill is no problem: it should stay application/json."
    body = response.json()
    assert isinstance(body, dict) and set(body) == {"tokens", "cents"}, "A bill should have `tokens` and `cents`."
    response = asked(client, rng, f"model-{rng.randrange(10**6)}")
    assert response.status_code == 404, "After that, an unknown model should be 404 as before."


@check("10.2")
def test_an_unknown_address_and_a_wrong_method_are_problems(client: Client, rng: Random) -> None:
    """Nine in ten failures that a client sees while it is being written are these, and nobody wrote code for them."""
    body = problem(client.get(f"/nothing-{rng.randrange(10**6)}"), 404, "There is no such address")
    assert_blank(body, "Not Found")
    response = client.delete("/models/minilm/bill")
    assert_blank(problem(response, 405, "Only POST is allowed here"), "Method Not Allowed")
    assert response.headers.get("allow") == "POST", (
        "A 405 says what is allowed, in the header `Allow`. The exception has it in its `headers`: pass them on."
    )


@check("10.2")
def test_an_http_exception_is_a_problem(client: Client, rng: Random) -> None:
    """Older code, and FastAPI's own security, raise HTTPException. A client should not see whose code it was."""
    response = asked(client, rng, "bert")
    body = problem(response, 410, "This model has retired")
    assert_blank(body, "Gone")
    assert "retired" in body["detail"], "The exception's own detail should be the `detail` of the problem."
    assert "/models/minilm/bill" in response.headers.get("link", ""), (
        "The exception's own headers should be those of the answer: here `Link`, which leads to the successor."
    )


@check("10.3")
def test_a_wrong_field_is_a_problem_that_points_at_it(client: Client, rng: Random) -> None:
    """A form paints the wrong field red, which it can only do if it is told which one that is."""
    for sent in ({}, {"text": rng.randrange(10**6)}, {"txt": words(rng)}):
        response = client.post("/models/minilm/bill", json=sent)
        assert_points(problem(response, 422, "`text` is missing or not a text"), ["body", "text"])


@check("10.3")
def test_every_wrong_field_is_listed(client: Client, rng: Random) -> None:
    """One fault at a time means as many rounds as faults; and what is not JSON at all has no fields, but a place."""
    response = client.post("/models/minilm/bill", content=b'{"text": ', headers={"Content-Type": "application/json"})
    assert_points(problem(response, 422, "This is no JSON"), ["body"])
    response = client.post(
        "/models/minilm/bill", content=b'{"text": NaN}', headers={"Content-Type": "application/json"}
    )
    assert_points(problem(response, 422, "`text` is not a text"), ["body", "text"])


@check("10.3")
def test_what_was_sent_is_not_repeated(client: Client, rng: Random) -> None:
    """People paste passwords into the wrong field. Answers are logged in more places than requests are."""
    secret = f"hunter-{rng.randrange(10**9)}"
    response = client.post("/models/minilm/bill", json={"text": [secret], "note": secret})
    problem(response, 422, "`text` is a list")
    assert secret not in response.text, (
        f"The problem should not repeat what was sent, here {secret}: of each fault, take its place and its message."
    )
    assert "app.py" not in response.text, "The problem should not name our files: `str(error)` does."


@check("10.4")
def test_a_request_keeps_the_id_it_came_with(client: Client, rng: Random) -> None:
    """A request passes five services. With one id in all their logs it is one story, else five times a needle."""
    for id in (f"req.{rng.randrange(10**9)}_A-z", "".join(rng.choices("0aZ", k=64)), rng.choice("a0._-")):
        for name in ("minilm", "unknown"):
            response = asked(client, rng, name, id)
            found = response.headers.get("x-request-id")
            assert found == id, f"The answer should have the header X-Request-ID: {id}, once. It has {found}."
        body = response.json()
        assert isinstance(body, dict) and body.get("request_id") == id, (
            f'A problem should have the id in its body as well, as `request_id`: people send screenshots. It is "{id}".'
        )


@check("10.4")
def test_a_request_without_an_id_gets_one(client: Client, rng: Random) -> None:
    """Most callers send none, and theirs are the requests that you will be asked about."""
    ids = []
    for name in ("minilm", "minilm", "unknown"):
        response = asked(client, rng, name)
        ids.append(response.headers.get("x-request-id", ""))
        assert_valid(ids[-1])
    assert len(set(ids)) == 3, f"Each request should get an id of its own; these three got {', '.join(ids)}."


@check("10.4")
def test_an_id_that_is_not_one_is_replaced(client: Client, rng: Random) -> None:
    """The id goes into your log. Who may write anything there writes lines of their own, and you believe them."""
    forged = f"7{chr(0x85)}Request 8 was paid for".encode("latin-1")  # 0x85 is a line break that gets through a header
    for id in (forged, b"x" * 65, "naïve".encode("latin-1"), b"two words", b"<b>", b"a,b", b""):
        response = asked(client, rng, "unknown", id)
        found = response.headers.get("x-request-id", "")
        assert found.encode("latin-1", "replace") != id, (
            f"An id has 1 to 64 letters (A to Z), digits, dots, hyphens or underscores. {id!r} is none: "
            "it should be replaced by a new one."
        )
        assert_valid(found)


@check("10.4")
def test_requests_at_the_same_time_keep_their_ids(app: App, client: Client, rng: Random) -> None:
    """Requests overlap. With a global variable for "the" id, each problem is filed under somebody else's request."""
    slow, quick = (f"{speed}-{rng.randrange(10**9)}" for speed in ("slow", "quick"))
    other = app.new_client()

    def half_then_half() -> Iterator[bytes]:
        yield b'{"text": '
        for _ in range(3):  # while the app waits for the rest, others come and go
            asked(other, rng, "unknown", quick)
        yield b'"late"}'

    headers = {"X-Request-ID": slow, "Content-Type": "application/json"}
    response = client.post("/models/unknown/bill", content=half_then_half(), headers=headers)
    assert response.status_code == 404, "No model has this name: 404, also when the request arrives in two pieces."
    body = response.json()
    found = (response.headers.get("x-request-id"), body.get("request_id") if isinstance(body, dict) else None)
    assert found == (slow, slow), (
        f"A request with the id {slow} was answered after one with {quick} had come and gone. Header and body should "
        f"still say {slow}; they say {found[0]} and {found[1]}. The id belongs to the request: `request.state`."
    )


@check("10.5")
def test_the_unexpected_is_a_problem(client: Client, rng: Random) -> None:
    """When all else fails, the failure should not: same shape, same id, so that it can be told, and told apart."""
    text = rng.choice(NOTHING_TO_COUNT)
    response = asked(client, rng, "minilm", text=text)
    body = problem(response, 500, f"`bill` has a bug: for the text {text!r}, which has no tokens, it raises")
    assert_blank(body, "Internal Server Error")
    assert_valid(response.headers.get("x-request-id", ""))
    assert body.get("request_id") == response.headers["x-request-id"], (
        "A 500 should have its id in the header and in the body. (A handler for `Exception` answers from outside all "
        "middleware: nobody adds a header after it.)"
    )


@check("10.5")
def test_nothing_internal_leaks(app: App, client: Client, rng: Random) -> None:
    """An exception's text is written for us: hosts, paths, queries. For an attacker it is a map of the house."""
    text = rng.choice(NOTHING_TO_COUNT)
    unexpected = asked(client, rng, "minilm", text=text)
    problem(unexpected, 500, f"`bill` has a bug: for the text {text!r}, which has no tokens, it raises")
    for response in (unexpected, asked(client, rng, "large")):
        internal = [app.env["LEDGER"], app.env["LARGE_MODEL"], "AssertionError", "FileNotFoundError", "Errno", ".py"]
        leaked = [word for word in internal if word in response.text]
        assert not leaked, f"Nobody outside should get to know {leaked[0]}: that is for the log."


@check("10.5")
def test_the_log_knows_which_request_and_why(app: App, client: Client, rng: Random) -> None:
    """ "It said 500, the id is 4711": whoever gets this call has to find what happened, and the log is all there is."""
    for name, text, cause in (
        ("minilm", rng.choice(NOTHING_TO_COUNT), app.env["LEDGER"]),
        ("large", words(rng), app.env["LARGE_MODEL"]),
    ):
        before = len(app.output)
        response = asked(client, rng, name, text=text)
        assert response.status_code >= 500, "This cannot be answered, which is not the caller's fault: 500 or 503."
        id = response.headers.get("x-request-id", "")
        assert_valid(id)
        for _ in range(ROUNDS):
            if id in app.output[before:] and cause in app.output[before:]:
                break
            app.catch_up()
        said = app.output[before:]
        assert id in said, f"The log should say which request has failed: {id}."
        assert cause in said, (
            f"The log should say why request {id} has failed: the exception and its cause, in which {cause} stands."
        )


@check("10.5")
def test_the_mistakes_of_callers_do_not_fill_the_log(app: App, client: Client, rng: Random) -> None:
    """One client in a loop mistypes a name a thousand times: among as many tracebacks nobody finds the one of a bug."""
    before = len(app.output)
    response = asked(client, rng, f"model-{rng.randrange(10**6)}")
    assert response.status_code == 404, "No model has this name: the status should be 404."
    app.catch_up()
    said = app.output[before:]
    assert "Traceback" not in said, "A 404 is the caller's mistake, and the caller is told: no exception in the log."


def asked(
    client: Client, rng: Random, model: str, id: str | bytes | None = None, text: str | None = None
) -> httpx2.Response:
    """Ask what a text costs."""
    headers = {} if id is None else {"X-Request-ID": id}
    body = {"text": words(rng) if text is None else text}
    return client.post(f"/models/{model}/bill", json=body, headers=headers)  # type: ignore[arg-type]


def words(rng: Random) -> str:
    """Make up a text."""
    return " ".join(rng.choices(WORDS, k=4))


def content_type(response: httpx2.Response) -> str:
    """The content type of an answer, without its parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip()


def problem(response: httpx2.Response, status: int, because: str) -> dict[str, Any]:
    """The problem in an answer, of the shape that all of them have."""
    assert response.status_code == status, f"{because}: the status should be {status}."
    found = content_type(response)
    assert found == "application/problem+json", (
        f"{because}: the answer should be a problem, of the type application/problem+json. It is {found or 'untyped'}."
    )
    body = response.json()
    assert isinstance(body, dict) and {"type", "title", "status", "detail"} <= set(body), (
        "A problem should be an object with at least `type`, `title`, `status` and `detail`."
    )
    texts = [body[field] for field in ("type", "title", "detail")]
    assert all(isinstance(text, str) and text for text in texts), "`type`, `title` and `detail` should be texts."
    assert body["status"] == status, f"The `status` in the body should be that of the answer, {status}."
    return body


def assert_blank(body: dict[str, Any], title: str) -> None:
    """Assert that a problem is no more than its status says."""
    assert (body["type"], body["title"]) == ("about:blank", title), (
        f"A failure without a type of its own has the type about:blank and the name of its status as title: {title}."
    )


def assert_points(body: dict[str, Any], place: list[str]) -> None:
    """Assert that a problem lists its faults, and that one of them lies there."""
    assert body["type"] == "/problems/invalid-request", "The `type` should be /problems/invalid-request."
    faults = body.get("errors")
    assert isinstance(faults, list) and all(isinstance(fault, dict) for fault in faults), (
        'The problem should have `errors`, a list of {"loc": […], "detail": "…"}.'
    )
    details = [fault.get("detail") for fault in faults]
    assert all(isinstance(detail, str) and detail for detail in details), "Each of `errors` should have a `detail`."
    places = [fault.get("loc") for fault in faults]
    assert any(isinstance(found, list) and found[: len(place)] == place for found in places), (
        f"One of `errors` should have a `loc` that leads to the fault: {place}. Those there are: {places}."
    )


def assert_valid(id: str) -> None:
    """Assert that the header has an id that may go into a log."""
    assert VALID_ID.fullmatch(id), (
        "The answer should have an X-Request-ID of 1 to 64 letters, digits, dots, hyphens or underscores. "
        f"It has {id!r}."
    )
