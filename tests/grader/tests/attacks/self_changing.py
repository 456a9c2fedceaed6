"""Writes the solution over its own file while it is judged.

Outcome: fault, import: PermissionError
Only the kernel stops it.
"""

from pathlib import Path

Path(__file__).write_text("app = None")
