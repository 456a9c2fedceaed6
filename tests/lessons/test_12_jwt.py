"""Lesson 12: what people who log in rely on, and what somebody with a forged token finds out."""

import hashlib
import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from random import Random
from string import ascii_letters, digits
from typing import Any
from urllib.parse import urljoin

from grader import App, AppDied, Client, check, together
from grader.openapi import Docs
from grader.tokens import coded, read, sign, signature

READ, WRITE = "GET /models", "POST /models/{name}/reload"
NEEDS = {READ: "models:read", WRITE: "models:write"}
PUBLISHED = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Person:
    """Somebody who may log in, with the password that nobody else knows."""

    name: str
    role: str
    password: str


PEOPLE: dict[str, Person] = {}  # drawn for each report; the app hears of hashes only


def environment(rng: Random) -> dict[str, str]:
    """Draw a secret, an issuer, an audience, people, the cost of a hash and a time zone that is not UTC."""
    secret, admin, shared = ("".join(rng.choices(ascii_letters + digits, k=32)) for _ in range(3))
    passwords = {"admin": admin, "reader": shared, "twin": shared, "far": f"пароль é 🔑 {rng.randrange(999)}"}
    numbers = rng.sample(range(10**6), len(passwords))
    for (who, password), number in zip(passwords.items(), numbers, strict=True):
        PEOPLE[who] = Person(f"user-{number}", "admin" if who == "admin" else "reader", password)
    cost = rng.choice([64, 128, 256])
    return {
        "SECRET_KEY": secret,  # 32 characters: just long enough
        "ISSUER": f"https://login-{rng.randrange(10**6)}.example.org",
        "AUDIENCE": f"https://models-{rng.randrange(10**6)}.example.org",
        "TOKEN_SECONDS": str(rng.randrange(300, 3000)),
        "SCRYPT_N": str(cost),
        "USERS": json.dumps({person.name: stored(person, cost, rng.randbytes(16)) for person in PEOPLE.values()}),
        "TZ": f"XYZ{rng.choice([-11, -7, -3, 2, 5, 9]):+}",
    }


def stored(person: Person, cost: int, salt: bytes) -> dict[str, str]:
    """What the app is told about somebody."""
    hashed = hashlib.scrypt(person.password.encode(), salt=salt, n=cost, r=8, p=1, dklen=32)
    return {"role": person.role, "salt": salt.hex(), "password_hash": hashed.hex()}


@check("12.1")
def test_the_right_password_is_let_in(client: Client) -> None:
    """People who know their password want to work, whatever their alphabet and whoever chose the same one."""
    for person in PEOPLE.values():
        kind = logged_in(client, person).json().get("token_type")
        assert str(kind).lower() == "bearer", "The answer should say that its `token_type` is bearer."


@check("12.1")
def test_a_wrong_password_is_401(client: Client, app: App) -> None:
    """A login that forgives capitals, spaces or a missing letter lets in whoever guesses nearly right."""
    admin = PEOPLE["admin"]
    known = json.loads(app.env["USERS"])[admin.name]
    for password, what in (
        (PEOPLE["reader"].password, "somebody else's password"),
        (admin.password.swapcase(), "the password with capitals and small letters exchanged"),
        (f"{admin.password} ", "the password and a space"),
        (admin.password[:-1], "the password without its last character"),
        (known["password_hash"], "the stored hash itself"),
    ):
        response = log_in(client, admin.name, password)
        assert response.status_code == 401, f"This is {what}: it should be answered with 401."
        assert is_bearer(response), "The 401 should have the header `WWW-Authenticate: Bearer`, as HTTP demands of it."


@check("12.1")
def test_an_unknown_name_hears_the_same(client: Client, rng: Random) -> None:
    """Who hears "no such user" sorts a list of a million addresses into those with an account and the rest."""
    admin = PEOPLE["admin"]
    wrong = log_in(client, admin.name, "wrong")
    assert wrong.status_code == 401, "This is a wrong password: it should be answered with 401."
    for name in (f"nobody-{rng.randrange(10**6)}", admin.name.upper(), f"{admin.name} ", admin.name[:-1]):
        for password in ("wrong", admin.password):
            response = log_in(client, name, password)
            is_same = (response.status_code, response.text) == (wrong.status_code, wrong.text)
            assert is_same, f"Nobody is called {name!r}: the answer should be that to a wrong password, {wrong.text}"


