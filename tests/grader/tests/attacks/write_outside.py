"""Writes, renames, links and removes where it must not: next to itself, at the checks, in the packages, in /tmp.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path

import fastapi
from fastapi import FastAPI

where = json.loads(Path(__file__).with_name("where.json").read_text())
packages = Path(fastapi.__file__).parents[1]
done: list[object] = []
for folder in (Path(__file__).parent, Path(where["checks"]).parent, packages, where["outside"], "/tmp", "/var/tmp"):
    for name in ("sitecustomize.py", "planted.pth", "conftest.py"):
        with contextlib.suppress(OSError):
            Path(folder, name).write_text("raise SystemExit(0)")
            done.append(Path(folder, name))
for path in (__file__, where["checks"], where["outside"] + "/treasure.txt", fastapi.__file__):
    with contextlib.suppress(OSError):
        os.truncate(path, 0)
        done.append(path)
    with contextlib.suppress(OSError):
        os.rename(path, path + ".old")
        done.append(path)
    with contextlib.suppress(OSError):
        os.unlink(path)
        done.append(path)
tempfile.tempdir = None
assert not done, done
app = FastAPI()
