"""Kills every process it may.

Outcome: fault, import: PermissionError
Only the kernel stops it.
"""

import os
import signal

os.kill(-1, signal.SIGKILL)