@check("12.1")
def test_an_unknown_name_costs_the_same_work(app: App, client: Client, rng: Random) -> None:
    """Hashing is nearly all the time that a login takes: where it is left out, a quick "no" means "no such user"."""
    work = []
    for name in (PEOPLE["reader"].name, f"nobody-{rng.randrange(10**6)}"):
        before = app.observed.mark()
        log_in(client, name, "wrong")
        hashes = app.observed.since(before).derivations
        assert hashes, f"The password should be hashed whatever the name is; for {name!r} it was not."
        assert not any(each.on_event_loop for each in hashes), (
            "A password should be hashed in a thread, as in a `def` endpoint: on the event loop, everybody waits."
        )
        work.append([(each.function, each.cost) for each in hashes])
    assert work[0] == work[1], f"An unknown name should cost the same work as a known one: {work[0]}, not {work[1]}."


@check("12.2")
def test_a_token_is_signed_with_the_secret(client: Client, app: App) -> None:
    """The signature is all that tells a token of yours from one that somebody typed."""
    token = token_of(client, PEOPLE["admin"])
    header, _ = read(token)
    assert header.get("alg") == "HS256", "The header of the token should say that its algorithm is HS256."
    text, _, found = token.rpartition(".")
    assert found == signature(text, app.env["SECRET_KEY"]), "The token should be signed with the secret in SECRET_KEY."


@check("12.2")
def test_a_token_says_who_from_whom_and_for_whom(client: Client, app: App) -> None:
    """Services share secrets sooner than they should: `iss` and `aud` keep a token for one from opening the other."""
    for person in (PEOPLE["admin"], PEOPLE["far"]):
        _, claims = read(token_of(client, person))
        for claim, expected in (("iss", app.env["ISSUER"]), ("aud", app.env["AUDIENCE"]), ("sub", person.name)):
            found = claims.get(claim)
            assert found in (expected, [expected]), f"The claim `{claim}` should be {expected!r}; it is {found!r}."


@check("12.2")
def test_a_token_ends_in_time(client: Client, app: App) -> None:
    """A stolen token works until it ends; and one that has ended before it arrives is a login that fails for ever."""
    response = logged_in(client, PEOPLE["admin"])
    _, claims = read(response.json().get("access_token"))
    lifetime = int(app.env["TOKEN_SECONDS"])
    times: list[Any] = [claims.get("iat"), claims.get("exp")]
    are_numbers = all(isinstance(each, int | float) for each in times)
    assert are_numbers, "The claims `iat` and `exp` should be numbers: seconds since 1970, in UTC."
    late = times[0] - sent_at(response)
    assert abs(late) < MINUTE, (
        f"`iat` should be the time of the login; it is {late / HOUR:+.2f} hours off. This app lives in the time zone "
        f"TZ={app.env['TZ']}: a datetime that names no zone is taken for local time, or for UTC."
    )
    assert abs(times[1] - times[0] - lifetime) < 2, (
        f"`exp` should be {lifetime} seconds after `iat`, as TOKEN_SECONDS says."
    )
    assert response.json().get("expires_in") == lifetime, f"The answer should say that it `expires_in` {lifetime}."


@check("12.2")
def test_a_token_keeps_no_secret(client: Client, app: App) -> None:
    """A token is signed, not encrypted: whoever holds it, or finds it in a log, can read every claim."""
    for person in PEOPLE.values():
        _, claims = read(token_of(client, person))
        known = json.loads(app.env["USERS"])[person.name]
        for secret in (person.password, known["password_hash"], known["salt"]):
            assert secret not in json.dumps(claims, ensure_ascii=False), (
                f"The claims should be the six of the table. Among these is a secret: {', '.join(claims)}."
            )


@check("12.3")
def test_a_good_token_says_who_is_calling(client: Client, app: App) -> None:
    """The token is all that the API gets: with it, there is no need to ask for the password again."""
    for person in PEOPLE.values():
        for scheme in ("Bearer", "bearer"):
            response = ask(client, "GET /me", f"{scheme} {forged(client, app, sub=person.name)}")
            assert response.status_code == 200, "This token is all right: it should be answered with 200."
            found = {name: response.json().get(name) for name in ("username", "role")}
            assert found == {"username": person.name, "role": person.role}, f"This is {person.name}, a {person.role}."


