"""What is observed of an app's secrets: comparisons in constant time, slow hashes, and the time zone it lives in."""

import hashlib
from collections.abc import Iterator

import pytest

from grader.judge import Judge
from grader.sandbox.app import App
from grader.sandbox.observations import Comparison, Derivation

APP = """
import hashlib
import hmac
import operator
import secrets
import time
from secrets import compare_digest

from fastapi import FastAPI

app = FastAPI()


@app.get("/compared")
def compare(way: str, a: str, b: str) -> bool | str:
    ways = {
        "imported": lambda: compare_digest(a, b),
        "secrets": lambda: secrets.compare_digest(a.encode(), b.encode()),
        "hmac": lambda: hmac.compare_digest(bytearray(a.encode()), memoryview(b.encode())),
        "plain": lambda: a == b,
        "mixed": lambda: hmac.compare_digest(a, b.encode()),
    }
    try:
        return ways[way]()
    except TypeError as error:
        return str(error)


@app.get("/derived")
async def derive() -> list[str]:
    scrypt = hashlib.scrypt(b"pass", salt=b"salt", n=16, r=8, p=1, dklen=16)
    pbkdf2 = hashlib.pbkdf2_hmac("sha256", b"pass", b"salt", iterations=9, dklen=16)
    return [scrypt.hex(), pbkdf2.hex()]


@app.get("/threaded")
def derive_in_a_thread() -> str:
    return hashlib.pbkdf2_hmac("sha512", b"pass", b"salt", 7).hex()


@app.get("/zone")
def zone() -> int:
    return -time.localtime(0).tm_gmtoff
"""


@pytest.fixture(scope="module")
def app(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that compares, derives and tells the time."""
    file = tmp_path_factory.mktemp("secrets") / "app.py"
    file.write_text(APP, encoding="utf-8")
    with judge.start(file, env={"TZ": "XYZ-7:30"}) as started:
        yield started


@pytest.mark.parametrize("way", ["imported", "secrets", "hmac"])
def test_a_comparison_in_constant_time_is_observed(app: App, way: str) -> None:
    mark = app.observed.mark()
    for a, b in (("one", "other"), ("same", "same")):
        answer = app.new_client().get("/compared", params={"way": way, "a": a, "b": b})
        assert answer.json() is (a == b), app.output
    expected = [Comparison((b"one", b"other")), Comparison((b"same", b"same"))]
    assert app.observed.since(mark).comparisons == expected


def test_a_plain_comparison_is_not_observed(app: App) -> None:
    mark = app.observed.mark()
    assert app.new_client().get("/compared", params={"way": "plain", "a": "x", "b": "x"}).json() is True
    assert app.observed.since(mark).comparisons == []


@pytest.mark.parametrize(("way", "a"), [("imported", "é"), ("mixed", "x")])
def test_what_cannot_be_compared_raises_as_ever(app: App, way: str, a: str) -> None:
    answer = app.new_client().get("/compared", params={"way": way, "a": a, "b": "x"})
    assert isinstance(answer.json(), str), app.output


def test_slow_hashes_are_observed_with_their_cost(app: App) -> None:
    mark = app.observed.mark()
    scrypt = hashlib.scrypt(b"pass", salt=b"salt", n=16, r=8, p=1, dklen=16)
    pbkdf2 = hashlib.pbkdf2_hmac("sha256", b"pass", b"salt", 9, dklen=16)
    assert app.new_client().get("/derived").json() == [scrypt.hex(), pbkdf2.hex()], app.output
    assert app.observed.since(mark).derivations == [
        Derivation("scrypt", "n=16 r=8 p=1", on_event_loop=True),
        Derivation("pbkdf2_hmac", "sha256 iterations=9", on_event_loop=True),
    ]


def test_a_slow_hash_in_a_thread_is_off_the_event_loop(app: App) -> None:
    mark = app.observed.mark()
    app.new_client().get("/threaded")
    expected = [Derivation("pbkdf2_hmac", "sha512 iterations=7", on_event_loop=False)]
    assert app.observed.since(mark).derivations == expected


def test_a_time_zone_among_the_variables_holds(app: App) -> None:
    assert app.new_client().get("/zone").json() == -(7 * 60 + 30) * 60
