"""Imports the judge and looks for it in what is already imported.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import importlib
import sys

from fastapi import FastAPI

found = [name for name in sys.modules if name.startswith("grader")]
for name in ("grader", "grader.judge", "grader.sandbox.child", "grader.sandbox.events"):
    try:
        found.append(repr(importlib.import_module(name)))
    except (ImportError, PermissionError):
        continue
assert not found, found
app = FastAPI()
