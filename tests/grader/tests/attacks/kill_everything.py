"""Kills every process it may.

Outcome: fault, import: PermissionError
"""

import os
import signal

os.kill(-1, signal.SIGKILL)
