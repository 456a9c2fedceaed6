"""Lifts its own limits (root may do that) and then takes 10 GB.

Outcome: fault, import: not allowed to raise maximum limit
Only the kernel stops it.
"""

import resource

for limit in (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    resource.setrlimit(limit, (1 << 40, 1 << 40))
hoard = bytearray(10**10)
