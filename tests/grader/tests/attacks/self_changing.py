"""Writes the solution over its own file while it is judged.

Outcome: fault, import: PermissionError
"""

from pathlib import Path

Path(__file__).write_text("app = None")
