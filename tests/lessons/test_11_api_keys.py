"""Lesson 11: what callers, their owners and an attacker find out about an API with keys."""

import ast
import hashlib
import json
from dataclasses import dataclass
from random import Random
from string import ascii_letters, digits
from typing import Any

from grader import App, Client, check
from grader.openapi import Docs

ME, READ, MANAGE, CLEAR = "GET /me", "GET /models", "DELETE /admin/models/{name}", "DELETE /admin/cache"
NEEDS = {READ: "read", MANAGE: "manage"}


@dataclass(frozen=True)
class Key:
    """A key as its owner knows it."""

    text: str
    owner: str
    rights: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What the app is told instead of the key."""
        return hashlib.sha256(self.text.encode()).hexdigest()


KEYS: dict[str, Key] = {}  # drawn for each report; the app hears of digests only


def environment(rng: Random) -> dict[str, str]:
    """Hand out keys; one owner has two of them, because it is about to change its own."""
    teams = [f"team-{number}" for number in rng.sample(range(10**6), 5)]
    roles = {"reader": (0, ["read"]), "manager": (1, ["manage"]), "both": (2, ["read", "manage"]), "nothing": (3, [])}
    roles |= {"old": (4, ["read"]), "new": (4, ["read"])}
    for role, (team, rights) in roles.items():
        KEYS[role] = Key("".join(rng.choices(ascii_letters + digits, k=43)), teams[team], tuple(rights))
    stored = [{"digest": key.digest, "owner": key.owner, "rights": key.rights} for key in KEYS.values()]
    rng.shuffle(stored)
    return {"API_KEYS": json.dumps(stored)}


@check("11.1")
def test_a_key_says_who_is_calling(client: Client) -> None:
    """Logs, limits and bills name an owner; and who changes a key needs the old and the new one for a while."""
    for key in KEYS.values():
        response = ask(client, ME, key.text)
        assert response.status_code == 200, f"This is a key of {key.owner}: it should be answered with 200."
        assert plain(response.json()) == {"owner": key.owner, "rights": sorted(key.rights)}, (
            f"The answer should be the owner and the rights of this key, {key.owner} and {list(key.rights)}, and "
            "nothing else: the digest stays here."
        )


@check("11.1")
def test_strangers_are_asked_who_they_are(client: Client) -> None:
    """401 says "tell me who you are", and WWW-Authenticate says how; HTTP clients and gateways act on the two."""
    for key, what in ((None, "no key"), ("", "an empty key"), (KEYS["both"].text[::-1], "a key that nobody has")):
        assert_unknown(client, key, what)
        assert ask(client, ME, key).headers.get("www-authenticate"), (
            f"The 401 to {what} should have a header WWW-Authenticate. `APIKeyHeader` makes such answers; an "
            "`HTTPException` of your own has only the headers that you give it."
        )


@check("11.1")
def test_a_key_that_is_nearly_right_is_401(client: Client, rng: Random) -> None:
    """Half a key from a screenshot, or a guess that is close, must be worth no more than nothing."""
    key = KEYS["both"].text
    place = rng.randrange(1, len(key) - 1)
    for guess, what in (
        (key[:-1], "the beginning of a key"),
        (key[1:], "the end of a key"),
        (f"{key}{rng.choice(digits)}", "a key and one character more"),
        (key.swapcase(), "a key with capitals and small letters exchanged"),
        (f"{key[:place]}-{key[place + 1 :]}", "a key with one character changed"),
        (f"{key}, {key}", "a key twice"),
        ("".join(rng.choices(ascii_letters, k=43)), "a key that nobody has"),
    ):
        assert_unknown(client, guess, what)


@check("11.1")
def test_a_digest_is_not_a_key(client: Client) -> None:
    """You keep digests so that a stolen list of them opens nothing; an app that takes one for a key undoes that."""
    digest = KEYS["manager"].digest
    for guess in (digest, digest.upper(), f"sha256:{digest}"):
        assert_unknown(client, guess, "the digest of a key, as it is in API_KEYS")


@check("11.1")
def test_any_bytes_are_a_401(client: Client, rng: Random) -> None:
    """A header is bytes from a stranger: what no key contains is one more wrong key, not an error of the server."""
    for guess in (f"clé-{rng.randrange(99)}".encode("latin-1"), "鍵🔑".encode(), bytes([rng.randint(128, 255)]) * 9):
        assert_unknown(client, guess, "bytes that are in no key")


@check("11.1")
def test_nothing_in_the_source_is_a_key(app: App, client: Client) -> None:
    """Source code is copied, published and searched: whoever reads yours will try every text in it, as this does."""
    for text in texts(app):
        response = ask(client, ME, text)
        assert response.status_code == 401, (
            f"{text.decode()!r} stands in your file, so it should open nothing: 401. Keys come from API_KEYS alone."
        )


@check("11.1")
def test_no_key_in_the_log(app: App, client: Client) -> None:
    """Many people may read a log who may not use a key, and a key mistyped by one letter is as good as told."""
    key = KEYS["reader"].text
    for text in (key, key[:-1]):
        status = ask(client, ME, text).status_code
        assert status in (200, 401), "A key is known, 200, or it is not, 401."
    for _ in range(20):
        client.get("/health")  # what was written before is read by now
    assert key[:-1] not in app.output, "What your app writes to its log should hold no key; name the owner instead."


@check("11.2")
def test_digests_are_compared_in_constant_time(app: App, client: Client) -> None:
    """What stops early tells by its time how far a guess was right; the judge sees what is compared, and how."""
    for key in (KEYS["reader"].text, KEYS["manager"].text[::-1]):
        digest = hashlib.sha256(key.encode()).hexdigest()
        before = app.observed.mark()
        ask(client, ME, key)
        compared = {side for comparison in app.observed.since(before).comparisons for side in comparison.sides}
        assert compared & {digest.encode(), bytes.fromhex(digest)}, (
            "For each key that comes, known or not, its whole SHA-256 digest should be given to "
            "`secrets.compare_digest`; for this one it was not."
        )


@check("11.3")
def test_the_right_opens_the_route(client: Client) -> None:
    """Whoever has the right must get through, with any of their keys, and nobody else: a lock is for both."""
    for route in (READ, MANAGE):
        status = ask(client, route, KEYS["nothing"].text).status_code
        assert status in (401, 403), f"`{route}` should be closed to a key without any right."
    for route, role in ((READ, "reader"), (READ, "both"), (MANAGE, "manager"), (MANAGE, "both")):
        key = KEYS[role]
        response = ask(client, route, key.text)
        assert response.is_success, f"{key.owner} has the right to {NEEDS[route]}: `{route}` should do as asked."
    ask(client, "DELETE /admin/models/smollm2-135m", KEYS["manager"].text)
    models = ask(client, READ, KEYS["reader"].text).json()
    assert "efficientnet-lite0" in models, "`GET /models` should answer the models that are loaded."
    assert "smollm2-135m" not in models, "smollm2-135m was unloaded by somebody with the right to: it should be gone."


@check("11.3")
def test_without_the_right_it_is_403(client: Client) -> None:
    """403 says "not with this key": asking again will not help, asking for another key will. So say which right."""
    for route, role in ((READ, "manager"), (READ, "nothing"), (MANAGE, "reader"), (MANAGE, "nothing")):
        assert_forbidden(client, route, KEYS[role])


@check("11.4")
def test_every_route_asks_for_a_key(client: Client) -> None:
    """An attacker asks /openapi.json for every route, and then every route, as this does; one open is enough."""
    for route in routes(client):
        status = ask(client, route, None).status_code
        assert status == 401, f"`{route}` should answer 401 to a request without a key, as every route but /health."


@check("11.4")
def test_the_cache_is_for_those_who_may_manage(client: Client) -> None:
    """A key for reading gets around, in notebooks and in browsers; it must not be enough to break something."""
    status = ask(client, CLEAR, None).status_code
    assert status == 401, f"`{CLEAR}` should answer 401 to a request without a key."
    for role in ("nothing", "reader"):
        refused = [ask(client, route, KEYS[role].text).is_client_error for route in (CLEAR, MANAGE)]
        assert refused[0] or not refused[1], f"`{CLEAR}` should refuse a key that `{MANAGE}` refuses: it cannot manage."
    status = ask(client, CLEAR, KEYS["manager"].text).status_code
    assert status == 204, f"`{CLEAR}` should answer 204 to a key with the right to manage."


@check("11.4")
def test_probes_need_no_key(client: Client) -> None:
    """Probes have no key: locked out, they report a dead process, and it is restarted until somebody finds out."""
    for route in (ME, CLEAR):
        status = ask(client, route, None).status_code
        assert status == 401, f"`{route}` should be closed: 401 without a key."
    status = ask(client, "GET /health", None).status_code
    assert status == 200, "`GET /health` should stay open: 200 without a key."


@check("11.5")
def test_the_docs_show_the_lock(client: Client) -> None:
    """The lock in /docs is where people put their key, and generated clients have a place for it by the same token."""
    docs = Docs.of(client)
    schemes = docs.document.get("components", {}).get("securitySchemes", {})
    names = {name for name, scheme in schemes.items() if is_api_key(scheme)}
    assert names, "The docs should know a security scheme: an API key in the header X-API-Key. `APIKeyHeader` is one."
    assert all(schemes[name].get("description") for name in names), (
        "The scheme should come with a `description` that says where one gets a key."
    )
    for route in guarded(client):
        locks = {name for lock in docs.operation(route).get("security", []) for name in lock}
        assert locks & names, f"`{route}` asks for a key, so the docs should show its lock."


@check("11.5")
def test_refusals_are_in_the_docs(client: Client) -> None:
    """A client that does not expect 401 and 403 tries again for ever, with the same key."""
    docs = Docs.of(client)
    for route in guarded(client):
        told = docs.operation(route)["responses"]
        for status in ("401",) if route == ME else ("401", "403"):
            assert status in told, (
                f"`{route}` can answer {status}: the docs should list it; they list {', '.join(told)}."
            )


def ask(client: Client, route: str, key: str | bytes | None) -> Any:
    """Send the request of a route like "GET /models", with a key or without; what its path asks for gets some value."""
    method, _, path = route.replace("{", "").replace("}", "").partition(" ")
    return client.request(method, path, headers={} if key is None else {b"X-API-Key": bytes_of(key)})


def bytes_of(key: str | bytes) -> bytes:
    """Return what is sent over the wire."""
    return key.encode() if isinstance(key, str) else key


def assert_unknown(client: Client, key: str | bytes | None, what: str) -> None:
    """Assert that a key is refused as nobody's."""
    status = ask(client, ME, key).status_code
    assert status == 401, f"This request has {what}: it should be answered with 401."


