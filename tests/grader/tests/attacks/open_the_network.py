"""Asks other machines, by TCP, UDP, name lookup and Unix sockets.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import json
import socket
from pathlib import Path

from fastapi import FastAPI

where = json.loads(Path(__file__).with_name("where.json").read_text())
reached = []
for family, kind in [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM)]:
    with contextlib.suppress(OSError):
        probe = socket.socket(family, kind)
        probe.connect(("127.0.0.1", where["port"]))
        reached.append("loopback")
with contextlib.suppress(OSError):
    reached.append(str(socket.getaddrinfo("example.org", 80)))
with contextlib.suppress(OSError):
    server = socket.create_server(("0.0.0.0", 0))
    reached.append("listening")
for path in (where["neighbour"], "/var/run/docker.sock", "\0abstract"):
    with contextlib.suppress(OSError):
        probe = socket.socket(socket.AF_UNIX)
        probe.connect(path)
        reached.append(path)
with contextlib.suppress(OSError):
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.sendto(b"to the system's log", "/dev/log")
    reached.append("log")
for family in (socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK):
    with contextlib.suppress(OSError):
        socket.socket(family, socket.SOCK_RAW)
        reached.append(str(family))
assert not reached, reached
app = FastAPI()
