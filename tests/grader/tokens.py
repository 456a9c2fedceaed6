"""Signed tokens (JSON Web Tokens), written and read by hand: right ones, and those that somebody forged."""

import base64
import hmac
import json
from typing import Any

DIGESTS = {"HS384": "sha384", "HS512": "sha512"}


def sign(claims: Any, secret: str, *, alg: Any = "HS256") -> str:
    """Return a token with a header that names `alg`, or nothing for None; the signature is always an HMAC.

    Neither has to make sense: `claims` may be any JSON value, and an unknown `alg` is signed with SHA-256.
    """
    header = {"typ": "JWT"} | ({} if alg is None else {"alg": alg})
    text = f"{coded(json.dumps(header).encode())}.{coded(json.dumps(claims).encode())}"
    return f"{text}.{signature(text, secret, str(alg))}"


def signature(text: str, secret: str, alg: str = "HS256") -> str:
    """Return the third part of a token that begins with `text`, its first two."""
    return coded(hmac.digest(secret.encode(), text.encode(), DIGESTS.get(alg, "sha256")))


def coded(data: bytes) -> str:
    """Return bytes as they stand in a token."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read(token: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as anybody can read them; assert that there are both, and a third part."""
    parts = token.split(".") if isinstance(token, str) else []
    try:
        found = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]
    except ValueError:
        found = []
    is_token = len(parts) == 3 and len(found) == 2 and all(isinstance(each, dict) for each in found)
    assert is_token, "A token should have three parts with dots between them: header, claims and signature."
    return found[0], found[1]
