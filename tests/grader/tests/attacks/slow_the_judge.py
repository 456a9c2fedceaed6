"""Gives its parent the lowest priority.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import os

from fastapi import FastAPI

with contextlib.suppress(OSError):
    os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)
with contextlib.suppress(OSError):
    os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))
app = FastAPI()
