"""Removes everything in its folder, makes it unreadable, and puts links to foreign places there.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import json
import os
import shutil
from pathlib import Path

from fastapi import FastAPI

here = Path.cwd()
where = json.loads(Path(__file__).with_name("where.json").read_text())
for path in here.iterdir():
    path.unlink()
os.mkdir("locked")
Path("locked", "file").touch()
os.chmod("locked", 0)
os.symlink(where["outside"], "link")
os.symlink(where["outside"], "locked/link") if os.access("locked", os.W_OK) else None
with contextlib.suppress(OSError):
    shutil.rmtree(here.parent)
with contextlib.suppress(OSError):
    here.rename(here.with_name("elsewhere"))
app = FastAPI()
