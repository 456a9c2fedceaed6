"""Makes every text and dictionary equal to everything, by writing into the interpreter's memory.

Outcome: fault, tampered: ctypes
"""

import ctypes

SLOT = 25  # tp_richcompare
true_compare = ctypes.cast(id(type), ctypes.POINTER(ctypes.c_void_p))
for kind in (str, dict):
    ctypes.cast(id(kind), ctypes.POINTER(ctypes.c_void_p))[SLOT] = true_compare[SLOT]
ctypes.pythonapi.PyType_Modified(ctypes.py_object(str))
