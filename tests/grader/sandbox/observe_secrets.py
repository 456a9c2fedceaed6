"""How an app deals with secrets: comparisons in constant time, and slow functions that turn passwords into hashes.

Neither can be told by a clock from outside. Installed before the app's file is imported, so that `from secrets import
compare_digest` imports the observed function, too.
"""

import _hashlib
import _operator
import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

from grader.sandbox.events import Recorder

COMPARERS: tuple[tuple[ModuleType, str], ...] = (
    (_operator, "_compare_digest"),
    (_hashlib, "compare_digest"),
    (hmac, "compare_digest"),
    (secrets, "compare_digest"),
)
DERIVERS: tuple[tuple[ModuleType, str], ...] = (
    (_hashlib, "scrypt"),
    (hashlib, "scrypt"),
    (_hashlib, "pbkdf2_hmac"),
    (hashlib, "pbkdf2_hmac"),
)


def observe_secrets(record: Recorder) -> set[CodeType]:
    """Report every comparison and derivation; returns the code of the wrappers, which have to be allowed to report."""
    codes = set()
    for module, name in COMPARERS:
        if hasattr(module, name):
            codes.add(_wrap_comparison(module, name, record))
    for module, name in DERIVERS:
        if hasattr(module, name):
            codes.add(_wrap_derivation(module, name, record))
    return codes


def _wrap_comparison(module: ModuleType, name: str, record: Recorder) -> CodeType:
    original: Callable[[Any, Any], bool] = getattr(module, name)
    hexed = _hex

    def compare_digest(a: Any, b: Any, /) -> bool:
        record("compared", hexed(a), hexed(b))
        return original(a, b)

    compare_digest.__doc__ = original.__doc__
    setattr(module, name, compare_digest)
    return compare_digest.__code__


def _wrap_derivation(module: ModuleType, name: str, record: Recorder) -> CodeType:
    original: Callable[..., bytes] = getattr(module, name)
    on_loop, cost_of = asyncio._get_running_loop, _scrypt_cost if name == "scrypt" else _pbkdf2_cost

    def derive(*args: Any, **kwargs: Any) -> bytes:
        record("derived", name, cost_of(*args, **kwargs), on_loop() is not None)
        return original(*args, **kwargs)

    derive.__doc__, derive.__name__ = original.__doc__, name
    setattr(module, name, derive)
    return derive.__code__


def _hex(side: Any) -> str:
    """One side of a comparison; empty for what cannot be compared."""
    if isinstance(side, str):
        return side.encode("utf-8", "surrogatepass").hex()
    return bytes(side).hex() if isinstance(side, bytes | bytearray | memoryview) else ""


def _scrypt_cost(*_: Any, n: Any = None, r: Any = None, p: Any = None, **__: Any) -> str:
    return f"n={n} r={r} p={p}"


def _pbkdf2_cost(*args: Any, **kwargs: Any) -> str:
    given = dict(zip(("hash_name", "password", "salt", "iterations"), args, strict=False)) | kwargs
    return f"{given.get('hash_name')} iterations={given.get('iterations')}"
