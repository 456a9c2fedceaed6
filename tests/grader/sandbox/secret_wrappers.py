"""How an app deals with secrets: comparisons in constant time, and slow functions that turn passwords into hashes.

Neither can be told by a clock from outside. Wrapped before the app's file is imported, so that `from secrets import
compare_digest` imports the observed function, too.
"""

import _hashlib
import _operator
import functools
import hashlib
import hmac
import secrets
import sys
import threading
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

from grader.sandbox.opaque import Function, replace

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


def wrap_secrets() -> list[CodeType]:
    """Wrap every such function; return the code of the wrappers, which alone may report."""
    codes: list[CodeType] = []
    for module, name in COMPARERS:
        if hasattr(module, name):
            codes += replace(module, name, _wrap_comparison)
    for module, name in DERIVERS:
        if hasattr(module, name):
            codes += replace(module, name, functools.partial(_wrap_derivation, name))
    return codes


def _wrap_comparison(original: Function) -> Function:
    audit, hexed = sys.audit, _make_hex()

    def compare_digest(a: Any, b: Any, /) -> bool:
        audit("grader.report", "compared", hexed(a), hexed(b))
        return original(a, b)  # type: ignore[no-any-return]

    return compare_digest


def _wrap_derivation(name: str, original: Function) -> Function:
    audit, cost_of = sys.audit, _scrypt_cost if name == "scrypt" else _pbkdf2_cost
    thread, main = threading.get_ident, threading.get_ident()

    def derive(*args: Any, **kwargs: Any) -> bytes:
        audit("grader.report", "derived", name, cost_of(*args, **kwargs), thread() == main)
        return original(*args, **kwargs)  # type: ignore[no-any-return]

    return derive


def _make_hex() -> Callable[[Any], str]:
    """Return a function for one side of a comparison, as its type's own C functions read it; "" if it has no bytes."""
    kind_of, is_text, encode, hexed = type, str.__subclasscheck__, str.encode, bytes.hex
    raw_types = (bytes, bytearray, memoryview)
    raw = bytes

    def read(side: Any) -> str:
        kind = kind_of(side)
        if is_text(kind):
            return hexed(encode(side, "utf-8", "surrogatepass"))
        for raw_type in raw_types:
            if kind is raw_type:
                return hexed(raw(side))
        return ""

    return read


def _scrypt_cost(*_: Any, n: Any = None, r: Any = None, p: Any = None, **__: Any) -> str:
    return f"n={n} r={r} p={p}"


def _pbkdf2_cost(*args: Any, **kwargs: Any) -> str:
    given = dict(zip(("hash_name", "password", "salt", "iterations"), args, strict=False)) | kwargs
    return f"{given.get('hash_name')} iterations={given.get('iterations')}"
