"""Takes the rights to files away that it may not write: their modes, owners and attributes.

Outcome: fails all, assertion: should be answered with 2
Only the kernel stops it.
"""

import contextlib
import json
import os
from pathlib import Path

from fastapi import FastAPI

where = json.loads(Path(__file__).with_name("where.json").read_text())
for path in (where["checks"], where["outside"], where["outside"] + "/treasure.txt", __file__):
    with contextlib.suppress(OSError):
        os.chmod(path, 0)
    with contextlib.suppress(OSError):
        os.chown(path, 65534, 65534)
    with contextlib.suppress(OSError):
        os.setxattr(path, "user.planted", b"1")
handle = os.open(__file__, os.O_RDONLY)
with contextlib.suppress(OSError):
    os.fchmod(handle, 0o777)
app = FastAPI()
