"""Lets the kernel swallow what is written to the judge's channel, with the very library that confines it.

Outcome: fails test_counting_writes_nothing, assertion: were written
Only the kernel stops it.
"""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

from fastapi import FastAPI

with contextlib.suppress(Exception):
    import pyseccomp

    for file in range(3, 256):
        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        rules.add_rule(pyseccomp.ERRNO(0), "write", pyseccomp.Arg(0, pyseccomp.EQ, file))
        rules.load()
app = FastAPI()


@app.post("/count")
def count_words(body: dict[str, Any]) -> Any:
    """Count, and write a file that nobody should hear of."""
    Path("secret.txt").write_text("x")
    return Counter(body["text"].split())
