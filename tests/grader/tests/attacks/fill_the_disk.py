"""Writes one file after the other until the disk is full.

Outcome: fault, output: MB into its folder and was stopped
"""

from pathlib import Path

for number in range(10**6):
    Path(f"{number}.bin").write_bytes(bytes(8 * 2**20))
