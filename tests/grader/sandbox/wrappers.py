"""Wraps the methods of known model classes, so that each construction, encode and generated chunk raises an event.

The wrappers hold nothing that could report: they raise audit events (`sys.audit`), which the hook of
`grader.sandbox.observe` turns into observations if they come from here.
"""

import functools
import inspect
import operator
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any

from grader.sandbox.opaque import Function, replace

# module, class, the method that does the work (None: only constructions count)
MODEL_CLASSES = (
    ("sentence_transformers", "SentenceTransformer", "encode"),
    ("efficientnet_lite_pytorch", "EfficientNet", "forward"),
    ("spacy.language", "Language", None),
    ("xllamacpp", "Server", None),
)
FORMERLY = "sentences"  # what SentenceTransformer calls its `inputs` in older code, and still takes
GENERATORS = (("xllamacpp", "Server", "handle_chat_completions"), ("xllamacpp", "Server", "handle_completions"))


def wrap_models(wait: Callable[[], str]) -> list[CodeType]:
    """Wrap the model classes that are imported already; return the code of the wrappers, which alone may report.

    Off the event loop's thread, an encode calls `wait` between its beginning and the work, and each chunk before its
    callback; what `wait` returns, if anything, is the message with which the model has to fail.
    """
    codes: list[CodeType] = []
    for module, class_name, method in MODEL_CLASSES:
        if module in sys.modules:
            cls = getattr(sys.modules[module], class_name)
            codes += replace(cls, "__init__", functools.partial(_wrap_init, cls))
            if method is not None:
                codes += replace(cls, method, functools.partial(_wrap_work, cls, wait))
    for module, class_name, method in GENERATORS:
        if module in sys.modules:
            cls = getattr(sys.modules[module], class_name)
            codes += replace(cls, method, functools.partial(_wrap_generator, cls, wait))
    return codes


def _wrap_init(cls: type, original: Function) -> Function:
    audit, nothing = sys.audit, object.__init__

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        audit("grader.constructing", cls, self)
        if original is not nothing:  # an extension type does its work in __new__
            original(self, *args, **kwargs)
        audit("grader.constructed", cls, self)

    return construct


def _wrap_work(cls: type, wait: Callable[[], str], original: Function) -> Function:
    audit, items = sys.audit, list(inspect.signature(original).parameters)[1]
    thread, main = threading.get_ident, threading.get_ident()

    def work(self: Any, *args: Any, **kwargs: Any) -> Any:
        audit("grader.encode", cls, self, args[0] if args else kwargs.get(items, kwargs.get(FORMERLY)))
        try:
            if thread() != main and (problem := wait()):
                raise RuntimeError(problem)
            return original(self, *args, **kwargs)
        finally:
            audit("grader.encoded", cls, self)

    return work


def _wrap_generator(cls: type, wait: Callable[[], str], original: Function) -> Function:
    """Report each chunk that a language model makes, and whether it was told to stop before its end."""
    audit, truth = sys.audit, operator.truth
    thread, main = threading.get_ident, threading.get_ident()

    def generate(self: Any, request: Any, callback: Callable[[Any], Any] | None = None) -> Any:
        chunks, is_stopped, problem = 0, False, ""
        is_free = thread() != main

        def counted(chunk: Any) -> Any:
            nonlocal chunks, is_stopped, problem
            chunks += 1
            audit("grader.chunk", cls, self)
            problem = wait() if is_free else ""
            is_stopped = not problem and truth(callback(chunk))  # type: ignore[misc]
            return is_stopped or problem != ""

        try:
            return original(self, request, counted if callback is not None else None)
        finally:
            audit("grader.generated", cls, self, chunks, is_stopped)
            if problem:
                raise RuntimeError(problem)  # not in the callback: the runtime takes an exception there for a stop

    return generate
