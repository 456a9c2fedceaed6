"""Tokens written by hand are what a library writes and reads, and the broken ones are broken as intended."""

import pytest
from jose import JWTError, jwt

from grader.tokens import coded, read, sign, signature

SECRET = "a secret of more than enough letters"
CLAIMS = {"sub": "ada", "level": 3}


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_library_accepts_what_is_signed_here(alg: str) -> None:
    assert jwt.decode(sign(CLAIMS, SECRET, alg=alg), SECRET, algorithms=[alg]) == CLAIMS


def test_what_a_library_signs_is_read_here() -> None:
    token = jwt.encode(dict(CLAIMS), SECRET, algorithm="HS256")
    assert read(token) == ({"alg": "HS256", "typ": "JWT"}, CLAIMS)
    text, _, last = token.rpartition(".")
    assert signature(text, SECRET) == last
    assert signature(text, "another") != last


def test_a_header_says_what_it_is_told_to() -> None:
    assert [read(sign({}, SECRET, alg=alg))[0] for alg in (None, "", ["HS256"])] == [
        {"typ": "JWT"},
        {"typ": "JWT", "alg": ""},
        {"typ": "JWT", "alg": ["HS256"]},
    ]


def test_claims_may_be_any_json() -> None:
    with pytest.raises(JWTError, match="json object"):
        jwt.decode(sign([1], SECRET), SECRET, algorithms=["HS256"])


@pytest.mark.parametrize(
    "token", [None, 7, "", "a.b", "a.b.c", f"{coded(b'[]')}.{coded(b'{}')}.x", sign({}, "") + ".x"]
)
def test_what_is_no_token_is_said_to_be_none(token: object) -> None:
    with pytest.raises(AssertionError, match="three parts"):
        read(token)
