"""Lesson 15: what browsers do with the answers of a labelling API, for pages of the front end and for all others."""

from random import Random
from typing import Any

from grader import App, AppDied, Client, check

SIMPLE_METHODS = {"GET", "HEAD", "POST"}  # browsers send these without having been allowed to
SIMPLE_HEADERS = {"accept", "accept-language", "content-language"}
EXPOSED = ("X-Dataset", "X-Examples-Left")
ONE_HOUR = 3600


def environment(rng: Random) -> dict[str, str]:
    """Draw where pages come from, written as people write it, and who is signed in."""
    number = rng.randrange(100)
    origins = [f"https://label-{number}.example.com", f"https://tool.lab{number}.example.org:{rng.randint(8000, 9000)}"]
    origins = [*rng.sample(origins, 2), f"http://localhost:{rng.randint(3000, 6000)}"]
    return {
        "ALLOWED_ORIGINS": f"{origins[0]},{origins[1]}/ , {origins[2]}",
        "PREVIEW_DOMAIN": f"preview-{rng.randrange(100)}.example.net",
        "SESSION": f"session-{rng.randrange(10**9)}",
    }


@check("15.1")
def test_listed_origins_may_read(app: App, client: Client) -> None:
    """A browser hands an answer to a page only if the answer names the page's origin, letter by letter."""
    for origin in listed(app):
        response = fetch(app, client, origin)
        assert told(response) == origin, (
            f"{origin} is in ALLOWED_ORIGINS, {app.env['ALLOWED_ORIGINS']!r}: the answer should have the header "
            f"`Access-Control-Allow-Origin: {origin}`, and it has {told(response) or 'none'}."
        )


@check("15.1")
def test_no_other_origin_may_read(app: App, client: Client, rng: Random) -> None:
    """Somebody will register the name that only looks like yours, and wait for one of your users to click."""
    for origin in listed(app):
        assert told(fetch(app, client, origin)) == origin, f"A page from {origin} should get to read the answer."
        for other in ["https://evil.example", *lookalikes(origin, rng), "null", app.env["ALLOWED_ORIGINS"]]:
            for response in (fetch(app, client, other), preflight(client, other, "GET")):
                assert told(response) not in (other, "*"), (
                    f"{other} is not in ALLOWED_ORIGINS, however much it looks like {origin}: the answer should name "
                    "neither it nor `*` in Access-Control-Allow-Origin."
                )


@check("15.1")
def test_caches_keep_origins_apart(app: App, client: Client) -> None:
    """A cache that does not know better hands one origin's answer to the next, whose browser throws it away."""
    for origin in (listed(app)[0], "https://evil.example"):
        response = fetch(app, client, origin)
        assert "origin" in words(response, "vary"), (
            "The answer differs from origin to origin, so every answer should say `Vary: Origin`."
        )
    response = client.get("/examples/next")
    assert "origin" in words(response, "vary"), "An answer to a request without Origin should say `Vary: Origin`, too."


@check("15.2")
def test_a_preflight_allows_what_pages_do(app: App, client: Client) -> None:
    """Before a PUT a browser asks whether it may, without a cookie: a 401 to that question, and it never sends it."""
    origin = listed(app)[0]
    for method, header in (("PUT", "content-type,x-client-version"), ("DELETE", "x-client-version"), ("GET", "")):
        response = preflight(client, origin, method, header)
        assert refusal(response, origin, method, header) == "", (
            f"A browser asks, without a session, whether {origin} may send {method} with {header or 'no header'}. The "
            f"answer should allow it: {refusal(response, origin, method, header)}."
        )
    for method, body in (("PUT", {"label": "neutral"}), ("DELETE", None)):
        response = ask(client, origin, app.env["SESSION"], method, "/labels/0", body)
        assert response.is_success, f"After its preflight, the {method} itself should succeed as it did before."
        assert told(response) == origin, f"The page should get to read the answer to its {method}, too."


@check("15.2")
def test_a_preflight_allows_nothing_else(app: App, client: Client, rng: Random) -> None:
    """What nobody needs, somebody abuses: a list is also the place where you see what pages can do to you."""
    origin = listed(app)[0]
    allowed = preflight(client, origin, "PUT", "x-client-version")
    assert refusal(allowed, origin, "PUT", "x-client-version") == "", "A PUT with X-Client-Version should be allowed."
    for method, header in (("PATCH", ""), ("PUT", f"x-debug-{rng.randrange(100)}"), ("PUT", "authorization")):
        response = preflight(client, origin, method, header)
        assert refusal(response, origin, method, header), (
            f"The pages need GET, PUT and DELETE, and of headers Content-Type and X-Client-Version: {method} "
            f"with {header or 'no header'} should not be allowed."
        )


