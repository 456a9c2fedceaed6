"""What HTTP cannot show: models constructed, every `encode`, files opened for writing, and attempts to cheat.

An audit hook, installed in the child before the app's file is imported, turns events into lines on an authenticated
channel (`grader.sandbox.events`). Python code can neither remove it nor find it: no frame, module or attribute leads to
the hook, and whoever asks the garbage collector, a tracer or another interpreter is reported. It looks up no name that
an app could replace, and it believes the judge's own events ("grader.…") only if the judge's own code raised them.

What stays possible, and is more work than any lesson: whoever reads or writes the memory of the process (an extension
module brought along, casts of raw addresses) can silence or forge observations, and so can code that interrupts a
wrapper and takes the true method out of its frame. A claim to have opened a file (`sys.audit`) needs no file, and files
opened by C code raise no event: let checks rest on what lies in the scratch folder. And an app may always compute in a
way that nobody wraps. A verdict therefore rests on right answers over HTTP first.
"""

import _thread
import sys
import weakref
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

from grader.sandbox.batch import make_counter
from grader.sandbox.events import Recorder
from grader.sandbox.native import NATIVE_EVENTS, is_called_by_package

TAMPERING = {
    "gc.get_objects": "it called gc.get_objects",
    "gc.get_referrers": "it called gc.get_referrers",
    "gc.get_referents": "it called gc.get_referents",
    "sys._current_frames": "it called sys._current_frames",
    "sys._current_exceptions": "it called sys._current_exceptions",
    "sys.settrace": "it called sys.settrace, as debuggers do",
    "sys.setprofile": "it called sys.setprofile, as profilers do",
    "sys.monitoring.register_callback": "it called sys.monitoring.register_callback",
    "sys.addaudithook": "it called sys.addaudithook",
    "cpython.PyInterpreterState_New": "it started another interpreter",
}
ATTEMPTS = {
    "os.fork": "start processes",
    "os.forkpty": "start processes",
    "os.exec": "start processes",
    "os.posix_spawn": "start processes",
    "os.system": "start processes",
    "subprocess.Popen": "start processes",
    "socket.connect": "open network connections",
    "socket.bind": "open network connections",
    "socket.sendto": "open network connections",
    "socket.getaddrinfo": "open network connections",
}
WRITE_FLAGS = 0x3  # O_WRONLY | O_RDWR

Handler = Callable[[tuple[Any, ...]], None]


def install_hook(record: Recorder, reporters: Iterable[CodeType]) -> None:
    """Observe this process for good; events "grader.…" count if code in `reporters` raised them."""
    handlers: dict[str, Handler] = {"open": _make_write_handler(record)}
    for event, sentence in TAMPERING.items():
        handlers[event] = _make_handler(record, "tampered", sentence)
    for event in NATIVE_EVENTS:
        handlers[event] = _make_native_handler(record, event)
    for event, deed in ATTEMPTS.items():
        handlers[event] = _make_once_handler(record, "attempted", deed)
    own = _make_model_handlers(record) | {"grader.report": _make_report_handler(record)}
    codes = tuple(reporters)
    for event, handler in own.items():
        handlers[event] = _only_from(codes, record, handler)
    find = handlers.get

    def hook(event: str, args: tuple[Any, ...]) -> None:
        handler = find(event)
        if handler is not None:
            handler(args)

    sys.addaudithook(hook)


def _only_from(codes: tuple[CodeType, ...], record: Recorder, handler: Handler) -> Handler:
    """Pass on an event that one of `codes` raised, by identity: equal code is easily made."""
    frame_of, identity, keep = sys._getframe, id, codes
    known = frozenset(id(code) for code in keep)

    def handle(args: tuple[Any, ...]) -> None:
        if keep and identity(frame_of(2).f_code) in known:
            handler(args)
        else:
            record("tampered", "it forged an observation")

    return handle


def _make_report_handler(record: Recorder) -> Handler:
    def handle(fields: tuple[Any, ...]) -> None:
        record(*fields)

    return handle


def _make_handler(record: Recorder, kind: str, what: str) -> Handler:
    return lambda args: record(kind, what)


def _make_once_handler(record: Recorder, kind: str, what: str) -> Handler:
    was_reported = False

    def handle(args: tuple[Any, ...]) -> None:
        nonlocal was_reported
        if not was_reported:
            was_reported = True
            record(kind, what)

    return handle


def _make_native_handler(record: Recorder, event: str) -> Handler:
    frame_of, is_allowed = sys._getframe, is_called_by_package()

    def handle(args: tuple[Any, ...]) -> None:
        if not is_allowed(frame_of(2)):
            record("tampered", "it called " + event)

    return handle


def _make_write_handler(record: Recorder) -> Handler:
    kind_of, number = type, int
    is_text, is_raw, as_text, decode = str.__subclasscheck__, bytes.__subclasscheck__, str.__str__, bytes.decode

    def handle(args: tuple[Any, ...]) -> None:
        path, _, flags = args
        if kind_of(flags) is number and flags & WRITE_FLAGS:
            kind = kind_of(path)
            if kind is number:  # a descriptor that was opened before
                return
            # What is not text yet, such as a `Path`, would have to be asked for its name: that is the app's own code.
            name = as_text(path) if is_text(kind) else decode(path, "utf-8", "replace") if is_raw(kind) else "(a path)"
            if name != "/dev/null":
                record("write", name)

    return handle


def _make_model_handlers(record: Recorder) -> dict[str, Handler]:
    """Handlers for what `grader.sandbox.wrappers` raises; the first two fields are always a class and a model."""
    main, thread, size_of = _thread.get_ident(), _thread.get_ident, make_counter()
    kind_of, is_subtype, name_of = type, type.__subclasscheck__, type.__dict__["__name__"].__get__
    alive, keep = _make_register()

    def encode(args: tuple[Any, ...]) -> None:
        if is_subtype(args[0], kind_of(args[1])):  # a call with something else computes nothing
            record("encode", name_of(args[0]), size_of(args[2]), thread() == main, thread())

    def encoded(args: tuple[Any, ...]) -> None:
        if is_subtype(args[0], kind_of(args[1])):
            record("encoded")

    return {
        "grader.constructing": lambda args: record("constructed", name_of(args[0]), thread() == main, alive()),
        "grader.constructed": lambda args: keep(args[1]),
        "grader.encode": encode,
        "grader.encoded": encoded,
        "grader.chunk": lambda args: record("chunk"),
        "grader.generated": lambda args: record("generated", args[2], args[3], thread() == main),
        "grader.stopped": lambda args: record("stopped", alive()),
    }


def _make_register() -> tuple[Callable[[], int], Callable[[Any], None]]:
    """Return two functions: how many models are alive, and one that takes note of a new one."""
    living: list[Callable[[], Any]] = []
    kind_of, refer, weak_offset = type, weakref.ref, type.__dict__["__weakrefoffset__"].__get__
    append: Callable[[list[Any], Any], None] = list.append

    def alive() -> int:
        count = 0
        for reference in living:
            count += reference() is not None
        return count

    def keep(model: Any) -> None:
        if weak_offset(kind_of(model)):  # not every extension type can be referred to weakly
            append(living, refer(model))

    return alive, keep
