"""What a verdict shows of a request: the headers that matter, none of them longer than a screen."""

import httpx2

from grader.sandbox.journal import Journal


def test_a_header_is_shown_in_full_unless_it_would_fill_the_screen() -> None:
    journal = Journal()
    headers = {"Authorization": "x" * 901, "X-API-Key": "y" * 900, "X-Other": "no"}
    entry = journal.begin(httpx2.Request("GET", "http://app/me", headers=headers))
    entry.answer = httpx2.Response(401, headers={"WWW-Authenticate": "z" * 5000})
    shown = journal.last_exchange
    assert shown is not None
    assert shown.sent == f"GET /me\nauthorization: {'x' * 900}… (901 characters)\nx-api-key: {'y' * 900}"
    assert shown.received == f"401 Unauthorized\nwww-authenticate: {'z' * 900}… (5000 characters)"


def test_families_of_headers_are_shown_and_a_flood_is_not() -> None:
    journal = Journal()
    entry = journal.begin(httpx2.Request("OPTIONS", "http://app/", headers={"Access-Control-Request-Method": "PUT"}))
    entry.answer = httpx2.Response(200, headers={f"X-RateLimit-{number:02}": "1" for number in range(50)})
    shown = journal.last_exchange
    assert shown is not None
    assert shown.sent == "OPTIONS /\naccess-control-request-method: PUT"
    assert shown.received.splitlines()[1:] == [f"x-ratelimit-{number:02}: 1" for number in range(12)]
