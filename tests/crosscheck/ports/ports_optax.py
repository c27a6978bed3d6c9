"""Ports in Optax, right (``bug=""``) and with one deviation; imported only where JAX is installed."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class ClaraState(NamedTuple):
    rate: Any
    path: Any


def clara(learning_rate: float = 1e-3, c: float = 0.2, d: float = 1e-3, bug: str = "") -> optax.GradientTransformation:
    """CLARA on SGD."""

    def init(params: Any) -> ClaraState:
        return ClaraState(jnp.asarray(learning_rate), jax.tree.map(jnp.zeros_like, params))

    def update(updates: Any, state: ClaraState, params: Any = None) -> Any:
        leaves = [g for g in jax.tree.leaves(updates) if g.size]
        whole = jnp.sqrt(sum(jnp.sum(g * g) for g in leaves))
        units = jax.tree.map(lambda g: g / jnp.maximum(whole if bug == "global norm" else jnp.sqrt(jnp.sum(g * g)), 1e-12), updates)
        path = jax.tree.map(lambda p, u: (1 - c) * p + c * u, state.path, units)
        total = sum(jnp.sum(p * p) for p in jax.tree.leaves(path))
        count = 1 if bug == "global norm" else len(leaves)
        following = state.rate * jnp.exp(d * (total / (count * c / (2 - c)) - 1))
        played = following if bug == "early" else state.rate
        return jax.tree.map(lambda u: -played * u, units), ClaraState(following, path)

    return optax.GradientTransformation(init, update)


class GALAState(NamedTuple):
    eta: Any
    a: Any
    b: Any
    x: Any
    norm2: Any
    count: Any


def gala(eta_0: float = 0.1, delta: float = 0.0, bug: str = "") -> optax.GradientTransformationExtraArgs:
    """GALA's practical rule; ``update`` needs the extra argument ``objective``."""

    def dot(a: Any, b: Any) -> Any:
        return sum(jnp.sum(u * v) for u, v in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))

    def init(params: Any) -> GALAState:
        zero = jnp.asarray(0.0)
        return GALAState(jnp.asarray(eta_0), zero, zero, params, zero, 0)

    def update(updates: Any, state: GALAState, params: Any = None, *, objective: Any, **extra: Any) -> Any:
        eta, a, b = state.eta, state.a, state.b
        if state.count:
            _, old = objective(state.x)
            change, way = (jax.tree.map(jnp.subtract, *pair) for pair in ((updates, old), (params, state.x)))
            distance = jnp.sqrt(dot(way, way))
            a = a + dot(updates, old)
            b = b + jnp.where(distance > 0, jnp.sqrt(dot(change, change)) / jnp.where(distance > 0, distance, 1), 0.0) * state.norm2
            eta = (delta * eta_0 + a) / (delta + b)
        played = state.eta if bug == "late" else eta
        return jax.tree.map(lambda g: -played * g, updates), GALAState(eta, a, b, params, dot(updates, updates), state.count + 1)

    return optax.GradientTransformationExtraArgs(init, update)
