"""P4: many trajectories of Adam on Rosenbrock's function against JAX, ``lax.scan`` over the steps and ``vmap`` over the trajectories.

Both keep the last points only, in float64, on all cores; the noise is Gaussian, drawn step by step on both sides (here Philox, there JAX's
own threefry). JAX's step is ``optax.adam``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.bench import peers
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.timing import Contestant, alternate
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.runs.environment import version

TRAJECTORIES, STEPS, SIGMA = 64, 2000, 0.1
#: directions whose steps differ by one call of a kernel and hardly any arithmetic
CALLS = {"sgd": "no kernel of the direction", "momentum": "one kernel more than sgd"}
#: rate at which they do not leave the valley
SAFE = 1e-5
DIMENSIONS = (2, 10, 100, 1000)
GOALS = {"exact": (1.0, 1.5, 1.6, 2.0), "gaussian": (2.5, 6.0, 9.0, 6.0)}


def jax_run(dim: int, noise: bool, trajectories: int, steps: int) -> Any:
    """A compiled call that runs all trajectories and returns the last points."""
    jax = peers.jax_ready()
    import optax

    numpy, made, scale = jax.numpy, optax.adam(peers.LR), SIGMA / np.sqrt(dim)

    def loss(x: Any) -> Any:
        return numpy.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def trajectory(x: Any, key: Any) -> Any:
        def step(carried: Any, t: Any) -> Any:
            x, state = carried
            g = jax.grad(loss)(x)
            if noise:
                g = g + scale * jax.random.normal(jax.random.fold_in(key, t), x.shape, x.dtype)
            updates, state = made.update(g, state)
            return (optax.apply_updates(x, updates), state), None

        return jax.lax.scan(step, (x, made.init(x)), numpy.arange(steps))[0][0]

    keys = jax.random.split(jax.random.key(0), trajectories)
    starts = numpy.tile(numpy.where(numpy.arange(dim) % 2 == 0, -1.2, 1.0), (trajectories, 1))
    compiled = jax.jit(jax.vmap(trajectory))
    return lambda: jax.block_until_ready(compiled(starts, keys))


def ours(dim: int, noise: bool, trajectories: int = TRAJECTORIES, steps: int = STEPS, threads: int = 1, name: str = "adam") -> Any:
    """The same batch here, recorded at its ends only."""
    oracle = make_oracle("gaussian" if noise else "exact", make_problem("rosenbrock", dim=dim), **({"sigma": SIGMA} if noise else {}))
    method = make_method(name, lr=peers.LR if name == "adam" else SAFE)
    return lambda: run(method, oracle, steps=steps, trajectories=trajectories, every=steps, threads=threads)


def measure(plan: Plan) -> Iterator[Row]:
    """What a step costs before it computes anything, then a row per noise and dimension."""
    cores = os.cpu_count() or 1
    few = {name: Contestant(ours(2, False, name=name), work=TRAJECTORIES * STEPS) for name in CALLS}
    for name, times in alternate(few, plan.effort).items():
        yield Row("P4", f"{name}, exact", "64 x 2000, D = 2", "float64", 1, times.median, "s per step", note=CALLS[name])
    for noise, goals in GOALS.items():
        for dim, least in zip(DIMENSIONS, goals, strict=True):
            if plan.quick and dim == DIMENSIONS[-1]:
                continue
            made = Row("P4", f"adam, {noise}", f"64 x 2000, D = {dim}", "float64", cores, unit="s per step", peer="jax scan+vmap")
            if lacking := plan.lacks("jax") or plan.lacks("optax"):
                yield Row(**{**vars(made), "note": lacking}).judged(Goal("ratio", least=least))
                continue
            times = alternate(
                {
                    "ours": Contestant(ours(dim, noise == "gaussian", threads=cores), work=TRAJECTORIES * STEPS),
                    "jax": Contestant(jax_run(dim, noise == "gaussian", TRAJECTORIES, STEPS), work=TRAJECTORIES * STEPS),
                },
                plan.effort,
            )
            numbers = {"value": times["ours"].median, "ratio": times["ours"].over(times["jax"]), "peer_version": version("jax")}
            yield Row(**{**vars(made), **numbers}).judged(Goal("ratio", least=least))
