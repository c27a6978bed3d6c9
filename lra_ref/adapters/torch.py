"""The reference as a ``torch.optim.Optimizer``.

    optimizer = ReferenceOptimizer(model.parameters(), "clara_sgd", lr=0.1)
    loss.backward()
    optimizer.step()

The trainable tensors of a parameter group are the blocks of one flat float64 vector, which is the point of the method; every step it is
rounded to the tensors (to their dtype, of any layout, on any device).  Where a tensor no longer holds what was written to it (it was
clipped, or loaded), its new values are taken over.  Every group is a trajectory of its own, with its own hyper-parameters and its own rate.

- Frozen tensors and those without elements are no part of the vector; freezing or unfreezing one later is refused.
- A tensor without a gradient has gradient 0, as the loss does not depend on it; if none has one, the step is refused.
- A method that reads the loss or evaluates elsewhere (GALA, line searches) needs ``step(closure)``.  The further points of a group
  are evaluated with the other groups at their present points.  A closure with an argument is given the name of the minibatch,
  ``("step", t)`` or ``("fresh", t)``, see :class:`~lra_ref.engine.optimizer.Evaluation`; one without takes the objective as it is.
  ``.grad`` is afterwards that of the last evaluation.
- Hyper-parameters are fixed: a scheduler that changes them is refused (schedules are rates here, ``cosine_adam``); ``maximize`` is not
  offered.
- A method that takes Hessian-vector products needs a closure that keeps the graph of its loss, ``backward(retain_graph=True)``.
- The tensors hold ``x``; a method that answers with another point (HDM: the best one so far) has it in ``references[k].answer``.
- A method that stops (a gradient that is not finite, ...) leaves its last finite point and raises ``RuntimeError``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.adapters.needs import needs_of
from lra_ref.engine.optimizer import LOSS, Evaluation, Info, Optimizer
from lra_ref.methods import Method, make_method
from lra_ref.parameters import shown
from lra_ref.typing import Array

try:
    import torch
except ImportError:
    raise ImportError("lra_ref.adapters.torch needs torch: pip install 'lra_ref[ports]'") from None

#: keys of a parameter group that are no hyper-parameters
RESERVED = {"params", "param_names", "method", "differentiable", "initial_lr"}
REFERENCE = "reference"
Base: Any = torch.optim.Optimizer


class Group:
    """The trajectory of one parameter group: an :class:`Optimizer` and the tensors that are its blocks."""

    def __init__(self, number: int, method: Method, parameters: dict[str, Any], tensors: list[Any], seed: int) -> None:
        self.number, self.method, self.parameters, self.all = number, method, parameters, tensors
        for k, tensor in enumerate(tensors):
            if tensor.is_complex():
                raise ValueError(f"tensor {k} of group {number} is complex, the methods are real")
        self.tensors = [tensor for tensor in tensors if tensor.requires_grad and tensor.numel() > 0]
        self.trainable = [tensor.requires_grad for tensor in tensors]
        if not self.tensors:
            raise ValueError(f"group {number} has no trainable elements")
        self.offsets = np.cumsum([0, *(tensor.numel() for tensor in self.tensors)])
        self.needs = needs_of(method, self.offsets)
        self.optimizer = Optimizer(method, self.read(), self.offsets, seed=seed, trajectory=number)
        self.info: Info | None = None

    def read(self, what: Callable[[Any], Any] = lambda tensor: tensor) -> Array:
        """A flat float64 vector of the tensors, or of what is derived from each."""
        return np.concatenate([_flat(what(tensor)) for tensor in self.tensors])

    def write(self, x: Array) -> None:
        """Round the point to the tensors."""
        with torch.no_grad():
            for tensor, (lo, hi) in zip(self.tensors, pairwise(self.offsets), strict=True):
                tensor.copy_(torch.from_numpy(x[lo:hi].copy()).view(tensor.shape))

    def rounded(self, x: Array) -> Array:
        """What the tensors hold after :meth:`write`."""
        cast = (torch.from_numpy(x[lo:hi].copy()).to(t.dtype) for t, (lo, hi) in zip(self.tensors, pairwise(self.offsets), strict=True))
        return np.concatenate([_flat(tensor) for tensor in cast])

    def gradient(self) -> Array:
        """The gradients, 0 where there is none."""
        return self.read(lambda tensor: torch.zeros_like(tensor) if tensor.grad is None else tensor.grad)

    def product(self, loss: Any, v: Array) -> Array:
        """The Hessian of the loss times ``v``, by differentiating its graph twice; 0 where the loss does not bend."""
        edges = pairwise(self.offsets)
        parts = [torch.from_numpy(v[lo:hi].copy()).view(t.shape).to(t) for t, (lo, hi) in zip(self.tensors, edges, strict=True)]
        try:
            first = torch.autograd.grad(loss, self.tensors, create_graph=True, allow_unused=True)
            bent = [(g * part).sum() for g, part in zip(first, parts, strict=True) if g is not None and g.requires_grad]
            nothing = [None] * len(parts)
            second = torch.autograd.grad(torch.stack(bent).sum(), self.tensors, allow_unused=True) if bent else nothing
        except (RuntimeError, TypeError) as problem:
            hint = f"the closure of {self.method.name} must return the loss with its graph: call backward(retain_graph=True)"
            raise ValueError(f"{hint} ({str(problem).splitlines()[0]})") from None
        return np.concatenate([np.zeros(t.numel()) if h is None else _flat(h) for t, h in zip(self.tensors, second, strict=True)])

    def take_over(self) -> None:
        """Accept values that somebody else wrote to the tensors."""
        x, held = self.optimizer.x, self.read()
        changed = ~((held == self.rounded(x)) | (np.isnan(held) & np.isnan(x)))
        if changed.any():
            state = self.optimizer.state_dict()
            state["x"] = np.where(changed, held, x)
            self.optimizer.load_state_dict(state)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse what has changed since the group was made, and a method that has stopped."""
        for name, value in self.parameters.items():
            if group.get(name) != value:
                change = f"{name} of group {self.number} changed from {value!r} to {group.get(name)!r}"
                raise ValueError(f"{change}; hyper-parameters are fixed here, and schedules are rates of their own such as cosine")
        for k, (tensor, before) in enumerate(zip(self.all, self.trainable, strict=True)):
            if tensor.requires_grad != before:
                what = "frozen" if before else "unfrozen"
                raise ValueError(f"tensor {k} of group {self.number} was {what} after the optimizer was made; make a new one")
        self.complain()

    def complain(self) -> None:
        """Raise if the method has stopped."""
        if self.optimizer.status:
            raise RuntimeError(f"group {self.number}, {self.method.name}, step {self.optimizer.t}: {self.optimizer.status.message}")


