"""The child: one process that confines itself, loads one app from a file, serves it, and reports what happened.

It knows nothing of checks, expected values or verdicts; those live in the parent alone.
"""

import ast
import asyncio
import gc
import io
import os
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any

from grader.sandbox.confine import confine, set_resource_limits
from grader.sandbox.events import Recorder, make_recorder
from grader.sandbox.limits import Limits
from grader.sandbox.observe import Phase, observe_models, observe_process
from grader.sandbox.observe_secrets import observe_secrets
from grader.sandbox.orders import Orders
from grader.sandbox.pytest_run import TEST_REPORTERS, run_tests

SERVER: dict[str, Any] = {"loop": "asyncio", "ws": "none", "lifespan": "on", "proxy_headers": False}
SERVER |= {"access_log": False, "log_level": "info"}
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "SSL_CERT_FILE", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass
class Spec:
    """All that a child is told: which file, where it may write, what it may use."""

    app_file: str
    scratch: str
    key: str
    env: dict[str, str] = field(default_factory=dict)
    connect_ports: list[int] = field(default_factory=list)
    limits: dict[str, Any] = field(default_factory=dict)
    confined: bool = True
    may_listen: bool = False
    runs_tests: bool = False
    module: str = "app"


def run(spec: Spec, listener: socket.socket, report_fd: int) -> None:
    """Serve `spec.app_file` on `listener` until SIGTERM, or run it with pytest if it holds tests."""
    _enter_scratch(spec)
    callers = {_load.__code__, _serve.__code__, _fail.__code__, _stop.__code__, Orders.listen.__code__}
    callers |= {code for code in _serve.__code__.co_consts if isinstance(code, CodeType)} | TEST_REPORTERS
    record = make_recorder(report_fd, bytes.fromhex(spec.key), callers)
    spec.key = ""
    phase, orders = Phase(), Orders(report_fd, record)
    living, wrappers = observe_models(record, phase, orders)
    callers |= wrappers | observe_secrets(record)
    set_resource_limits(Limits(**spec.limits))
    if spec.confined:
        confine([os.path.dirname(spec.app_file)], spec.scratch, spec.connect_ports, may_listen=spec.may_listen)
    callers.add(observe_process(record, spec.app_file, phase))
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]  # an app has no business with the judge
    if spec.runs_tests:
        run_tests(spec.app_file, record)
        return
    app = _load(spec, record)
    if app is not None:
        _serve(app, listener, record, phase, orders)
        del app
        _stop(record, living)


def open_output() -> None:
    """Write text line by line to descriptors 1 and 2, whatever characters it holds."""
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(file, "w", closefd=False), "utf-8", "backslashreplace", line_buffering=True)
        for file in (1, 2)
    )
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]


def _enter_scratch(spec: Spec) -> None:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(HOME=spec.scratch, TMPDIR=spec.scratch, PYTHONUNBUFFERED="1")
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1", TQDM_DISABLE="1")
    os.environ.update(spec.env)
    if hasattr(time, "tzset"):
        time.tzset()  # a time zone among these variables holds from now on
    os.chdir(spec.scratch)
    sys.path[:] = [entry for entry in sys.path if entry]
    sys.argv[:] = [spec.app_file]
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _load(spec: Spec, record: Recorder) -> Any:
    """Import the file and return its one FastAPI app; report and return None where there is not exactly one."""
    module = ModuleType(spec.module)
    module.__file__ = spec.app_file
    sys.modules[spec.module] = module
    try:
        with open(spec.app_file, encoding="utf-8") as file:
            source = file.read()
        exec(compile(source, spec.app_file, "exec"), module.__dict__)
    except SyntaxError as error:
        return _fail(record, "syntax", error.lineno or 0, f"{type(error).__name__}: {error.msg}")
    except SystemExit as error:
        return _fail(record, "exited", _line_of(error, spec.app_file), f"sys.exit({error.code!r})")
    except BaseException as error:
        traceback.print_exc()
        return _fail(record, "import", _line_of(error, spec.app_file), f"{type(error).__name__}: {error}"[:500])
    record("imported")
    cause, line, detail = _find_app(module, source)
    return _fail(record, cause, line, detail) if cause else module.__dict__["app"]


def _fail(record: Recorder, cause: str, line: int, detail: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    record("fault", cause, line, detail)


def _line_of(error: BaseException, app_file: str) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == app_file), 0)


def _find_app(module: ModuleType, source: str) -> tuple[str, int, str]:
    """Return ("", 0, "") if the module has exactly one app, called `app`; else cause, line and detail."""
    from fastapi import FastAPI

    lines = _assignments(source)
    apps = {name: value for name, value in vars(module).items() if isinstance(value, FastAPI)}
    if "app" not in vars(module):
        other = next(iter(apps), "")
        return "no_app", lines.get(other, [0])[0], other
    if "app" not in apps:
        return "no_app", lines.get("app", [0])[-1], f"app is a {type(vars(module)['app']).__name__}"
    if len(lines.get("app", [])) > 1:
        return "two_apps", lines["app"][1], f"app and again app, first on line {lines['app'][0]}"
    served = {id(getattr(route, "app", None)) for route in apps["app"].routes} | {id(apps["app"])}
    for name, value in apps.items():
        if id(value) not in served:
            return "two_apps", lines.get(name, [0])[0], f"app and {name}"
    return "", 0, ""


def _assignments(source: str) -> dict[str, list[int]]:
    """Lines of the module-level assignments, by the name assigned."""
    lines: dict[str, list[int]] = {}
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name):
                lines.setdefault(target.id, []).append(node.lineno)
    return lines


def _serve(app: Any, listener: socket.socket, record: Recorder, phase: Phase, orders: Orders) -> None:
    import uvicorn

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn raises it once more when it is done
    server = uvicorn.Server(uvicorn.Config(app, **SERVER))
    started, stop = server.startup, server.shutdown

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        phase.name = "startup"
        await started(sockets=sockets)
        phase.name = "serving"
        orders.obey(asyncio.get_running_loop())
        record("started")

    async def shutdown(sockets: list[socket.socket] | None = None) -> None:
        phase.name = "shutdown"
        await stop(sockets=sockets)

    server.startup, server.shutdown = startup, shutdown  # type: ignore[method-assign]
    try:
        server.run(sockets=[listener])
    except SystemExit:
        sys.stderr.flush()
        record("fault", "lifespan", 0, "")


def _stop(record: Recorder, living: Any) -> None:
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    record("stopped", len(living))
