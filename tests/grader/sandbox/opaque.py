"""Puts a wrapper in a function's place in such a way that nobody gets at what is inside by looking at it."""

import functools
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

Function = Callable[..., Any]


def replace(owner: Any, name: str, wrap: Callable[[Function], Function]) -> list[CodeType]:
    """Put `wrap(original)` in the place of `owner.name`; return the code objects of the wrapper.

    What is put there is a C object that calls the wrapper, and shows neither it nor the original in any attribute.
    """
    original: Function = getattr(owner, name)
    wrapper = wrap(original)
    opaque = functools.lru_cache(maxsize=0)(wrapper)  # size 0: it caches nothing and hashes nothing
    functools.update_wrapper(opaque, original)
    for attribute in ("__wrapped__", "cache_parameters"):
        vars(opaque).pop(attribute, None)
    if inspect.isfunction(original):
        opaque.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    setattr(owner, name, opaque)
    return [wrapper.__code__, *(code for code in wrapper.__code__.co_consts if isinstance(code, CodeType))]
