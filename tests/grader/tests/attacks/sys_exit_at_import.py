"""Raises SystemExit(0) while it is imported.

Outcome: fault, exited: line 8: the file called sys.exit(0)
"""

import sys

sys.exit(0)
