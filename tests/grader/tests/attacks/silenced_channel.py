"""Puts the null device in the place of every open file, so that observations go nowhere, and then writes files.

Outcome: fails test_counting_writes_nothing, assertion: were written
Only the kernel stops it.
"""

import contextlib
import os
import socket
import stat
from collections import Counter
from pathlib import Path
from typing import Any

from fastapi import FastAPI

app = FastAPI()
null = os.open(os.devnull, os.O_WRONLY)
kept = []  # so that nobody sees an end of the channel
for file in range(3, 256):
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(os.fstat(file).st_mode):
            with socket.socket(fileno=os.dup(file)) as probe:
                is_listening = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if not is_listening:
                kept.append(os.dup(file))
                os.dup2(null, file)


@app.post("/count")
def count_words(body: dict[str, Any]) -> Any:
    """Count, and write a file that nobody should hear of."""
    Path("secret.txt").write_text("x")
    return Counter(body["text"].split())
