"""Reads memory, variables and command line of its parents, and its own memory, in search of answers.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import os

from fastapi import FastAPI

found = []
for process in ("self", "thread-self", str(os.getpid()), str(os.getppid()), "1"):
    for name in ("mem", "environ", "cmdline", "auxv", "pagemap", "root/etc/shadow", "task/1/mem"):
        try:
            with open(f"/proc/{process}/{name}", "rb", buffering=0) as file:
                file.read(1)
            found.append(f"{process}/{name}")
        except OSError:
            continue
assert not found, found
app = FastAPI()
