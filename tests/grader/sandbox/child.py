"""The child: one process that confines itself, loads one app from a file, serves it, and reports what happened.

It knows nothing of checks, expected values or verdicts; those live in the parent alone.
"""

import asyncio
import gc
import io
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from sys import audit
from types import CodeType
from typing import Any

from grader.sandbox.confine import confine, set_resource_limits
from grader.sandbox.events import make_recorder
from grader.sandbox.limits import Limits
from grader.sandbox.load import REPORTERS as LOAD_REPORTERS
from grader.sandbox.load import fail, flush_output, load
from grader.sandbox.observe import install_hook
from grader.sandbox.orders import Orders
from grader.sandbox.pytest_run import TEST_REPORTERS, run_tests
from grader.sandbox.secret_wrappers import wrap_secrets
from grader.sandbox.wrappers import wrap_models

SERVER: dict[str, Any] = {"loop": "asyncio", "ws": "none", "lifespan": "on", "proxy_headers": False}
SERVER |= {"access_log": False, "log_level": "info"}
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "SSL_CERT_FILE", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
FOLDER_VARIABLES = ("HOME", "TMPDIR") if sys.platform != "win32" else ("HOME", "USERPROFILE", "TEMP", "TMP")
WRAPPERS: list[CodeType] = []
ORDERS = Orders()


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


def run(spec: Spec, listener: socket.socket, channel: socket.socket) -> None:
    """Serve `spec.app_file` on `listener` until SIGTERM, or run it with pytest if it holds tests."""
    _enter_scratch(spec)
    _give_up_rights(spec, channel.fileno())
    _observe(spec, channel)
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]  # an app has no business with the judge
    if spec.runs_tests:
        run_tests(spec.app_file)
        return
    app = load(spec.app_file, spec.module)
    if app is not None:
        _serve(app, listener, channel)
        del app
        _stop()


def _give_up_rights(spec: Spec, report_fd: int) -> None:
    set_resource_limits(Limits(**spec.limits))
    if spec.confined:
        readable = [os.path.dirname(spec.app_file)]
        confine(readable, spec.scratch, spec.connect_ports, report_fd, may_listen=spec.may_listen)


def _observe(spec: Spec, channel: socket.socket) -> None:
    """Install the hook. From here on neither the key nor the recorder is in any frame or module."""
    record = make_recorder(channel, bytes.fromhex(spec.key))
    spec.key = ""
    functions = (_serve, _stop, ORDERS.listen, *LOAD_REPORTERS, *TEST_REPORTERS)
    codes = [function.__code__ for function in functions] + list(WRAPPERS)
    codes += [code for code in _serve.__code__.co_consts if isinstance(code, CodeType)]
    install_hook(record, codes)
    record("confined")


def prepare() -> None:
    """Wrap what is to be observed of what is imported by now; a warm process does it once for all of its children."""
    WRAPPERS.extend(wrap_models(ORDERS.wait_at_gate) + wrap_secrets())


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
    os.environ.update(dict.fromkeys(FOLDER_VARIABLES, spec.scratch), PYTHONUNBUFFERED="1")
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1", TQDM_DISABLE="1")
    sys.breakpointhook = _pass_on
    os.environ.update(spec.env)
    if hasattr(time, "tzset"):
        time.tzset()  # a time zone among these variables holds from now on
    os.chdir(spec.scratch)
    sys.path[:] = [entry for entry in sys.path if entry]
    sys.argv[:] = [spec.app_file]
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _pass_on(*_: object, **__: object) -> None:
    """Nobody is there to type: a forgotten breakpoint() does nothing."""


def _serve(app: Any, listener: socket.socket, channel: socket.socket) -> None:
    import uvicorn

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn raises it once more when it is done
    server = uvicorn.Server(uvicorn.Config(app, **SERVER))
    started, stop = server.startup, server.shutdown

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await started(sockets=sockets)
        ORDERS.obey(channel, asyncio.get_running_loop())
        audit("grader.report", "started")

    async def shutdown(sockets: list[socket.socket] | None = None) -> None:
        audit("grader.report", "stopping")
        await stop(sockets=sockets)

    server.startup, server.shutdown = startup, shutdown  # type: ignore[method-assign]
    try:
        server.run(sockets=[listener])
    except SystemExit:
        fail("lifespan", 0, "")


def _stop() -> None:
    gc.collect()
    flush_output()
    audit("grader.stopped")
