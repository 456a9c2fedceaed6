"""Traces threads, to see the frames of the judge's functions.

Outcome: fault, tampered: sys.setprofile
"""

import threading

threading.setprofile(lambda frame, event, argument: None)
thread = threading.Thread(target=len, args=("",))
thread.start()
thread.join()
