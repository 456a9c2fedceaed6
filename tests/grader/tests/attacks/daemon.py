"""Leaves a daemon behind by a double fork, in a session of its own.

Outcome: fault, processes: may not start processes
Only the kernel stops it.
"""

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
