"""Stops its own process (SIGSTOP), so that nothing in it can end.

Outcome: fault, hung: was not ready
"""

import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