def assert_forbidden(client: Client, route: str, key: Key) -> None:
    """Assert that a known caller is refused for want of a right that the answer names."""
    response = ask(client, route, key.text)
    assert response.status_code == 403, f"{key.owner} has no right to {NEEDS[route]}: `{route}` should answer 403."
    assert NEEDS[route] in response.text, f"The 403 should name the right that is missing: {NEEDS[route]}."


def plain(body: Any) -> Any:
    """Return a caller with its rights in order: a set has none."""
    rights = body.get("rights") if isinstance(body, dict) else None
    return body | {"rights": sorted(rights)} if isinstance(rights, list) else body


def texts(app: App) -> list[bytes]:
    """Every text in the learner's file that could be sent as a header, each once."""
    tree = ast.parse(app.app_file.read_text(encoding="utf-8"))
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    found = {bytes_of(value).strip() for value in values if isinstance(value, str | bytes)}
    return sorted(text for text in found if text.isascii() and text.decode().isprintable() and 0 < len(text) < 200)


def routes(client: Client) -> list[str]:
    """Every route that the docs know, or that was given, but for the one that is open to all."""
    paths: dict[str, Any] = Docs.of(client).document["paths"]
    found = [f"{method.upper()} {path}" for path, item in paths.items() for method in item]
    return sorted({*found, ME, READ, MANAGE, CLEAR} - {"GET /health"})


def guarded(client: Client) -> list[str]:
    """Every route that answers 401 to a request without a key, those of the earlier tasks among them."""
    found = [route for route in routes(client) if ask(client, route, None).status_code == 401]
    for route in (ME, READ, MANAGE):
        assert route in found, f"`{route}` should answer 401 to a request without a key, and say so in the docs."
    return found


def is_api_key(scheme: dict[str, Any]) -> bool:
    """Whether a security scheme is an API key in the header X-API-Key."""
    where = (scheme.get("type"), scheme.get("in"), str(scheme.get("name")).lower())
    return where == ("apiKey", "header", "x-api-key")
