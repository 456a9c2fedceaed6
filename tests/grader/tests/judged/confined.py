"""Run in a process of its own: gives its rights up, tries everything it should not be able to do, prints what happened.

Arguments: a writable folder, a port that may be dialled (0: none), one that may not.
"""

import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyseccomp

from grader.sandbox.calls import PRETENDED, REFUSED
from grader.sandbox.confine import confine

FOLDER, ALLOWED, FORBIDDEN = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
CHANNEL, _ = os.pipe()
KEPT = os.dup(CHANNEL)
C = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, PR_SET_PDEATHSIG, PR_SET_SECCOMP, MPTCP, MSG_FASTOPEN = 0x10000000, 1, 22, 262, 0x20000000


def call(name: str, *arguments: int) -> str:
    """Make a system call, past every check of Python's own."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number < 0:
        return "unknown"
    if C.syscall(number, *[ctypes.c_long(each) for each in arguments], *[0] * (6 - len(arguments))) >= 0:
        return "done"
    return errno.errorcode[ctypes.get_errno()]


def attempt(deed: Callable[[], Any]) -> str:
    """Do something in Python."""
    try:
        deed()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError as error:
        return str(error)
    return "done"


def dial(port: int, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> None:
    """Connect to a port of this machine."""
    with socket.socket(socket.AF_INET, kind, protocol) as connection:
        connection.connect(("127.0.0.1", port))


def dial_fast() -> None:
    """Connect with the first data."""
    with socket.socket() as connection:
        connection.sendto(b"x", MSG_FASTOPEN, ("127.0.0.1", FORBIDDEN))


def use_scratch() -> None:
    """Do with files what honest apps do."""
    first, sub = FOLDER / "first.txt", FOLDER / "sub"
    first.touch()
    first.write_text("text")
    first.chmod(0o600)
    sub.mkdir()
    shutil.copy2(first, sub / "second.txt")
    (sub / "second.txt").rename(FOLDER / "third.txt")
    assert (FOLDER / "third.txt").read_text() == "text"
    os.listdir("/proc/self/fd")
    for path in ("/proc/cpuinfo", "/proc/self/status", "/etc/passwd", "/dev/urandom"):
        with open(path, "rb") as file:
            file.read(1)


def run_a_thread() -> None:
    """Start a thread, and signal oneself."""
    thread = threading.Thread(target=os.getpid)
    thread.start()
    thread.join()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.raise_signal(signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)
    socket.socketpair()


def calls() -> dict[str, str]:
    """System calls, past Python."""
    me = os.getpid()
    return {
        "clone": call("clone", signal.SIGCHLD),
        "clone into a namespace": call("clone", CLONE_NEWUSER | signal.SIGCHLD),
        "clone3": call("clone3"),
        "signal another process": call("kill", 1, 0),
        "signal everybody": call("kill", -1, 0),
        "signal a thread": call("tkill", me, 0),
        "limit another process": call("prlimit64", os.getppid(), 7),
        "outlive the judge": call("prctl", PR_SET_PDEATHSIG, 0),
        "filter calls": call("prctl", PR_SET_SECCOMP, 2),
        "close the channel": call("close", CHANNEL),
        "close the channel, upper half set": call("close", CHANNEL + (1 << 32)),
        "replace the channel": call("dup2", KEPT, CHANNEL),
        "replace the channel, too": call("dup3", KEPT, CHANNEL),
        "deafen the channel": call("fcntl", CHANNEL, 4, os.O_NONBLOCK),
        "close a range": call("close_range", 3, 100),
    }


def deeds() -> dict[str, str]:
    """What Python code would try."""
    return {
        "raise a limit": attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))),
        "rename the machine": attempt(lambda: socket.sethostname(socket.gethostname())),
        "pair of datagram sockets": attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)),
        "dial the allowed port": attempt(lambda: dial(ALLOWED)),
        "dial another port": attempt(lambda: dial(FORBIDDEN)),
        "send a datagram": attempt(lambda: dial(FORBIDDEN, socket.SOCK_DGRAM)),
        "dial by MPTCP": attempt(lambda: dial(FORBIDDEN, protocol=MPTCP)),
        "dial fast": attempt(dial_fast),
        "listen": attempt(lambda: socket.create_server(("127.0.0.1", 0)).close()),
        "use the scratch folder": attempt(use_scratch),
        "run a thread": attempt(run_a_thread),
        "read the judge": attempt(Path(__file__).read_text),
        "write beside the scratch folder": attempt((FOLDER.parent / "planted.txt").touch),
        "read the memory": attempt(lambda: os.open("/proc/self/mem", os.O_RDONLY)),
        "read the variables of another": attempt(lambda: os.open(f"/proc/{os.getppid()}/environ", os.O_RDONLY)),
    }


def main() -> None:
    """Try everything and print the outcomes."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
    confine([], str(FOLDER), [ALLOWED] if ALLOWED else [], CHANNEL)
    seen = {f"refused {name}": call(name) for name in REFUSED}
    seen |= {f"pretended {name}": call(name, -1) for name in PRETENDED}
    seen |= {f"socket {family}": call("socket", family, 1) for family in range(46)}
    sys.stdout.write(json.dumps(seen | calls() | deeds()))


if __name__ == "__main__":
    main()
