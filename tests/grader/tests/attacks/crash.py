"""Crashes the interpreter while it is imported.

Outcome: fault, crashed: crashed (SIGSEGV)
"""

# mypy: ignore-errors

import faulthandler

faulthandler._sigsegv()
