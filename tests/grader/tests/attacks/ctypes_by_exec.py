"""Loads the C library from code that says to come from another file.

Outcome: fault, tampered: ctypes
"""

exec(compile("import ctypes\nctypes.CDLL(None).getpid()", "<string>", "exec"))
