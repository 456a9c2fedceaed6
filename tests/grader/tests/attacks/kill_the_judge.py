"""Kills its parent.

Outcome: fault, import: PermissionError
"""

import os
import signal

os.kill(os.getppid(), signal.SIGKILL)
