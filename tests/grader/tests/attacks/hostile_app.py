"""Offers an app whose attributes raise when somebody looks for them.

Outcome: fault, import: looking at `app`
"""

import os

from fastapi import FastAPI


class Hostile(FastAPI):
    """An app that does not want to be looked at."""

    @property
    def routes(self) -> None:  # type: ignore[override]
        os._exit(0) if os.environ.get("LEAVE") else None
        raise SystemExit(0)


app = Hostile()
