"""Ends the channel on which observations go, and then writes files.

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


def shut() -> None:
    """Shut every connected socket for writing, then close it."""
    for file in range(3, 256):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(file).st_mode) and not _is_listening(file):
                socket.socket(fileno=os.dup(file)).shutdown(socket.SHUT_RDWR)
                os.close(file)


def _is_listening(file: int) -> bool:
    with socket.socket(fileno=os.dup(file)) as probe:
        return bool(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


shut()


@app.post("/count")
def count_words(body: dict[str, Any]) -> Any:
    """Count, and write a file that nobody should hear of."""
    with contextlib.suppress(OSError):
        Path("secret.txt").write_text("x")
    return Counter(body["text"].split())
