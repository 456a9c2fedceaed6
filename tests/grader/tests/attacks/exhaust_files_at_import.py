"""Opens files until the server cannot even be started.

Outcome: fault, crashed: ended with
"""

import contextlib
import os

from fastapi import FastAPI

app = FastAPI()
with contextlib.suppress(OSError):
    while True:
        os.open(os.devnull, os.O_RDONLY)
