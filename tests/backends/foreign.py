"""An array that is not NumPy's: it takes NumPy's functions by the two protocols that CuPy has, and refuses to be mixed with NumPy arrays.

Like CuPy it computes with numbers and with its own kind only, never turns into a NumPy array by itself, and lets zero-dimensional results
stay arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Foreign(np.lib.mixins.NDArrayOperatorsMixin):
    """Wraps a NumPy array."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)

    def __len__(self) -> int:
        return len(self.array)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        assert method == "__call__", method
        return wrapped(ufunc(*(inside(value) for value in inputs), **options))

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return wrapped(function(*map(inside, arguments), **{k: inside(v) for k, v in options.items()}))

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self.array[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[index] = inside(value)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __getattr__(self, name: str) -> Any:
        if name not in ("reshape", "astype", "view", "copy", "all", "any", "sum"):
            raise AttributeError(name)
        return lambda *a, **o: wrapped(getattr(self.array, name)(*map(inside, a), **o))


def inside(value: Any) -> Any:
    """The NumPy array within; a NumPy array of one axis or more from outside is refused, as CuPy does."""
    if isinstance(value, Foreign):
        return value.array
    if isinstance(value, list | tuple):
        return type(value)(inside(item) for item in value)
    if isinstance(value, np.ndarray) and value.ndim > 0:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return value


def wrapped(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return Foreign(value)
    if isinstance(value, tuple | list):
        return type(value)(wrapped(item) for item in value)
    return value
