"""Kills its parent.

Outcome: fault, import: PermissionError
Only the kernel stops it.
"""

import os
import signal

os.kill(os.getppid(), signal.SIGKILL)
