"""Counts what a model is given at once, without asking objects that an app may have made to lie."""

import operator
import sys
from collections.abc import Callable
from typing import Any


def make_counter() -> Callable[[Any], int]:
    """How many texts or images are given at once, as the own C functions of lists, tuples and arrays tell it."""
    kind_of, is_list, is_tuple = type, list.__subclasscheck__, tuple.__subclasscheck__
    list_length, tuple_length, integer = list.__len__, tuple.__len__, int
    arrays = []
    for module, name, base in (("numpy", "ndarray", "ndarray"), ("torch", "Tensor", "_C.TensorBase")):
        if module in sys.modules:
            owner = operator.attrgetter(base)(sys.modules[module])
            arrays.append((getattr(sys.modules[module], name), vars(owner)["shape"].__get__))

    def size(items: Any) -> int:
        kind = kind_of(items)
        if is_list(kind):
            return list_length(items)
        if is_tuple(kind):
            return tuple_length(items)
        for array, shape_of in arrays:
            if kind is array:
                shape = shape_of(items)
                return integer(shape[0]) if shape else 1
        return 1

    return size
