"""Adds an audit hook of its own that vetoes what the judge wants to see.

Outcome: fault, tampered: sys.addaudithook
"""

import sys


def veto(event: str, args: object) -> None:
    """Refuse."""
    if event == "open":
        raise RuntimeError


sys.addaudithook(veto)
