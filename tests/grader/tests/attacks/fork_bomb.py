"""Forks for ever, at import and whatever is raised.

Outcome: fault, hung: was not ready
Only the kernel stops it.
"""

import contextlib
import os

while True:
    with contextlib.suppress(OSError):
        os.fork()
