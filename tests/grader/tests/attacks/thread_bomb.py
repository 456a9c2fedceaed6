"""Starts threads with tiny stacks for ever.

Outcome: fault, processes: threads and was stopped
"""

import contextlib
import threading

threading.stack_size(64 * 1024)
gate = threading.Event()
while True:
    with contextlib.suppress(RuntimeError):
        threading.Thread(target=gate.wait, daemon=True).start()
