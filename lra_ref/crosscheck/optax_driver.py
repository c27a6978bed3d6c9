"""Driving gradient transformations of Optax."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import numpy as np

from lra_ref.crosscheck.drivers import Driver, Grads, Objective, Tensors
from lra_ref.crosscheck.layouts import Layout

try:
    import jax
    import jax.numpy as jnp
    import optax  # type: ignore[import-untyped,unused-ignore]
except ImportError:
    raise ImportError("the framework optax needs JAX and Optax: pip install 'lra_ref[ports]'") from None


def _double() -> contextlib.AbstractContextManager[Any]:
    """64-bit numbers within the context only; JAX's own switch is put back."""
    # older releases have it among the experiments
    switch: Any = jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64
    return switch(True)  # type: ignore[no-any-return]


class OptaxDriver(Driver):
    """A factory ``OBJECT(**kwargs)``; params are a tuple of the trainable tensors, unused ones have zero gradients as in JAX."""

    framework = "optax"
    missing = "zero"
    precisions = ("float64", "float32", "bfloat16")

    def start(self, layout: Layout, tensors: Tensors, precision: str, parameters: dict[str, Any]) -> None:
        """The transformation and its state."""
        self.layout, self.dtype = layout, jnp.dtype(precision)
        self.tensors = [np.array(array, dtype=float) for array in tensors]
        self.chosen = [k for k, t in enumerate(layout.tensors) if t.trainable]
        with _double():
            self.transformation = optax.with_extra_args_support(self._made(parameters))
            self.params = tuple(jnp.asarray(self.tensors[k], dtype=self.dtype) for k in self.chosen)
            self.kept = self.transformation.init(self.params)

    def _made(self, parameters: dict[str, Any]) -> Any:
        """The port, or one per group behind ``optax.partition``."""
        if not self.groups:
            return self.port(**parameters)
        labels = tuple(self.layout.tensors[k].group for k in self.chosen)
        return optax.partition({k: self.port(**{**parameters, **settings}) for k, settings in enumerate(self.groups)}, labels)

    def step(self, gradients: Grads, objective: Objective) -> None:
        """``updates, state = update(gradients, state, params)``, then ``apply_updates``."""
        with _double():
            given = self._tree(gradients)
            extra: dict[str, Any] = {}
            if self.wants_objective:
                loss, _ = self._ask(objective, self.params, "present")
                extra = {"value": loss, "grad": given, "value_fn": lambda params: self._ask(objective, params, "present")[0]}
                extra |= {"objective": lambda params, sample="present": self._ask(objective, params, sample), "uniform": objective.uniform}
            updates, self.kept = self.transformation.update(given, self.kept, self.params, **extra)
            self.params = optax.apply_updates(self.params, updates)

    def _tree(self, gradients: Grads) -> Any:
        filled = [np.zeros(t.shape) if g is None else g for g, t in zip(gradients, self.layout.tensors, strict=True)]
        return tuple(jnp.asarray(filled[k], dtype=self.dtype) for k in self.chosen)

    def _ask(self, objective: Objective, params: Any, sample: str) -> tuple[Any, Any]:
        loss, gradients = objective(self._filled(params), sample)
        return jnp.asarray(loss, dtype=jnp.float64), self._tree(gradients)

    def _filled(self, params: Any) -> Tensors:
        tensors = [array.copy() for array in self.tensors]
        for k, value in zip(self.chosen, params, strict=True):
            tensors[k] = np.asarray(value, dtype=float)
        return tensors

    def x(self) -> Tensors:
        """The params, frozen tensors as they were."""
        return self._filled(self.params)

    def state(self) -> Any:
        """The state of the transformation."""
        return self.kept
