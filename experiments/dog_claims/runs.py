"""DoG's rates driven by any sequence of vectors, adversarial ones among them, or by subgradients of convex functions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.checks import block_offsets
from lra_ref.engine.reference import Stepper
from lra_ref.methods import make_method
from lra_ref.parts import Seen
from lra_ref.verify import CaseView, Settings

#: eigenvalues of the quadratic
SPECTRUM = (4.0, 1.0, 0.05, 0.01)


def away(x: Any, center: Any) -> Any:
    """Unit vector from the center to x, 0 in the center; (n, D)."""
    length = np.linalg.norm(x - center, axis=1, keepdims=True)
    return np.where(length > 0, (x - center) / np.where(length > 0, length, 1.0), 0.0)


def spectrum(dim: int) -> Any:
    """The first ``dim`` eigenvalues."""
    return np.resize(np.array(SPECTRUM), dim)


#: steps of the ramp of the worst case, its growth of G per step, size of the last gradients over sqrt(G)
RAMP, SHARE, LAST = 700, 0.01, 0.03


def against_the_bound(t: int) -> float:
    """One step away from the comparator, a ramp of turning vectors that let G grow and hardly move, then small steps towards it."""
    if t == 0:
        return -1.0
    grown = (1 + SHARE) ** (min(t, RAMP + 1) / 2)
    return float((-1.0) ** t * np.sqrt(SHARE) * grown if t <= RAMP else LAST * grown)


#: convex functions with minimum 0 at the center: values for x of shape (..., D) and center (n, 1, D) or (n, D)
VALUES: dict[str, Callable[[Any, Any], Any]] = {
    "cone": lambda x, c: np.linalg.norm(x - c, axis=-1),
    "absolute": lambda x, c: np.sum(np.abs(x - c), axis=-1),
    "quadratic": lambda x, c: np.sum(spectrum(x.shape[-1]) * (x - c) ** 2, axis=-1) / 2,
}
#: rule -> g_t from step t, x_t, x_0, center and standard normal numbers, all (n, D)
RULES: dict[str, Callable[[int, Any, Any, Any, Any], Any]] = {
    "constant": lambda t, x, start, c, z: np.ones_like(x),
    "alternating": lambda t, x, start, c, z: (-1.0) ** t * np.ones_like(x),
    "random": lambda t, x, start, c, z: z,
    "growing": lambda t, x, start, c, z: 1.2**t * z,
    "shrinking": lambda t, x, start, c, z: 0.8**t * z,
    "huge first": lambda t, x, start, c, z: (1e6 if t == 0 else 1.0) * z,
    # the point is driven away from its start for ever, and in circles around a center
    "outward": lambda t, x, start, c, z: np.where(np.any(x != start, axis=1, keepdims=True), -away(x, start), z),
    "turning": lambda t, x, start, c, z: np.roll(away(x, c), 1, axis=1) * np.where(np.arange(x.shape[1]) % 2 == 0, -1.0, 1.0),
    "worst": lambda t, x, start, c, z: against_the_bound(t) * np.ones_like(x),
    # as far against the last move as it helped, to bring the point back
    "returning": lambda t, x, start, c, z: np.where(t % 16 < 8, -1.0, 1.0) * np.ones_like(x),
    "cone": lambda t, x, start, c, z: away(x, c),
    "absolute": lambda t, x, start, c, z: np.sign(x - c),
    "quadratic": lambda t, x, start, c, z: spectrum(x.shape[1]) * (x - c),
}


def drawn(case: CaseView, seeds: Any, settings: Settings) -> tuple[Any, Any, Any]:
    """Starts, centers (n, D) (with ``D``: 0 and D (3/5, 4/5)), normal numbers (n, T + 1, D), for every seed from its own generator."""
    dim, steps, starts, centers, normals = case["dim"], case["T"], [], [], []
    for seed in seeds:
        generator = np.random.default_rng([settings.seed, int(seed)])
        starts.append(generator.normal(size=dim) if "D" not in case else np.zeros(dim))
        far = case.get("far", 3.0) * generator.normal(size=dim) if "D" not in case else case["D"] * np.array([0.6, 0.8])
        centers.append(starts[-1] + far)
        normals.append(generator.normal(size=(steps + 1, dim)))
    return np.stack(starts), np.stack(centers), np.stack(normals)


def played(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Points and vectors (n, T + 1, D) of the reference, distances and sums (n, T + 1, K) as they stand at step t."""
    start, center, normals = drawn(case, seeds, settings)
    listed = np.array(list(case["gradients"].values()), dtype=float).T if "gradients" in case else None
    offsets = block_offsets(case.get("offsets"), case["dim"])
    stepper = Stepper(make_method(case["method"], **case.get("parameters", {})), offsets)
    x, state = start.copy(), stepper.init(start)
    kept: dict[str, list[Any]] = {name: [] for name in ("x", "g", "distance", "sum")}
    for t in range(case["T"] + 1):
        g = (
            RULES[case["rule"]](t, x, start, center, normals[:, t])
            if listed is None
            else np.tile(listed[min(t, len(listed) - 1)], (len(x), 1))
        )
        seen = Seen(t=t, x=x, g=case.get("G", 1.0) * g, f=np.zeros((len(x), 1)), offsets=offsets)
        state, info = stepper.look(state, seen)
        distance = state.rate.get("r_bar", state.rate.get("r2"))
        for name, value in (("x", x), ("g", info.d), ("distance", distance), ("sum", state.rate["sum"])):
            kept[name].append(np.array(value))
        state, x = stepper.move(state, seen, info)
    made: dict[str, Any] = {name: np.stack(values, axis=1) for name, values in kept.items()}
    return {**made, "center": center, "rule": case.get("rule"), "offsets": offsets, "squared": "r2" in state.rate}


def pieces(e: dict[str, Any]) -> list[dict[str, Any]]:
    """What the statement is about, once per rate: the whole vector, or every block by itself."""
    edges = list(pairwise(e["offsets"])) if e["distance"].shape[2] > 1 else [(0, e["x"].shape[2])]
    return [
        {"x": e["x"][:, :, low:high], "g": e["g"][:, :, low:high], "weight": e["distance"][:, :, k], "sum": e["sum"][:, :, k]}
        for k, (low, high) in enumerate(edges)
    ]


def comparators(x: Any, pull: Any) -> list[Any]:
    """Points to compare with, (n, D): start, end, and far along the weighted sum of the vectors and against it."""
    unit, reach = away(pull, 0 * pull), np.max(np.linalg.norm(x - x[:, :1], axis=2), axis=1)[:, None]
    return [x[:, 0], x[:, -1], *(x[:, 0] + size * reach * unit for size in (-1e3, -10.0, -1.0, -0.1, 0.1, 1.0, 10.0, 1e3))]
