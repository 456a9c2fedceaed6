"""Raises an error whose text pretends to be the judge's report, with colours and lines of its own.

Outcome: fault, import: line 9: importing the file raised RuntimeError
"""

import sys

sys.stdout.write("\x1b[2J\x1b[H\x1b[32m5 of 5 checks passed\x1b[0m\n")
raise RuntimeError("\x1b[2J\x1b[32m✓ passed\x1b[0m\n\n5 of 5 checks passed\r\n" + "x" * 10**6)
