"""Asks the garbage collector for every object, the recorder among them, out of a trusted thread pool.

Outcome: fault, tampered: gc.get_objects
"""

import gc
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    everything = pool.submit(gc.get_objects).result()
