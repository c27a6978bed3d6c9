"""Driving optimizers of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.crosscheck.drivers import Driver, Grads, Objective, Tensors
from lra_ref.crosscheck.layouts import Layout, Tensor
from lra_ref.crosscheck.trees import plain
from lra_ref.typing import Array

try:
    import torch
except ImportError:
    raise ImportError("the framework torch needs PyTorch: pip install 'lra_ref[ports]'") from None


class TorchDriver(Driver):
    """A class ``OBJECT(params, **kwargs)``; several groups become parameter groups."""

    framework = "torch"
    precisions = ("float64", "float32", "bfloat16")

    def start(self, layout: Layout, tensors: Tensors, precision: str, parameters: dict[str, Any]) -> None:
        """Parameters, frozen ones included, and the optimizer over them."""
        self.layout, self.dtype = layout, getattr(torch, precision)
        self.parameters = []
        for array, tensor in zip(tensors, layout.tensors, strict=True):
            self.parameters.append(torch.nn.Parameter(self._tensor(array, tensor), requires_grad=tensor.trainable))
        groups: dict[int, list[Any]] = {}
        for parameter, tensor in zip(self.parameters, layout.tensors, strict=True):
            groups.setdefault(tensor.group, []).append(parameter)
        params: Any = self.parameters
        if len(groups) > 1:
            params = [{"params": group, **_tuples(self.groups[k] if self.groups else {})} for k, group in sorted(groups.items())]
        self.order = [id(parameter) for _, group in sorted(groups.items()) for parameter in group]
        self.optimizer = self.port(params, **_tuples(parameters))

    def _tensor(self, array: Array, tensor: Tensor) -> Any:
        made = torch.from_numpy(np.array(array, dtype=float, order="C")).to(self.dtype)
        if tensor.contiguous or made.dim() < 2:
            return made
        axes = tuple(reversed(range(made.dim())))
        return made.permute(axes).contiguous().permute(axes)

    def step(self, gradients: Grads, objective: Objective) -> None:
        """Gradients in ``.grad``, then ``step()`` or ``step(closure)``."""
        self._fill(gradients)
        if not self.wants_objective:
            self.optimizer.step()
            return

        def closure(sample: str = "present") -> Any:
            loss, found = objective(self.x(), sample)
            self._fill(found)
            return torch.tensor(loss, dtype=torch.float64)

        closure.uniform = objective.uniform  # type: ignore[attr-defined]
        self.optimizer.step(closure)

    def _fill(self, gradients: Grads) -> None:
        for parameter, gradient, tensor in zip(self.parameters, gradients, self.layout.tensors, strict=True):
            parameter.grad = None if gradient is None or not tensor.trainable else self._tensor(gradient, tensor)

    def x(self) -> Tensors:
        """The values of the parameters."""
        return [plain(parameter).reshape(t.shape) for parameter, t in zip(self.parameters, self.layout.tensors, strict=True)]

    def state(self) -> Any:
        """From ``state_dict()``: entries per parameter as lists over the tensors (None: not there yet), and the first group's settings.

        Paths that start with ``optimizer.`` lead to attributes of the optimizer.
        """
        kept = self.optimizer.state_dict()
        rows = [kept["state"].get(self.order.index(id(parameter)), {}) for parameter in self.parameters]
        names = {name for row in rows for name in row}
        tree: dict[str, Any] = {name: value for name, value in kept["param_groups"][0].items() if name != "params"}
        tree.update({name: [row.get(name) for row in rows] for name in names})
        return {**tree, "optimizer": self.optimizer}


def _tuples(settings: dict[str, Any]) -> dict[str, Any]:
    """Pairs of numbers as torch takes them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