@check("15.2")
def test_a_preflight_is_remembered(app: App, client: Client) -> None:
    """Asked before each request, the question doubles the waiting; browsers remember the answer if you let them."""
    origin = listed(app)[0]
    response = preflight(client, origin, "PUT")
    age = response.headers.get("access-control-max-age", "missing")
    assert age == str(ONE_HOUR), (
        f"The answer to a preflight should hold for an hour: `Access-Control-Max-Age: {ONE_HOUR}`; it is {age}."
    )


@check("15.3")
def test_pages_may_send_the_cookie(app: App, client: Client) -> None:
    """Unless the API says that it may, a browser keeps the answer to a request with cookies away from the page."""
    origin = listed(app)[0]
    for response in (preflight(client, origin, "PUT"), fetch(app, client, origin)):
        assert response.headers.get("access-control-allow-credentials") == "true", (
            "Here pages send the session's cookie: preflight and answer should both say "
            "`Access-Control-Allow-Credentials: true`."
        )
        assert told(response) == origin, f"With cookies, the origin should be named: {origin}; * does not count."


@check("15.3")
def test_a_star_stops_the_start(app: App) -> None:
    """With cookies, a star is no shorthand: Starlette answers it with whatever origin asks, so any site reads all."""
    for setting in ("*", f"{listed(app)[0]},*"):
        assert not starts(app, {"ALLOWED_ORIGINS": setting}), (
            f"With ALLOWED_ORIGINS={setting!r} the app should not start: raise ValueError in `origins_from`. With "
            "cookies, CORSMiddleware would let every site in the world read every user's answers."
        )


@check("15.4")
def test_pages_may_read_the_headers(app: App, client: Client) -> None:
    """Scripts see six headers of an answer; a progress bar that reads another one stays empty, without an error."""
    response = fetch(app, client, listed(app)[0])
    exposed = words(response, "access-control-expose-headers")
    for name in EXPOSED:
        assert name.lower() in exposed, (
            f"`{name}` is on the answer, but pages cannot see it: it should be in Access-Control-Expose-Headers. That "
            f"has {', '.join(exposed) or 'nothing'}. (With cookies, * is not all headers but one called *.)"
        )


@check("15.5", fresh=True)
def test_pages_may_read_expected_errors(app: App, client: Client, rng: Random) -> None:
    """A page that may not read the 401 shows "network error" where it should have shown the way to sign in."""
    origin = listed(app)[0]
    for status, method, path, body, session in (
        (401, "GET", "/examples/next", None, "unknown"),
        (404, "PUT", f"/labels/{rng.randint(100, 999)}", {"label": "neutral"}, app.env["SESSION"]),
        (422, "PUT", "/labels/0", {"label": "brilliant"}, app.env["SESSION"]),
        (405, "PATCH", "/labels/0", None, app.env["SESSION"]),
    ):
        response = ask(client, origin, session, method, path, body)
        assert response.status_code == status, f"This should be answered with {status}, as it was before."
        assert told(response) == origin, f"A page from {origin} should get to read a {status} like any other answer."


@check("15.5", fresh=True)
def test_pages_may_read_unexpected_errors(app: App, client: Client) -> None:
    """The error you did not expect reaches you as "CORS is broken", and you look for it in the wrong place."""
    origin = listed(app)[0]
    response = fetch(app, client, origin, "/share/positive")
    assert response.status_code == 500, (
        "Nothing is labelled yet, and `share` divides by zero: leave that as it is, 500."
    )
    assert told(response) == origin, (
        f"A page from {origin} should get to read the 500. Has CORSMiddleware seen it? A 500 is made by the outermost "
        "part, Starlette's ServerErrorMiddleware, or there by a handler for Exception. `add_middleware` adds inside it."
    )
    other = fetch(app, client, "https://evil.example", "/share/positive")
    assert told(other) in ("", origin), "A page from elsewhere should not get to read the 500, as little as the rest."
    assert "ZeroDivisionError" not in response.text, "The caller should not hear what exactly went wrong in your code."
    assert is_logged(app, client, "ZeroDivisionError"), "The log should still have the exception with its traceback."


@check("15.6")
def test_previews_may_read(app: App, client: Client, rng: Random) -> None:
    """Each pull request is tried in a browser, from an address that did not exist when the API was deployed."""
    for number in (rng.randint(1, 9), rng.randint(10, 9999)):
        origin = f"https://pr-{number}.{app.env['PREVIEW_DOMAIN']}"
        for response in (preflight(client, origin, "GET"), fetch(app, client, origin)):
            assert told(response) == origin, (
                f"PREVIEW_DOMAIN is {app.env['PREVIEW_DOMAIN']}, so {origin} is a preview: both the preflight and the "
                f"answer should name it in Access-Control-Allow-Origin."
            )


