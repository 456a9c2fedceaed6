"""In the warm process: ends children for good, with everything that they have started or written."""

import contextlib
import os
import signal
from pathlib import Path

from grader.sandbox.folder import remove_folder


def end(pid: int, number: int = signal.SIGKILL) -> None:
    """Signal a child, and what it left in its group when it is to be killed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
    if number == signal.SIGKILL:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


def forget(pid: int, scratch: str) -> None:
    """Wait for a child that was killed together with its judge, and remove what nobody else will."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    remove_folder(Path(scratch).parent)


def end_strays(children: set[int]) -> None:
    """End what an app left behind outside its process group: orphans are handed to this process (Linux)."""
    path = f"/proc/self/task/{os.getpid()}/children"
    if os.path.exists(path):
        with open(path) as file:
            for pid in {int(word) for word in file.read().split()} - children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
