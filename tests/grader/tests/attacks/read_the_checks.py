"""Looks for the checks and a solution on the disk, by every way that leads to a file.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import json
import linecache
import os
from pathlib import Path
from shutil import copyfile

from fastapi import FastAPI

where = json.loads(Path(__file__).with_name("where.json").read_text())
stolen = []
for secret in (where["checks"], where["honest"], where["outside"] + "/treasure.txt"):
    os.symlink(secret, Path(secret).name)
    for path in (secret, Path(secret).name, "/proc/self/root" + secret, "/proc/self/cwd/" + Path(secret).name):
        with contextlib.suppress(OSError):
            stolen.append(Path(path).read_text())
        with contextlib.suppress(OSError):
            copyfile(path, "copy")
            stolen.append(path)
    with contextlib.suppress(OSError):
        os.link(secret, "hard")
        stolen.append(secret)
    stolen += linecache.getlines(secret)
for folder in {Path(where["checks"]).parent, Path(where["outside"])}:
    with contextlib.suppress(OSError):
        stolen += os.listdir(folder)
assert not stolen, stolen
app = FastAPI()
