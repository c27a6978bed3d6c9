"""Peers of one step on one vector: torch.optim, optax under jit, the official packages, and the adaptive methods written in torch and JAX.

Where a method has no package, the peer is what a user of that library would write: whole-vector operations of torch, or one jitted
function of JAX that gives its arguments away. Their formulas are read from this package (``lra_ref.formulas.read``), so that peer and
reference compute the same. Every maker takes (start, gradients) as NumPy arrays and returns a call that makes one step and waits for
it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np

from experiments.bench.adaptive_peers import Library, Numbers
from lra_ref.bench.timing import Contestant, Effort, Times, alternate

Call = Callable[[], object]
Maker = Callable[[np.ndarray, np.ndarray], Call]
LR = 1e-3
#: packages whose steps run on torch's threads
ON_TORCH = ("torch", "dadaptation", "prodigyopt")


def race(ours: dict[str, Contestant], peer: Call, package: str, effort: Effort) -> dict[str, Times]:
    """Times of ours, and of the peer under the name "peer": on torch with one thread or with all, whichever is faster."""
    if package not in ON_TORCH:
        return alternate({**ours, "peer": Contestant(peer)}, effort)
    import torch

    counts = sorted({1, os.cpu_count() or 1})
    both = {f"peer {n}": Contestant(peer, functools.partial(torch.set_num_threads, n)) for n in counts}
    times = alternate({**ours, **both}, effort)
    return {**times, "peer": min((times[name] for name in both), key=lambda t: t.median)}


# --- torch -----------------------------------------------------------------------------------------------------------------------
def torch_optimizer(make: Callable[[Any], Any]) -> Maker:
    """A ``torch.optim.Optimizer`` on one parameter; ``make`` takes the list of parameters."""

    def maker(start: np.ndarray, gradients: np.ndarray) -> Call:
        import torch

        parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
        optimizer = make([parameter])
        turns = cycle([torch.from_numpy(g) for g in gradients])

        def step() -> None:
            parameter.grad = next(turns)
            optimizer.step()

        return step

    return maker


def torch_adam(form: str) -> Maker:
    """``torch.optim.Adam``, ``form`` one of fused, foreach, single."""

    def make(parameters: Any) -> Any:
        import torch

        switches: dict[str, Any] = {"single": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}[form]
        return torch.optim.Adam(parameters, lr=LR, **switches)

    return torch_optimizer(make)


def dadapt_adam(parameters: Any) -> Any:
    """``DAdaptAdam`` of the official package."""
    from dadaptation import DAdaptAdam

    return DAdaptAdam(parameters, lr=1.0)


def dadapt_sgd(parameters: Any) -> Any:
    """``DAdaptSGD`` of the official package."""
    from dadaptation import DAdaptSGD

    return DAdaptSGD(parameters, lr=1.0)


def prodigy(parameters: Any) -> Any:
    """``Prodigy`` of the official package."""
    from prodigyopt import Prodigy

    return Prodigy(parameters, lr=1.0)


def torch_step(make: Callable[[Any, Any], tuple[dict[str, Any], Callable[..., Any]]]) -> Maker:
    """A step of ``adaptive_peers`` in eager operations of torch; its scalars are numbers of Python."""

    def maker(start: np.ndarray, gradients: np.ndarray) -> Call:
        import torch

        tensors = [torch.from_numpy(g) for g in gradients]
        state, step = make(torch.from_numpy(start.copy()), Library(torch, Numbers, float, torch.exp, torch.clamp))
        box, turns = [state], cycle(tensors)

        def call() -> None:
            with torch.no_grad():
                box[0] = step(box[0], next(turns), tensors[0])

        return call

    return maker


# --- JAX -------------------------------------------------------------------------------------------------------------------------
def jax_ready() -> Any:
    """JAX with float64."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def jax_step(make: Callable[[Any, Any], tuple[Any, Callable[..., Any]]]) -> Maker:
    """A step ``(state, g, q) -> state`` under ``jax.jit``, its state given away."""

    def maker(start: np.ndarray, gradients: np.ndarray) -> Call:
        jax = jax_ready()
        arrays = [jax.numpy.array(g) for g in gradients]
        state, step = make(jax.numpy.array(start), Library(jax.numpy, jax.numpy, lambda value: value, jax.numpy.exp, jax.numpy.clip))
        jitted = jax.jit(step, donate_argnums=0)
        # what is given away must not be given away twice
        box, turns = [jax.tree.map(lambda leaf: jax.numpy.array(leaf, copy=True), state)], cycle(arrays)

        def call() -> None:
            box[0] = jax.block_until_ready(jitted(box[0], next(turns), arrays[0]))

        return call

    return maker


def optax_adam(start: Any, library: Any) -> tuple[Any, Callable[..., Any]]:
    """``optax.adam``, update and application in one function."""
    import optax

    made = optax.adam(LR)

    def step(state: Any, g: Any, q: Any) -> Any:
        x, inner = state
        updates, inner = made.update(g, inner, x)
        return optax.apply_updates(x, updates), inner

    return (start, made.init(start)), step


def optax_contrib(name: str) -> Callable[[Any, Any], tuple[Any, Callable[..., Any]]]:
    """A method of ``optax.contrib`` by name."""

    def make(start: Any, library: Any) -> tuple[Any, Callable[..., Any]]:
        import optax

        made = getattr(optax.contrib, name)(1.0)

        def step(state: Any, g: Any, q: Any) -> Any:
            x, inner = state
            updates, inner = made.update(g, inner, x)
            return optax.apply_updates(x, updates), inner

        return (start, made.init(start)), step

    return make