@check("12.3")
def test_no_token_is_401(client: Client, app: App) -> None:
    """401 and `WWW-Authenticate: Bearer` send a client to the login; with anything else it gives up, or tries again."""
    token = forged(client, app)
    for value in (None, "", "Bearer", token, f"Basic {token}", f"Token {token}"):
        response = ask(client, "GET /me", value)
        assert response.status_code == 401, "Without `Bearer` and a token in `Authorization`, the answer should be 401."
        assert is_bearer(response), "The 401 should have the header `WWW-Authenticate: Bearer`, as HTTP demands of it."


@check("12.3")
def test_a_changed_token_is_401(client: Client, app: App) -> None:
    """Anybody can write what they like between the dots; only the signature cannot be made without the secret."""
    good = forged(client, app)
    head, _, signature = good.split(".")
    other = forged(client, app, sub=PEOPLE["admin"].name).split(".")[1]
    wanted = claims_for(client, app)
    assert_refused(client, f"{head}.{other}.{signature}", "was changed: other claims, the old signature")
    assert_refused(client, f"{head}.{other}.", "has no signature")
    assert_refused(client, f"{head}.{other}", "has no signature, and no place for one")
    for secret in ("", "secret", PUBLISHED, app.env["SECRET_KEY"][:-1], app.env["SECRET_KEY"].swapcase()):
        assert_refused(client, sign(wanted, secret), f"is signed with another secret, {secret!r}")


@check("12.3")
def test_the_token_does_not_choose_the_algorithm(client: Client, app: App) -> None:
    """The header is written by whoever sends the token: who believes it lets strangers choose how they are checked."""
    claims, secret = claims_for(client, app), app.env["SECRET_KEY"]
    for none in ("none", "None", "NONE"):
        unsigned = sign(claims, secret, alg=none).rpartition(".")[0]
        assert_refused(client, f"{unsigned}.", f"says that its algorithm is {none!r}, and has no signature")
    for alg in ("HS512", "HS384", "RS256", "ES256", "none", "HS", "hs256", "", None, ["HS256"]):
        assert_refused(client, sign(claims, secret, alg=alg), f"says that its algorithm is {alg!r}; yours is HS256")


@check("12.3")
def test_a_token_out_of_its_time_is_401(client: Client, app: App) -> None:
    """A token is lost in a minute and found in a year: when its time is over, it must be waste paper."""
    clock = sent_at(client.get("/me"))
    for past, what in ((2 * MINUTE, "two minutes"), (HOUR, "an hour"), (9999 * HOUR, "a year")):
        assert_refused(client, forged(client, app, exp=clock - past), f"expired {what} ago")
    assert_refused(client, forged(client, app, nbf=clock + HOUR), "begins in an hour, by its claim `nbf`")


@check("12.3")
def test_a_token_for_others_or_from_others_is_401(client: Client, app: App, rng: Random) -> None:
    """Where two services share a secret, a token for the harmless one must not open the other."""
    aud, iss, other = app.env["AUDIENCE"], app.env["ISSUER"], f"https://other-{rng.randrange(99)}.example.org"
    for audience in (other, aud[:-1], f"{aud}/admin", iss, [other, iss], ""):
        assert_refused(client, forged(client, app, aud=audience), f"is for {audience!r}, not for your AUDIENCE")
    for issuer in (other, iss[:-1], f"{iss}.evil.example", aud, ""):
        assert_refused(client, forged(client, app, iss=issuer), f"is from {issuer!r}, not from your ISSUER")


@check("12.3")
def test_a_token_that_leaves_something_out_is_401(client: Client, app: App) -> None:
    """A missing claim fails no comparison: a token without `exp` is for ever, one without `aud` is for everybody."""
    for claim in ("exp", "aud", "iss", "sub"):
        assert_refused(client, forged(client, app, **{claim: ...}), f"has no `{claim}`")
        assert_refused(client, forged(client, app, **{claim: None}), f"has null for `{claim}`")


