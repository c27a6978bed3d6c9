"""Driving a port: the same tensors and gradients go to every framework, x and state come back as NumPy arrays.

==============  =====================================================================================================================
framework       what the port is
==============  =====================================================================================================================
``torch``       a class ``OBJECT(params, **kwargs)`` with ``step()``, as those of torch.optim
``optax``       a factory ``OBJECT(**kwargs)`` of a GradientTransformation, with or without extra arguments
``keras-like``  a class ``OBJECT(**kwargs)`` with ``apply_gradients(grads_and_vars)`` or ``apply(grads, vars)``
``callable``    a class or factory ``OBJECT(tensors, **kwargs)`` of an object with ``step(gradients)``, or a function
                ``f(tensors, gradients, state, **kwargs) -> (tensors, state)``; tensors and gradients are lists of NumPy arrays
==============  =====================================================================================================================

A method that looks at other points or at the loss (GALA, line searches, SALERA) needs the *objective*, see :class:`Objective`:

- torch: ``step(closure)``; ``closure(sample="present")`` evaluates the parameters as they stand, fills ``.grad`` and returns the loss, and
  the port may move its parameters and call again; ``closure.uniform`` is the uniform number of the step;
- optax: the extra arguments ``value``, ``grad``, ``value_fn`` of optax, and ``objective(params, sample) -> (loss, gradients)``;
- keras-like: ``apply_gradients(grads_and_vars, objective=...)``;
- callable: ``step(objective)`` in place of ``step(gradients)``, and ``f(tensors, objective, state)``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from lra_ref.crosscheck.layouts import Layout, Tensor
from lra_ref.crosscheck.sequences import Gradients, Sample
from lra_ref.crosscheck.ulp import rounded
from lra_ref.oracles.philox import RANDOM, uniforms
from lra_ref.parameters import unknown
from lra_ref.typing import Array

Tensors = list[Array]
Grads = list[Array | None]


class Objective:
    """What a port may ask at step t: ``objective(tensors, sample) -> (loss, gradients)``, None for a tensor without gradient.

    ``sample``: "present" (the batch of this step), "last" (that of the step before), "fresh" (a batch of this step that is independent of
    it), "last_fresh", "full" (no noise).  ``product(tensors, along, sample)``: the Hessian times ``along``.  ``uniform``: the uniform
    number of the step, from which a random point on the segment is made.
    """

    SAMPLES: ClassVar[dict[str, tuple[str, int]]] = {
        "present": ("step", 0),
        "last": ("step", -1),
        "fresh": ("fresh", 0),
        "last_fresh": ("fresh", -1),
        "full": ("full", 0),
    }

    def __init__(self, layout: Layout, sequence: Gradients, precision: str, seed: int = 0) -> None:
        self.layout, self.sequence, self.precision, self.seed, self.t = layout, sequence, precision, seed, 0

    @property
    def uniform(self) -> float:
        """The uniform number of this step, in (0, 1)."""
        return float(uniforms(self.seed, 0, self.t, RANDOM, 1)[0])

    def __call__(self, tensors: Sequence[Any], sample: str = "present") -> tuple[float, Grads]:
        """Loss and gradients of the tensors on the sample."""
        loss, flat = self.sequence.evaluate(self._key(sample), self.layout.join([np.asarray(array, dtype=float) for array in tensors]))
        return loss, self._split(flat)

    def product(self, tensors: Sequence[Any], along: Sequence[Any], sample: str = "present") -> Grads:
        """Hessian at the tensors times ``along``, on the sample."""
        x, v = (self.layout.join([None if array is None else np.asarray(array, dtype=float) for array in one]) for one in (tensors, along))
        return self._split(self.sequence.product(self._key(sample), x, v))

    def _key(self, sample: str) -> Sample:
        if sample not in self.SAMPLES:
            raise ValueError(unknown("sample", sample, self.SAMPLES))
        if sample == "full":
            return ("full", 0)
        stream, shift = self.SAMPLES[sample]
        if self.t + shift < 0:
            raise ValueError(f"there is no sample {sample!r} at step 0")
        return (stream, self.t + shift)

    def _split(self, flat: Array) -> Grads:
        split = self.layout.split(rounded(flat, self.precision))
        given = self.layout.split(self.sequence.present(self.t, self.layout.dim))
        return [g if (t.moves and here.any()) or not t.size else None for g, here, t in zip(split, given, self.layout.tensors, strict=True)]


class Driver:
    """One run of a port."""

    framework: ClassVar[str] = ""
    #: what becomes of a tensor that never has a gradient
    missing: ClassVar[str] = "skip"
    precisions: ClassVar[tuple[str, ...]] = ("float64", "float32")

    def __init__(self, port: Callable[..., Any], wants_objective: bool, groups: Sequence[dict[str, Any]] = ()) -> None:
        self.port, self.wants_objective, self.groups = port, wants_objective, tuple(groups)

    def start(self, layout: Layout, tensors: Tensors, precision: str, parameters: dict[str, Any]) -> None:
        """Make the port on these tensors."""
        raise NotImplementedError

    def step(self, gradients: Grads, objective: Objective) -> None:
        """One step of the port."""
        raise NotImplementedError

    def x(self) -> Tensors:
        """The tensors, float64 copies."""
        raise NotImplementedError

    def state(self) -> Any:
        """The tree in which state is looked up, see :mod:`lra_ref.crosscheck.trees`."""
        raise NotImplementedError


def stored(array: Array, tensor: Tensor, dtype: Any) -> Array:
    """The array as the port gets it: its dtype, and reversed strides where the tensor is not contiguous."""
    copied = np.array(array, dtype=dtype, order="C")
    return copied if tensor.contiguous else np.array(copied, order="F")


class CallableDriver(Driver):
    """Plain Python and NumPy."""

    framework = "callable"

    def start(self, layout: Layout, tensors: Tensors, precision: str, parameters: dict[str, Any]) -> None:
        """An object with ``step``, or a function that carries its state."""
        self.layout, self.dtype = layout, np.dtype(precision)
        self.tensors: list[Any] = [stored(array, t, self.dtype) for array, t in zip(tensors, layout.tensors, strict=True)]
        self.parameters, self.kept = parameters, None
        self.object = None if carries_state(self.port) else self.port(list(self.tensors), **parameters)
        if self.object is not None and not hasattr(self.object, "step"):
            raise TypeError(f"{_name(self.port)} must give an object with step(gradients), got {type(self.object).__name__}")

    def step(self, gradients: Grads, objective: Objective) -> None:
        """``tensors = object.step(gradients)``, or ``tensors, state = f(tensors, gradients, state)``."""
        given: Any = objective
        if not self.wants_objective:
            given = [None if g is None else stored(g, t, self.dtype) for g, t in zip(gradients, self.layout.tensors, strict=True)]
        if self.object is None:
            self.tensors, self.kept = self.port(list(self.tensors), given, self.kept, **self.parameters)
            return
        moved = self.object.step(given)
        if moved is not None:
            self.tensors = list(moved)

    def x(self) -> Tensors:
        """What the step returned, or what it left in the tensors."""
        return [np.array(array, dtype=float) for array in self.tensors]

    def state(self) -> Any:
        """The object, or the state of the function."""
        return self.kept if self.object is None else self.object


class Variable:
    """A variable as Keras optimizers use it: ``assign``, ``assign_add``, ``assign_sub``, ``value``, ``numpy``, arithmetic through NumPy."""

    def __init__(self, array: Array, name: str, trainable: bool = True) -> None:
        self.array, self.name, self.path, self.trainable = array, name, name, trainable

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype.name)
    value = property(lambda self: self.array)

    def numpy(self) -> Array:
        """A copy of the value."""
        return self.array.copy()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array(self.array, dtype=dtype)

    def assign(self, value: Any) -> Variable:
        """Take a new value, in the dtype of the variable."""
        self.array = np.array(np.broadcast_to(value, self.array.shape), dtype=self.array.dtype)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add."""
        return self.assign(self.array + np.asarray(value))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract."""
        return self.assign(self.array - np.asarray(value))


class KerasDriver(Driver):
    """Objects that look like Keras optimizers, on :class:`Variable`; frozen ones are left out, as ``model.trainable_variables`` does."""

    framework = "keras-like"

    def start(self, layout: Layout, tensors: Tensors, precision: str, parameters: dict[str, Any]) -> None:
        """The optimizer, built on the trainable variables if it has ``build``."""
        self.layout, self.dtype = layout, np.dtype(precision)
        self.variables = [
            Variable(stored(array, t, self.dtype), f"variable_{k}", t.trainable)
            for k, (array, t) in enumerate(zip(tensors, layout.tensors, strict=True))
        ]
        self.trainable = [variable for variable in self.variables if variable.trainable]
        self.optimizer = self.port(**parameters)
        if hasattr(self.optimizer, "build"):
            self.optimizer.build(self.trainable)

    def step(self, gradients: Grads, objective: Objective) -> None:
        """``apply_gradients`` or ``apply``."""
        given = [None if g is None else stored(g, t, self.dtype) for g, t in zip(gradients, self.layout.tensors, strict=True)]
        chosen = [g for g, variable in zip(given, self.variables, strict=True) if variable.trainable]
        extra = {"objective": objective} if self.wants_objective else {}
        if hasattr(self.optimizer, "apply_gradients"):
            self.optimizer.apply_gradients(list(zip(chosen, self.trainable, strict=True)), **extra)
        else:
            self.optimizer.apply(chosen, self.trainable, **extra)

    def x(self) -> Tensors:
        """The values of the variables."""
        return [np.array(variable.array, dtype=float) for variable in self.variables]

    def state(self) -> Any:
        """The optimizer."""
        return self.optimizer


def carries_state(port: Any) -> bool:
    """Whether the port is a function ``f(tensors, gradients, state, ...)``."""
    if inspect.isclass(port):
        return False
    try:
        names = list(inspect.signature(port).parameters)
    except (TypeError, ValueError):
        return False
    return len(names) >= 3 and names[2] == "state"


def _name(port: Any) -> str:
    return str(getattr(port, "__name__", port))


FRAMEWORKS = ("callable", "keras-like", "optax", "torch")


def make_driver(framework: str, port: Callable[..., Any], wants_objective: bool, groups: Sequence[dict[str, Any]] = ()) -> Driver:
    """The driver of a framework; ``groups``: what the port gets for every parameter group, beyond what all have.

    Raises ``ValueError`` for an unknown framework and for groups where there are none, and ``ImportError``, with what to install, for a
    framework that is not there.
    """
    if framework not in FRAMEWORKS:
        raise ValueError(unknown("framework", framework, FRAMEWORKS))
    if groups and framework not in ("torch", "optax"):
        raise ValueError(f"the framework {framework} has no parameter groups with settings of their own: torch and optax have")
    if framework == "torch":
        from lra_ref.crosscheck.torch_driver import TorchDriver

        return TorchDriver(port, wants_objective, groups)
    if framework == "optax":
        from lra_ref.crosscheck.optax_driver import OptaxDriver

        return OptaxDriver(port, wants_objective, groups)
    return (CallableDriver if framework == "callable" else KerasDriver)(port, wants_objective)


def framework_of(port: Any) -> str:
    """The framework of a port that does not say: torch for classes derived from torch's Optimizer, else callable."""
    names = [f"{base.__module__}.{base.__name__}" for base in getattr(port, "__mro__", ())]
    return "torch" if "torch.optim.optimizer.Optimizer" in names else "callable"
