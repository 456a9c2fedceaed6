"""Loads the C library from a worker thread, where its own code is not on the stack, to make raw system calls.

Outcome: fault, tampered: ctypes
"""

import ctypes
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    library = pool.submit(ctypes.CDLL, None).result()
library.ptrace(0, 0, 0, 0)
