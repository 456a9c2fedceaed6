"""Makes empty files until the file system has no more names.

Outcome: fault, output: files into its folder and was stopped
"""

from pathlib import Path

for number in range(10**8):
    Path(f"{number}").touch()
