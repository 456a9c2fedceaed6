"""Ends the process with a success code while it is imported.

Outcome: fault, exited: ended its own process (exit code 0
"""

import os

os._exit(0)
