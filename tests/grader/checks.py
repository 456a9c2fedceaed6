"""Checks: plain functions that use an app as its client would, in the order in which a learner should see them fail."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any, TypeVar

CheckFunction = TypeVar("CheckFunction", bound=Callable[..., None])
T = TypeVar("T")
ARGUMENTS = ("client", "app", "rng", "upstream", "suite")


class CheckFileError(Exception):
    """A file of checks is missing, broken or breaks the rules; the message names file and line."""


@dataclass(frozen=True)
class Check:
    """One check: the task it belongs to, its function, and whether it wants an app of its own."""

    task: str
    function: Callable[..., None]
    is_fresh: bool
    seconds: float | None
    env: dict[str, str]
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def why(self) -> str:
        """The docstring in one line: why a client cares."""
        return " ".join((self.function.__doc__ or "").split())

    @property
    def arguments(self) -> tuple[str, ...]:
        """Which of `client`, `app`, `rng`, `upstream` and `suite` the function asks for."""
        return tuple(inspect.signature(self.function).parameters)


@dataclass(frozen=True)
class CheckFile:
    """A file of checks: the checks in order, and the variables that every app of the lesson is started with.

    A function `environment(rng: Random) -> dict[str, str]` in the file draws those variables once per report.
    """

    checks: tuple[Check, ...]
    environment: Callable[[Random], dict[str, str]]

    @property
    def wants_upstream(self) -> bool:
        """Whether any check needs the slow upstream service."""
        return any("upstream" in check.arguments for check in self.checks)

    @property
    def wants_suite(self) -> bool:
        """Whether the learner's file holds tests, to be run by the judge against its own APIs, instead of an app."""
        return any("suite" in check.arguments for check in self.checks)


def check(
    task: str,
    *,
    fresh: bool = False,
    seconds: float | None = None,
    env: dict[str, str] | None = None,
    files: dict[str, bytes] | None = None,
) -> Callable[[CheckFunction], CheckFunction]:
    """Mark a function as a check of `task` ("3.2").

    `fresh` gives it an app that no other check has used; so do `env`, variables on top of the lesson's, and `files`,
    laid in the app's working folder before it starts. `seconds` replaces the deadline of the whole check.
    """
    if not re.fullmatch(r"\d+\.\d+", task):
        raise ValueError(f"a task is numbered like 3.2, not {task!r}")

    def mark(function: CheckFunction) -> CheckFunction:
        function.__dict__["grader_check"] = Check(
            task, function, fresh or bool(env or files), seconds, env or {}, files or {}
        )
        return function

    return mark


def load_checks(path: Path) -> CheckFile:
    """Import a file of checks afresh; its checks are in file order."""
    if not path.is_file():
        raise CheckFileError(f"{path} does not exist: the lesson has no checks")
    name = f"grader_checks_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        line = getattr(error, "lineno", None) or _line(error, path)
        raise CheckFileError(f"{path}, line {line}: {type(error).__name__}: {error}") from error
    return CheckFile(tuple(checks_of(vars(module))), vars(module).get("environment", _no_variables))


def _no_variables(rng: Random) -> dict[str, str]:
    return {}


def checks_of(namespace: dict[str, Any]) -> Iterator[Check]:
    """Yield the checks defined in a module's namespace, in order; raise `CheckFileError` on unknown arguments."""
    for value in namespace.values():
        found = getattr(value, "__dict__", {}).get("grader_check")
        if isinstance(found, Check) and inspect.isfunction(value):
            unknown = set(found.arguments) - set(ARGUMENTS)
            if unknown:
                line = value.__code__.co_firstlineno
                raise CheckFileError(
                    f"{value.__code__.co_filename}, line {line}: {found.name} asks for {', '.join(sorted(unknown))}; "
                    f"a check is given {', '.join(ARGUMENTS)}"
                )
            yield found


def _line(error: BaseException, path: Path) -> int:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def together(*calls: Callable[[], T]) -> list[T]:
    """Run all calls at once, each in a thread, none before all are ready; return their results in order.

    The first exception among them is raised.
    """
    barrier = Barrier(len(calls))
    results: dict[int, T] = {}
    errors: list[BaseException] = []

    def run(number: int, call: Callable[[], T]) -> None:
        try:
            barrier.wait(10)
            results[number] = call()
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=run, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(calls))]
