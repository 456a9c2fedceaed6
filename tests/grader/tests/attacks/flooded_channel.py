"""Writes a line without end to the judge's channel, to use up the judge's memory.

Outcome: fault, tampered: the judge did not write
"""

import contextlib
import os
import stat

for file in range(3, 256):
    with contextlib.suppress(OSError):
        while stat.S_ISSOCK(os.fstat(file).st_mode):
            os.write(file, b"x" * 65536)
