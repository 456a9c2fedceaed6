"""In the child: imports the app's file and finds its one app, or reports what is wrong with it."""

import ast
import contextlib
import sys
import traceback
from collections.abc import Callable
from sys import audit
from types import ModuleType
from typing import Any

LONGEST_WORDS = 300


def load(app_file: str, name: str) -> Any:
    """Import the file as module `name` and return its one FastAPI app; report and return None if there is none."""
    module = ModuleType(name)
    module.__file__ = app_file
    sys.modules[name] = module
    try:
        with open(app_file, encoding="utf-8-sig") as file:  # some editors begin a file with a byte order mark
            source = file.read()
        code = compile(source, app_file, "exec")
    except SyntaxError as error:
        return fail("syntax", error.lineno or 0, f"{error.msg}")
    except Exception as error:
        return fail("import", 0, f"reading the file raised {_describe(error)}")
    try:
        exec(code, module.__dict__)
    except SystemExit as error:
        return fail("exited", _line_of(error, app_file), f"sys.exit({_words(repr, error.code)})")
    except BaseException as error:
        traceback.print_exc()
        return fail("import", _line_of(error, app_file), f"importing the file raised {_describe(error)}")
    audit("grader.report", "imported")
    return _the_app(module, source)


def fail(cause: str, line: int, detail: str) -> None:
    """Report that the app cannot be served."""
    flush_output()
    audit("grader.report", "fault", cause, line, detail)


def flush_output() -> None:
    """Let nothing that was printed be lost, whatever the app has put in the place of these files."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {_words(str, error)}".removesuffix(": ")


def _words(spell: Callable[[object], str], what: object) -> str:
    """Return `what` as text, "" when that raises: errors of an app may refuse to be read."""
    try:
        return spell(what)[:LONGEST_WORDS]
    except BaseException:
        return ""


def _line_of(error: BaseException, app_file: str) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == app_file), 0)


def _the_app(module: ModuleType, source: str) -> Any:
    try:
        cause, line, detail = _find_app(module, source)
    except BaseException as error:
        traceback.print_exc()
        return fail("import", 0, f"looking at `app` raised {_describe(error)}")
    return fail(cause, line, detail) if cause else module.__dict__["app"]


def _find_app(module: ModuleType, source: str) -> tuple[str, int, str]:
    """Return ("", 0, "") if the module has exactly one app, called `app`; else cause, line and detail."""
    from fastapi import FastAPI

    lines = _assignments(source)
    apps = {name: value for name, value in vars(module).items() if isinstance(value, FastAPI)}
    if "app" not in vars(module):
        other = next(iter(apps), "")
        if len(apps) > 1:
            return "two_apps", lines.get(list(apps)[1], [0])[0], " and ".join(apps)
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


REPORTERS = (load, fail)
