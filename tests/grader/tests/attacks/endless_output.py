"""Prints for ever.

Outcome: fault, output: MB and was stopped
"""

import sys

while True:
    sys.stdout.write("nothing " * 10000)