@check("15.6")
def test_nothing_like_a_preview_may_read(app: App, client: Client, rng: Random) -> None:
    """A pattern allows everything that fits, and what fits a careless one can be bought for ten dollars a year."""
    domain, number = app.env["PREVIEW_DOMAIN"], rng.randint(1, 9999)
    origin = f"https://pr-{number}.{domain}"
    assert told(fetch(app, client, origin)) == origin, f"{origin} is a preview: a page from there should read answers."
    for other in (
        *lookalikes(origin, rng),
        f"https://pr-{number}x{domain}",
        f"https://pr-.{domain}",
        f"https://pr-{number}-beta.{domain}",
        f"https://pr-{number}.evil.{domain}",
        f"https://main.{domain}",
        f"https://{domain}",
        f"https://evil.example/pr-{number}.{domain}",
        f"https://pr-evil.example:443/.{domain}",
    ):
        assert told(fetch(app, client, other)) not in (other, "*"), (
            f"{other} is no preview: these are `https://pr-`, digits, a dot and {domain}, and nothing before or after. "
            "In a pattern, which characters stand for any character?"
        )


def listed(app: App) -> list[str]:
    """The origins that are allowed, as browsers write them."""
    return [origin.strip(" /") for origin in app.env["ALLOWED_ORIGINS"].split(",")]


def lookalikes(origin: str, rng: Random) -> list[str]:
    """Origins of others that resemble this one."""
    scheme, _, host = origin.partition("://")
    name, _, _ = host.partition(":")
    dots = [place for place, letter in enumerate(origin) if letter == "."]
    return [
        f"{origin}.evil.example",
        f"{origin}m",
        origin[:-1],
        f"{scheme}://evil.{host}",
        f"{scheme}://evil{host}",
        f"{'http' if scheme == 'https' else 'https'}://{host}",
        f"{scheme}://{name}:{rng.randint(10000, 60000)}",
        *(f"{origin[:dot]}x{origin[dot + 1 :]}" for dot in dots),
    ]


def ask(client: Client, origin: str, session: str, method: str, path: str, body: Any = None) -> Any:
    """Send what a browser sends for a page from `origin`, the session's cookie included."""
    headers = {"Origin": origin, "Cookie": f"session={session}"}
    return client.request(method, path, headers=headers, json=body)


def fetch(app: App, client: Client, origin: str, path: str = "/examples/next") -> Any:
    """Get something for a page from `origin` whose user is signed in."""
    return ask(client, origin, app.env["SESSION"], "GET", path)


def preflight(client: Client, origin: str, method: str, headers: str = "") -> Any:
    """Ask as browsers do before they send a request that is not simple: without cookies, and without a body."""
    sent = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options("/labels/0", headers=sent | ({"Access-Control-Request-Headers": headers} if headers else {}))


def refusal(response: Any, origin: str, method: str, headers: str = "") -> str:
    """Why a browser would not send the request after this answer to its preflight; empty if it would."""
    if not response.is_success:
        return f"it should be 200 or 204, and is {response.status_code}"
    if told(response) != origin:
        return f"Access-Control-Allow-Origin should be {origin}, and is {told(response) or 'missing'}"
    if method not in SIMPLE_METHODS and method.lower() not in words(response, "access-control-allow-methods"):
        return f"Access-Control-Allow-Methods should have {method}"
    allowed = SIMPLE_HEADERS.union(words(response, "access-control-allow-headers"))
    missing = [name for name in headers.split(",") if name and name not in allowed]
    return f"Access-Control-Allow-Headers should have {', '.join(missing)}" if missing else ""


def told(response: Any) -> str:
    """What an answer says in Access-Control-Allow-Origin; empty if nothing."""
    return ", ".join(response.headers.get_list("access-control-allow-origin"))


def words(response: Any, header: str) -> list[str]:
    """The elements of a header that is a list, in small letters."""
    listed = ",".join(response.headers.get_list(header))
    return [word.strip().lower() for word in listed.split(",") if word.strip()]


def is_logged(app: App, client: Client, text: str) -> bool:
    """Whether the log has a text; it may be written after the answer, so some more requests are sent meanwhile."""
    for _ in range(100):
        if text in app.output:
            return True
        client.get("/openapi.json")
    return False


def starts(app: App, env: dict[str, str]) -> bool:
    """Whether the app starts with these variables on top."""
    try:
        with app.another(env):
            return True
    except AppDied:
        return False
