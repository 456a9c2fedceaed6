"""Lies beside files that Python or pytest would run if they looked here: they must not be run. Else it is honest.

Outcome: fails all, assertion: should be answered with 2
"""

# mypy: ignore-errors

import contextlib
import json
import statistics
from pathlib import Path

from fastapi import FastAPI

here = str(Path(__file__).parent)
assert not json.__file__.startswith(here) and not statistics.__file__.startswith(here)
with contextlib.suppress(ImportError):
    import planted_module

    raise AssertionError(planted_module)
app = FastAPI()
