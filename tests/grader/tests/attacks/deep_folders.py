"""Nests folders so deeply that removing them overflows the remover's stack.

Outcome: fault, output: folders nested too deeply
"""

import os

while True:
    os.mkdir("deeper")
    os.chdir("deeper")