@check("12.3")
def test_who_has_left_is_401(client: Client, app: App, rng: Random) -> None:
    """Their token is still good for some minutes, they are not: who is removed should be out at the next request."""
    for name in (f"gone-{rng.randrange(10**6)}", PEOPLE["admin"].name.upper(), ""):
        assert_refused(client, forged(client, app, sub=name), f"is for {name!r}, who is not among the users")


@check("12.3")
def test_nonsense_is_401(client: Client, app: App) -> None:
    """Strangers send what they like, all night: each answer of 500 is an alarm, and a page of traceback in the log."""
    secret, deep = app.env["SECRET_KEY"], coded(b"[" * 12_000)  # deeper than any parser of JSON follows
    for token in ("x", "a.b.c", "..", ".....", "é.é.é", f"{coded(b'[]')}.{coded(b'{}')}.x", f"{deep}.{deep}.x"):
        assert_refused(client, token, "is nonsense")
    for value in (["sub"], "text", 7, None):
        assert_refused(client, sign(value, secret), f"is signed, but {value!r} is not a set of claims")


@check("12.4")
def test_a_login_grants_what_the_role_allows(client: Client) -> None:
    """Anybody may type `scope=models:write` into a login; it must be a wish, and the role decides."""
    for who, wish, granted in (
        ("admin", "", ["models:read", "models:write"]),
        ("admin", "models:write", ["models:write"]),
        ("admin", "models:read other", ["models:read"]),
        ("reader", "", ["models:read"]),
        ("reader", "models:write models:read", ["models:read"]),
        ("reader", "models:write", []),
    ):
        body = logged_in(client, PEOPLE[who], scope=wish).json()
        told = body.get("scope")
        assert sorted(str(told).split()) == granted, f"With the role {who}, `scope={wish}` should be granted {granted}."
        claim = read(body.get("access_token"))[1].get("scope")
        assert claim == told, f"The token's claim `scope` should be what the answer says, {told!r}; it is {claim!r}."


@check("12.4")
def test_the_scope_opens_the_route(client: Client, app: App) -> None:
    """A scope lets a token do one thing: a dashboard's token may look, and nothing happens when it is stolen."""
    for route, who in ((READ, "reader"), (WRITE, "admin")):
        status = ask(client, route, None).status_code
        assert status == 401, f"`{route}` should answer 401 to a request without a token."
        token = forged(client, app, sub=PEOPLE[who].name, scope=f"other {NEEDS[route]}")
        status = ask(client, route, f"Bearer {token}").status_code
        assert status == 200, f"This token has the scope {NEEDS[route]}, and so has the role: it should open `{route}`."


@check("12.4")
def test_without_the_scope_it_is_403(client: Client, app: App) -> None:
    """403 says "you, but not with this token": logging in again as the same person, for the same, will not help."""
    for route, scope in ((READ, "models:write"), (WRITE, "models:read"), (READ, ""), (WRITE, "models:write-not")):
        token = forged(client, app, sub=PEOPLE["admin"].name, scope=scope)
        response = ask(client, route, f"Bearer {token}")
        assert response.status_code == 403, f"`{route}` should answer 403 to a token with the scope {scope!r}."
        assert NEEDS[route] in response.text, f"The 403 should name the scope that is missing: {NEEDS[route]}."
    status = ask(client, READ, f"Bearer {forged(client, app, scope=...)}").status_code
    assert status in (401, 403), "A token without any claim `scope` should open neither route."


@check("12.4")
def test_the_role_of_today_decides(client: Client, app: App) -> None:
    """Somebody was an admin when they logged in and is not one now: their token must not know better."""
    token = forged(client, app, sub=PEOPLE["reader"].name, scope="models:read models:write other")
    response = ask(client, "GET /me", f"Bearer {token}")
    assert response.status_code == 200, "This token is all right: it should be answered with 200."
    assert response.json() == {"username": PEOPLE["reader"].name, "role": "reader", "scopes": ["models:read"]}, (
        "The `scopes` of /me should be those that the token has and that the role still allows: here models:read alone."
    )
    status = ask(client, WRITE, f"Bearer {token}").status_code
    assert status == 403, f"`{WRITE}` should answer 403 to a reader, whatever the token says."


