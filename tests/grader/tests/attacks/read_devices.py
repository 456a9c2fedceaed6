"""Reads disks and memory as devices, where every file of the machine lies.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import os
from pathlib import Path

from fastapi import FastAPI

read = []
for device in ("mem", "kmem", "port", "vda", "vda1", "sda", "sda1", "nvme0n1", "loop0", "kmsg", "tty", "fuse"):
    with contextlib.suppress(OSError), open(f"/dev/{device}", "rb", buffering=0) as file:
        read.append(f"{device} {file.read(1)!r}")
with contextlib.suppress(OSError):
    read.append(Path("/etc/shadow").read_text())
with contextlib.suppress(OSError):
    os.mknod("disk", 0o600 | 0o060000, os.makedev(254, 0))
    read.append("made a device")
assert not read, read
app = FastAPI()
