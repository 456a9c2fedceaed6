"""The judge of the course: it serves a learner's file from a child process and asks it as a client would."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.checks import check, together
    from grader.sandbox.app import App, AppDied
    from grader.sandbox.client import Client
    from grader.sandbox.hold import Hold, frozen
    from grader.sandbox.observations import Construction, Encode, Observed
    from grader.sandbox.pending import Pending
    from grader.suite import Suite, SuiteRun
    from grader.upstream import Upstream

__all__ = [
    "App",
    "AppDied",
    "Client",
    "Construction",
    "Encode",
    "Hold",
    "Observed",
    "Pending",
    "Suite",
    "SuiteRun",
    "Upstream",
    "check",
    "frozen",
    "together",
]

HOMES = {
    "check": "grader.checks",
    "together": "grader.checks",
    "App": "grader.sandbox.app",
    "AppDied": "grader.sandbox.app",
    "Client": "grader.sandbox.client",
    "Construction": "grader.sandbox.observations",
    "Encode": "grader.sandbox.observations",
    "Hold": "grader.sandbox.hold",
    "frozen": "grader.sandbox.hold",
    "Observed": "grader.sandbox.observations",
    "Pending": "grader.sandbox.pending",
    "Suite": "grader.suite",
    "SuiteRun": "grader.suite",
    "Upstream": "grader.upstream",
}


def __getattr__(name: str) -> Any:
    """Import what checks use when they first use it: the command line must not wait for an HTTP client."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(HOMES[name]), name)
