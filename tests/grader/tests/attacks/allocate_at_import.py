"""Asks for 10 GB at once.

Outcome: fault, memory: wanted more than
"""

hoard = bytearray(10**10)
