"""From a fresh fork to the child: a process group, descriptors and signals of its own, and nothing of its parent's."""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import traceback
from typing import Any, NamedTuple

from grader.sandbox import child

PR_SET_PDEATHSIG = 1
FILES_PER_LAUNCH = 3
LISTENER, REPORT, OUTPUT = 200, 201, 202  # far from what a learner prints and reads


class Launch(NamedTuple):
    """What a forked child has to become: a spec as plain data, and its three descriptors."""

    spec: dict[str, Any]
    files: list[int]


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def become_child(launch: Launch) -> None:
    """Turn this process, a fresh fork, into the child that serves the app; never return."""
    status = 1
    try:
        os.setpgid(0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for which in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(which, signal.SIG_DFL)
        _only(launch.files)
        child.open_output()
        spec = child.Spec(**launch.spec)
        launch.spec.clear()  # it holds the key
        child.run(spec, socket.socket(fileno=LISTENER), socket.socket(fileno=REPORT))
        status = 0
    except BaseException:
        with contextlib.suppress(BaseException):
            traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):  # the app may have put anything in their place
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _only(files: list[int]) -> None:
    """Put the three descriptors at their places, close every other; give the standard input nothing to read."""
    kept = [os.dup(file) for file in files]
    for file, place in zip(kept, (LISTENER, REPORT, OUTPUT), strict=True):
        os.dup2(file, place)
    os.closerange(3, LISTENER)
    os.closerange(OUTPUT + 1, 4096)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for standard in (1, 2):
        os.dup2(OUTPUT, standard)
    os.close(OUTPUT)
