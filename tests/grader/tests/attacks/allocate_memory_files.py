"""Puts memory into files that have no name and no process.

Outcome: fault, import: PermissionError
Only the kernel stops it.
"""

import os

files = [os.memfd_create("hoard") for _ in range(100)]
for file in files:
    os.write(file, bytes(50 * 2**20))
