"""Hands its work to a shell.

Outcome: fault, processes: may not start processes
Only the kernel stops it.
"""

import subprocess

subprocess.run(["/bin/sh", "-c", "sleep 600 &"], check=True)
