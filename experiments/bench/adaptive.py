"""P3: one step of adaptive methods, in place, against the same method in torch and JAX.

D-Adaptation and Prodigy against the official torch packages and ``optax.contrib``; GALA, CLARA and EGDD, which have no package, against
eager operations of torch and against one jitted function of JAX (``adaptive_peers``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from experiments.bench import adaptive_peers, peers
from experiments.bench.stepping import Stepping, gradients
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.streams import filled
from lra_ref.methods import Method, make_method
from lra_ref.parts import WHOLES
from lra_ref.runs.environment import version

SIZES = (1_000, 10_000_000)
#: least ratio per size
GOALS = (5, 2)
CLARA = {"lr": 1e-3, "c": adaptive_peers.C, "d": adaptive_peers.D}


class Pair(NamedTuple):
    """A method here, its peer, and the package that the peer needs."""

    method: str
    parameters: dict[str, Any]
    peer: str
    package: str
    maker: peers.Maker


def pairs() -> list[Pair]:
    """All comparisons; those of methods that are not registered are left out."""
    made = []
    for name, parameters, step in (
        ("gala_sgd_practical", {"eta_0": 0.1}, adaptive_peers.gala_practical),
        ("clara_sgd", CLARA, adaptive_peers.clara),
        ("clara_adam", {**CLARA, "mu_ref": 1.0}, adaptive_peers.clara_adam),
        ("egdd_momentum", {"lr": 0.1}, adaptive_peers.egdd_momentum),
    ):
        made.append(Pair(name, parameters, "torch eager", "torch", peers.torch_step(step)))
        made.append(Pair(name, parameters, "jax jit", "jax", peers.jax_step(step)))
    as_optax = {"bias_correction": True, "decoupled_weight_decay": True}
    for name, parameters, peer, package, maker in (
        ("dadapt_adam", {}, "dadaptation", "dadaptation", peers.torch_optimizer(peers.dadapt_adam)),
        ("dadapt_sgd", {}, "dadaptation", "dadaptation", peers.torch_optimizer(peers.dadapt_sgd)),
        ("prodigy", {}, "prodigyopt", "prodigyopt", peers.torch_optimizer(peers.prodigy)),
        ("dadapt_adam", as_optax, "optax jit", "optax", peers.jax_step(peers.optax_contrib("dadapt_adamw"))),
        ("prodigy", {"bias_correction": True}, "optax jit", "optax", peers.jax_step(peers.optax_contrib("prodigy"))),
    ):
        if name in WHOLES:
            made.append(Pair(name, parameters, peer, package, maker))
    return made


def measure(plan: Plan) -> Iterator[Row]:
    """A row per size, number type and pair."""
    for dtype in ("float64",) if plan.quick else ("float64", "float32"):
        for k, size in enumerate(SIZES):
            for pair in pairs():
                yield against(pair, size, np.dtype(dtype), plan).judged(Goal("ratio", least=GOALS[k]))


def against(pair: Pair, size: int, dtype: Any, plan: Plan) -> Row:
    """One method against its peer."""
    cores = os.cpu_count() or 1
    made = Row("P3", pair.method, f"D = {size:.0e}".replace("+0", ""), dtype.name, cores, unit="s per step", peer=pair.peer)
    if lacking := plan.lacks(pair.package):
        return Row(**{**vars(made), "note": lacking})
    given = gradients(size, dtype)
    method: Method = make_method(pair.method, **pair.parameters)
    ours = Stepping(method, given, check=False, threads=cores)
    peer = pair.maker(filled(1, size, dtype)[0], given)
    times = peers.race({"ours": ours.contestant()}, peer, pair.package, plan.effort)
    numbers = {"value": times["ours"].median, "ratio": times["ours"].over(times["peer"]), "peer_version": version(pair.package)}
    return Row(**{**vars(made), **numbers})
