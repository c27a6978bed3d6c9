"""P2: one step of Adam, in place, against torch.optim (fused, foreach, single) and optax under jit.

Both sides overwrite state and point, use all cores and check nothing (``check=False``); ``check=True``, the default of ``InPlace``, is
in the note.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.bench import peers
from experiments.bench.stepping import Stepping, gradients
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.streams import filled
from lra_ref.bench.timing import alternate
from lra_ref.methods import make_method
from lra_ref.runs.environment import version

SIZES = (1_000, 100_000, 10_000_000)
#: so few elements that a step costs what its call costs
SMALL = 10
#: least ratio per size, for torch fused and for optax
GOALS = {"torch fused": (8, 2, 1.0), "optax jit": (5, 5, 1.4), "torch foreach": (1, 1, 1), "torch single": (1, 1, 1)}
PEERS: dict[str, peers.Maker] = {
    "torch fused": peers.torch_adam("fused"),
    "torch foreach": peers.torch_adam("foreach"),
    "torch single": peers.torch_adam("single"),
    "optax jit": peers.jax_step(peers.optax_adam),
}


def measure(plan: Plan) -> Iterator[Row]:
    """What a call costs, then a row per size, number type and peer."""
    call = Stepping(make_method("adam"), gradients(SMALL, np.dtype("float64")), check=False)
    seconds = alternate({"call": call.contestant()}, plan.effort)["call"].median
    yield Row("P2", "adam, the call itself", f"D = {SMALL}", "float64", 1, seconds, "s per step")
    for dtype in ("float64",) if plan.quick else ("float64", "float32"):
        for k, size in enumerate(SIZES):
            for name, maker in PEERS.items():
                if not (plan.quick and name in ("torch foreach", "torch single")):
                    yield against(name, maker, size, np.dtype(dtype), plan).judged(Goal("ratio", least=GOALS[name][k]))


def against(name: str, maker: peers.Maker, size: int, dtype: Any, plan: Plan) -> Row:
    """Adam against one peer."""
    package = name.split()[0]
    cores = os.cpu_count() or 1
    made = Row("P2", "adam", f"D = {size:.0e}".replace("+0", ""), dtype.name, cores, unit="s per step", peer=name)
    if lacking := plan.lacks(package):
        return Row(**{**vars(made), "note": lacking})
    given = gradients(size, dtype)
    method = make_method("adam", lr=peers.LR)
    ours, careful = (Stepping(method, given, check=check, threads=cores) for check in (False, True))
    peer = maker(filled(1, size, dtype)[0], given)
    times = peers.race({"ours": ours.contestant(), "check": careful.contestant()}, peer, package, plan.effort)
    numbers = {"value": times["ours"].median, "ratio": times["ours"].over(times["peer"]), "peer_version": version(package)}
    return Row(**{**vars(made), **numbers, "note": f"check=True {times['check'].over(times['peer']):.2f}"})
