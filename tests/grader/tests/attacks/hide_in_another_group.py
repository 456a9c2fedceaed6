"""Moves into the process group of the judge, where it hopes not to be found, and stays.

Outcome: fault, hung: was not ready
Only the kernel stops it.
"""

import contextlib
import os

with contextlib.suppress(OSError):
    os.setpgid(0, os.getppid())
with contextlib.suppress(OSError):
    os.setsid()
while True:
    pass
