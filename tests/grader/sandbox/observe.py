"""What HTTP cannot show: models constructed, every `encode`, files opened for writing, and attempts to cheat.

Installed in the child before the app's file is imported. An audit hook cannot be removed from inside Python; the
wrappers report through an authenticated channel (`grader.sandbox.events`). Code in the same process can never be shut
out completely, so a verdict always rests on right answers over HTTP first.
"""

import asyncio
import contextlib
import sys
import threading
import weakref
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from grader.sandbox.events import Recorder
from grader.sandbox.orders import Orders

INTROSPECTION = frozenset(
    {
        "gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames", "sys._current_exceptions",
        "sys.setprofile", "sys.settrace", "sys.monitoring.register_callback", "function.__new__",
        "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.string_at", "ctypes.wstring_at",
        "ctypes.cdata", "ctypes.cdata/buffer", "ctypes.addressof", "ctypes.call_function",
    }
)  # fmt: skip
HIDDEN_ATTRIBUTES = frozenset(
    {"__closure__", "__code__", "tb_frame", "gi_frame", "cr_frame", "ag_frame", "cell_contents"}
)
WRITE_FLAGS = 0x3  # O_WRONLY | O_RDWR

# module, class, the method that does the work (None: only constructions count)
MODEL_CLASSES = (
    ("sentence_transformers", "SentenceTransformer", "encode"),
    ("efficientnet_lite_pytorch", "EfficientNet", "forward"),
    ("spacy.language", "Language", None),
    ("xllamacpp", "Server", None),
)
GENERATORS = (("xllamacpp", "Server", "handle_chat_completions"), ("xllamacpp", "Server", "handle_completions"))


class Phase:
    """Where in its life the app is: "import", "startup", "serving" or "shutdown"."""

    def __init__(self) -> None:
        self.name = "import"


def observe_models(record: Recorder, phase: Phase, orders: Orders) -> "tuple[weakref.WeakSet[Any], set[CodeType]]":
    """Report constructions and encodes of every known model class that the warm process has imported.

    The judge may hold an encode between its beginning and the work, unless it would hold the whole event loop with it.

    Returns the living instances, and the code of the wrappers, which alone may use `record`.
    """
    living: weakref.WeakSet[Any] = weakref.WeakSet()
    codes: set[CodeType] = set()
    for module, class_name, method in MODEL_CLASSES:
        if module in sys.modules:
            cls = getattr(sys.modules[module], class_name)
            codes.add(_wrap_init(cls, record, phase, living))
            if method is not None:
                codes.add(_wrap_work(cls, method, record, phase, orders.wait_at_gate))
    for module, class_name, method in GENERATORS:
        if module in sys.modules:
            cls = getattr(sys.modules[module], class_name)
            codes |= _wrap_generator(cls, method, record, orders.wait_at_gate)
    return living, codes


def _is_on_event_loop() -> bool:
    return asyncio._get_running_loop() is not None


def _wrap_init(cls: Any, record: Recorder, phase: Phase, living: "weakref.WeakSet[Any]") -> CodeType:
    original: Callable[..., None] = cls.__init__
    name: str = cls.__name__
    on_loop, add = _is_on_event_loop, living.add

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        record("constructed", name, phase.name, on_loop(), len(living))
        if original is not object.__init__:  # an extension type does its work in __new__
            original(self, *args, **kwargs)
        with contextlib.suppress(TypeError):  # not every extension type can be referred to weakly
            add(self)

    if original is not object.__init__:
        __init__.__signature__ = _signature(original)  # type: ignore[attr-defined]
    cls.__init__ = __init__
    return __init__.__code__


def _wrap_work(cls: Any, method: str, record: Recorder, phase: Phase, wait: Callable[[], str]) -> CodeType:
    original: Callable[..., Any] = getattr(cls, method)
    name: str = cls.__name__
    on_loop, thread = _is_on_event_loop, threading.get_ident

    def work(self: Any, *args: Any, **kwargs: Any) -> Any:
        items = args[0] if args else next(iter(kwargs.values()), ())
        is_on_loop = on_loop()
        record("encode", name, _batch_size(items), is_on_loop, str(thread()), phase.name)
        try:
            if not is_on_loop and (problem := wait()):
                raise RuntimeError(problem)
            return original(self, *args, **kwargs)
        finally:
            record("encoded")

    work.__signature__ = _signature(original)  # type: ignore[attr-defined]
    work.__doc__ = original.__doc__
    setattr(cls, method, work)
    return work.__code__


def _batch_size(items: Any) -> int:
    if type(items) is list or type(items) is tuple:
        return len(items)
    shape = getattr(items, "shape", None)  # a tensor of images or an array of texts
    return int(shape[0]) if shape else 1


def _wrap_generator(cls: Any, method: str, record: Recorder, wait: Callable[[], str]) -> set[CodeType]:
    """Report each chunk that a language model makes, and whether it was told to stop before its end."""
    original: Callable[..., Any] = getattr(cls, method)
    on_loop = _is_on_event_loop

    def generate(self: Any, request: Any, callback: Callable[[Any], Any] | None = None) -> Any:
        chunks, is_stopped, is_on_loop, problem = 0, False, on_loop(), ""

        def counted(chunk: Any) -> Any:
            nonlocal chunks, is_stopped, problem
            chunks += 1
            record("chunk")
            assert callback is not None
            problem = "" if is_on_loop else wait()
            is_stopped = not problem and bool(callback(chunk))
            return is_stopped or problem != ""

        try:
            return original(self, request, counted if callback is not None else None)
        finally:
            record("generated", chunks, is_stopped, is_on_loop)
            if problem:
                raise RuntimeError(problem)  # not in the callback: the runtime takes an exception there for a stop

    setattr(cls, method, generate)
    return {generate.__code__, *(code for code in generate.__code__.co_consts if isinstance(code, CodeType))}


def _signature(function: Callable[..., Any]) -> Any:
    import inspect

    return inspect.signature(function)


def observe_process(record: Recorder, app_file: str, phase: Phase) -> CodeType:
    """Install the audit hook: report files opened for writing, and introspection by the app's own code."""
    frame_of = sys._getframe
    codes: set[CodeType] = set()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if (
                isinstance(flags, int)
                and flags & WRITE_FLAGS
                and isinstance(path, (str, bytes))
                and path != "/dev/null"
            ):
                record("write", path if isinstance(path, str) else path.decode(errors="replace"))
        elif event in INTROSPECTION:
            if _is_direct(frame_of(), app_file):
                record("tampered", f"the app called {event}")
        elif event == "sys._getframe":
            if args and args[0].f_code not in codes and _is_direct(frame_of(), app_file):
                record("tampered", "the app read the interpreter's stack frames")
        elif event == "object.__getattr__" and args[1] in HIDDEN_ATTRIBUTES and _is_direct(frame_of(), app_file):
            record("tampered", f"the app read {args[1]} of an object")

    codes.add(hook.__code__)
    sys.addaudithook(hook)
    return hook.__code__


def _is_direct(hook_frame: FrameType, app_file: str) -> bool:
    """Whether the app's own code made the audited call, be it through `inspect` or `traceback`."""
    frame = hook_frame.f_back
    while frame is not None and frame.f_globals.get("__name__") in ("inspect", "traceback", "threading"):
        if frame.f_code.co_name.startswith(("format_", "print_", "getmodule", "signature", "_signature")):
            return False  # printing an exception and reading a signature are everybody's business
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == app_file
