"""Models to drive a port with: tensors of odd shapes, parameter groups, and tensors that an optimizer must leave alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.parameters import unknown
from lra_ref.typing import Array


@dataclass(frozen=True)
class Tensor:
    """One tensor of a model.

    ``group``: number of its parameter group.  ``trainable=False``: a frozen parameter.  ``used=False``: it never has a gradient (None).
    ``contiguous=False``: the port gets it with its axes stored in reversed order, where the framework can.
    """

    shape: tuple[int, ...]
    group: int = 0
    trainable: bool = True
    used: bool = True
    contiguous: bool = True

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def moves(self) -> bool:
        """Whether an optimizer may move it."""
        return self.trainable and self.used and self.size > 0


@dataclass(frozen=True)
class Layout:
    """The tensors of a model; its flat vector holds all of them one after another, in the order of their indices (C order)."""

    name: str
    tensors: tuple[Tensor, ...]

    @property
    def offsets(self) -> Array:
        """Where the tensors begin and end in the flat vector, shape (tensors + 1,); an empty tensor begins where it ends."""
        return np.concatenate([[0], np.cumsum([tensor.size for tensor in self.tensors])]).astype(np.int64)

    @property
    def dim(self) -> int:
        """Length of the flat vector."""
        return int(self.offsets[-1])

    def slices(self) -> list[slice]:
        """The place of every tensor in the flat vector."""
        return [slice(lo, hi) for lo, hi in pairwise(self.offsets.tolist())]

    def split(self, flat: Array) -> list[Array]:
        """The flat vector as tensors (copies)."""
        return [flat[part].reshape(t.shape).copy() for part, t in zip(self.slices(), self.tensors, strict=True)]

    def join(self, tensors: Sequence[Array | None]) -> Array:
        """Tensors as one flat vector, zeros for None."""
        parts = [np.zeros(t.size) if array is None else np.ravel(array) for array, t in zip(tensors, self.tensors, strict=True)]
        return np.concatenate([np.zeros(0), *parts]).astype(float)


def flat_layout(name: str, offsets: Any) -> Layout:
    """One-dimensional tensors that are the blocks of a flat vector."""
    return Layout(name, tuple(Tensor((int(size),)) for size in np.diff(offsets)))


#: names of the models; every comparison uses all of them unless one is asked for
LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("vector", (Tensor((7,)),)),
        Layout("model", (Tensor((3, 4)), Tensor((4,)), Tensor((1,)), Tensor((2, 1, 3), contiguous=False), Tensor(()))),
        Layout("groups", (Tensor((2, 3)), Tensor((3,)), Tensor((5, 2), group=1, contiguous=False), Tensor((2,), group=1))),
        Layout("awkward", (Tensor((0, 5)), Tensor((4, 2)), Tensor((3,), trainable=False), Tensor((2,), used=False), Tensor((5,)))),
    )
}


def layout_named(name: str) -> Layout:
    """A model by name, or by the shapes of its tensors as in ``3x4,4,2x1x3``."""
    if name in LAYOUTS:
        return LAYOUTS[name]
    try:
        shapes = [tuple(int(n) for n in text.split("x")) for text in name.split(",")]
    except ValueError:
        raise ValueError(unknown("layout", name, LAYOUTS) + "; or shapes as in 3x4,4,2x1x3") from None
    if any(n < 0 for shape in shapes for n in shape):
        raise ValueError(f"the sizes of a layout must not be negative, got {name}")
    if not any(math.prod(shape) for shape in shapes):
        raise ValueError(f"a layout must have at least one element, got {name}")
    return Layout(name, tuple(Tensor(shape) for shape in shapes))