@check("12.4")
def test_the_docs_know_login_and_scopes(client: Client) -> None:
    """ "Authorize" in /docs logs people in at `tokenUrl` and offers the scopes: wrong there, and nobody can try it."""
    docs = Docs.of(client)
    schemes = docs.document.get("components", {}).get("securitySchemes", {})
    flows = {name: scheme.get("flows", {}).get("password") for name, scheme in schemes.items()}
    named = {name: flow for name, flow in flows.items() if flow and urljoin("/", flow["tokenUrl"]) == "/token"}
    assert named, "The docs should know a password flow with /token as its `tokenUrl`."
    for route, scope in NEEDS.items():
        asked = [lock.get(name, []) for lock in docs.operation(route).get("security", []) for name in named]
        assert [scope] in asked, f"The docs should say that `{route}` needs the scope {scope}."
        assert all(scope in flow["scopes"] for flow in named.values()), f"The login should offer the scope {scope}."


@check("12.5", seconds=30)
def test_it_does_not_start_without_a_secret(app: App, rng: Random) -> None:
    """With a secret that others know, everybody signs tokens of their own, and no log shows that anything is wrong."""
    short = "".join(rng.choices(ascii_letters, k=31))
    trials = {"no SECRET_KEY at all": None, "a SECRET_KEY of 31 characters": short, "the tutorial's secret": PUBLISHED}
    complaints = together(*(lambda secret=secret: complaint(app, secret) for secret in trials.values()))
    for what, said in zip(trials, complaints, strict=True):
        assert said, f"With {what}, the app should refuse to start; it started, and would have served."
        assert "secret_key" in said.lower(), (
            f"With {what}, it stops as it should, but should say that it is SECRET_KEY."
        )


def complaint(app: App, secret: str | None) -> str:
    """What the app says when it does not start with this secret; empty when it does start."""
    other = app.another(env={"SECRET_KEY": secret or ""})
    if secret is None:
        del other.env["SECRET_KEY"]
    try:
        with other:
            return ""
    except AppDied as died:
        return died.fault.sentence + died.fault.output


def log_in(client: Client, name: str, password: str, scope: str = "") -> Any:
    """Send the form of a login."""
    form = {"grant_type": "password", "username": name, "password": password} | ({"scope": scope} if scope else {})
    return client.post("/token", data=form)


def logged_in(client: Client, person: Person, scope: str = "") -> Any:
    """The answer to somebody who logs in."""
    response = log_in(client, person.name, person.password, scope)
    assert response.status_code == 200, f"This is the password of {person.name}: it should be answered with 200."
    return response


def token_of(client: Client, person: Person) -> Any:
    """What somebody gets who logs in."""
    return logged_in(client, person).json().get("access_token")


def ask(client: Client, route: str, authorization: str | None) -> Any:
    """Send the request of a route like "GET /me" with this header, or without it."""
    method, _, path = route.replace("{", "").replace("}", "").partition(" ")
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    return client.request(method, path, headers=headers)


def assert_refused(client: Client, token: str, what: str) -> None:
    """Assert that a token is not believed."""
    response = ask(client, "GET /me", f"Bearer {token}")
    assert response.status_code == 401, f"This token {what}: it should be answered with 401."
    assert is_bearer(response), "The 401 should have the header `WWW-Authenticate: Bearer`, as HTTP demands of it."


def is_bearer(response: Any) -> bool:
    """Whether an answer asks for a bearer token."""
    return str(response.headers.get("www-authenticate", "")).lower().startswith("bearer")


def sent_at(response: Any) -> float:
    """When the server says that it answered, in seconds since 1970."""
    return parsedate_to_datetime(response.headers["date"]).timestamp()


def claims_for(client: Client, app: App, **changes: Any) -> dict[str, Any]:
    """The claims of a token that is all right, but for these changes; with `...` for a value, one is left out."""
    clock = int(sent_at(client.get("/me")))
    claims: dict[str, Any] = {"iss": app.env["ISSUER"], "aud": app.env["AUDIENCE"], "sub": PEOPLE["reader"].name}
    claims |= {"iat": clock, "exp": clock + HOUR, "scope": "models:read", **changes}
    return {name: value for name, value in claims.items() if value is not ...}


def forged(client: Client, app: App, **changes: Any) -> str:
    """A token with the right signature: only the changes can be wrong with it."""
    return sign(claims_for(client, app, **changes), app.env["SECRET_KEY"])