class ReferenceOptimizer(Base):  # type: ignore[misc]
    """Any method of this package as an optimizer of torch; see the module docstring.

    Parameters
    ----------
    params : tensors, or groups ``{"params": ..., NAME: VALUE, ...}`` that override hyper-parameters; a group with a ``"method"`` of
        its own takes none of the hyper-parameters given here.
    method : name of a method, or a method already made.
    seed : key of the uniform numbers of methods that draw one per step (GALA's random point); group k is trajectory k.
    parameters : hyper-parameters of the method, as for ``make_method``.

    Raises
    ------
    ValueError : an unknown method or hyper-parameter, a value out of range, a group without trainable elements, in one line.
    """

    def __init__(self, params: Any, method: str | Method, *, seed: int = 0, **parameters: Any) -> None:
        if not isinstance(method, str | Method):
            raise ValueError(f"method must be a name or a Method, got {shown(method)}")
        self._method, self._given, self._seed = method, parameters, seed
        self._driven: list[Group] = []
        super().__init__(params, {})

    @property
    def infos(self) -> list[Info | None]:
        """What was observed in the last step, per group; without a closure the loss in it is 0."""
        return [group.info for group in self._driven]

    @property
    def references(self) -> list[Optimizer]:
        """The optimizers that do the work, per group: point and state in float64."""
        return [group.optimizer for group in self._driven]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; the group may name its own hyper-parameters, or its own ``method``."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, got {type(param_group).__name__}")
        own = {key: value for key, value in param_group.items() if key not in RESERVED}
        method = param_group.get("method", self._method)
        parameters = own if method != self._method else {**self._given, **own}
        if "maximize" in parameters:
            raise ValueError("maximize is not offered: negate the loss")
        if isinstance(method, Method) and parameters:
            raise ValueError(f"a method that is already made takes no parameters, got {', '.join(parameters)}")
        made = method if isinstance(method, Method) else make_method(method, **parameters)
        super().add_param_group({**param_group, **parameters, "method": made.name})
        try:
            self._driven.append(Group(len(self._driven), made, parameters, self.param_groups[-1]["params"], self._seed))
        except ValueError:
            self.param_groups.pop()
            raise

    def step(self, closure: Callable[..., Any] | None = None) -> Any:
        """One step of every group; returns the loss at the present point if there is a closure.

        Raises
        ------
        ValueError : the method needs a closure, no tensor has a gradient, or something changed that must not. RuntimeError : a method has
        stopped; the tensors hold its last finite point.
        """
        for driven, group in zip(self._driven, self.param_groups, strict=True):
            driven.check(group)
            missing = driven.needs.missing(driven.method.name, "call step(closure)") if closure is None else ""
            if missing:
                raise ValueError(missing)
            driven.take_over()
        evaluate = None if closure is None else _evaluator(closure)
        losses = []
        for driven, (loss, gradient) in zip(self._driven, self._present(evaluate), strict=True):
            held = driven.read()
            _drive(driven, _number(loss), gradient, evaluate)
            driven.write(held)
            losses.append(loss)
        for driven in self._driven:
            driven.write(driven.optimizer.x)
        for driven in self._driven:
            driven.complain()
        return None if closure is None else losses[0]

    def _present(self, evaluate: Callable[[tuple[str, int]], Any] | None) -> list[tuple[Any, Array]]:
        """Loss and gradient of every group at the present point; the closure is called once for every minibatch that a group asks for."""
        known: dict[tuple[str, int], tuple[Any, list[Array]]] = {}
        samples = [driven.optimizer.ask()[0].sample if evaluate is not None else ("step", 0) for driven in self._driven]
        for sample in samples:
            if sample not in known:
                loss = 0.0 if evaluate is None else evaluate(sample)
                if all(tensor.grad is None for driven in self._driven for tensor in driven.tensors):
                    raise ValueError("no tensor has a gradient; call backward() before step(), or in the closure")
                known[sample] = loss, [driven.gradient() for driven in self._driven]
        return [(known[sample][0], known[sample][1][k]) for k, sample in enumerate(samples)]

    def state_dict(self) -> dict[str, Any]:
        """As in torch, with the state of the reference (float64) per group under ``"reference"``; plain numbers, texts and tensors."""
        state: dict[str, Any] = super().state_dict()
        state[REFERENCE] = [{key: _packed(value) for key, value in reference.state_dict().items()} for reference in self.references]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state of :meth:`state_dict`; with the parameters of the model loaded too, what follows is the same bit for bit.

        Raises ``ValueError``, naming what differs or is missing (method, hyper-parameters, sizes); nothing has changed then.
        """
        saved = state_dict.get(REFERENCE)
        if not isinstance(saved, list) or len(saved) != len(self._driven):
            found = len(saved) if isinstance(saved, list) else "none"
            raise ValueError(f"the state must hold a reference for each of {len(self._driven)} groups, got {found}")
        fresh = []
        for driven, packed in zip(self._driven, saved, strict=True):
            optimizer = Optimizer(driven.method, np.zeros(int(driven.offsets[-1])), driven.offsets)
            optimizer.load_state_dict({key: _unpacked(value) for key, value in packed.items()})
            fresh.append(optimizer)
        super().load_state_dict(state_dict)
        for driven, optimizer in zip(self._driven, fresh, strict=True):
            driven.optimizer, driven.info = optimizer, None

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {**state, "_driven": self._driven, "_method": self._method, "_given": self._given, "_seed": self._seed}


def _flat(tensor: Any) -> Array:
    dense = tensor.detach().to_dense() if tensor.layout != torch.strided else tensor.detach()
    return np.asarray(dense.to("cpu", torch.float64).reshape(-1).numpy())


def _number(loss: Any) -> float:
    return float(loss.detach()) if isinstance(loss, torch.Tensor) else float(loss)


def _packed(value: Any) -> Any:
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def _unpacked(value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _evaluator(closure: Callable[..., Any]) -> Callable[[tuple[str, int]], Any]:
    """The closure as a function of the sample's name, which it is given if it has a place for it."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    takes = any(p.kind in kinds and p.default is p.empty for p in inspect.signature(closure).parameters.values())

    def evaluate(sample: tuple[str, int]) -> Any:
        with torch.enable_grad():
            loss = closure(sample) if takes else closure()
        if loss is None:
            raise ValueError("the closure must return the loss, got None")
        return loss

    return evaluate


def _drive(driven: Group, loss: float, gradient: Array, evaluate: Callable[[tuple[str, int]], Any] | None) -> None:
    """A whole step of one group's optimizer; its tensors are left at the last point evaluated."""
    info, present = None, [(loss, gradient)]
    while info is None and not driven.optimizer.status:
        asked, answers = driven.optimizer.ask(), present
        for wanted in asked[len(present) :]:
            assert evaluate is not None
            answers = [*answers, _answer(driven, wanted, evaluate)]
        info, present = driven.optimizer.tell(answers), []
    driven.info = info


def _answer(driven: Group, wanted: Evaluation, evaluate: Callable[[tuple[str, int]], Any]) -> Any:
    """What the closure says to one evaluation."""
    driven.write(wanted.x)
    value = evaluate(wanted.sample)
    if wanted.v is not None:
        return driven.product(value, wanted.v)
    return _number(value) if wanted.needs == LOSS else (_number(value), driven.gradient())
