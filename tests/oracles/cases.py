"""Two small problems whose gradients are simple, and oracles of every kind over them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems.base import Problem

DIM, ROWS = 3, 7
REPLACEMENTS = ("with", "without", "reshuffle", "reshuffle_all")
#: parameters of every kind of oracle; a new kind fails the conformance tests until it is listed here
CASES: dict[str, list[dict[str, Any]]] = {
    "exact": [{}],
    "gaussian": [{"sigma": 2.0}, {"sigma": 0.0}],
    "student": [{"df": 9.0, "sigma": 2.0}, {"df": 1.5, "scale": 0.5}],
    "multiplicative": [{"ratio": 0.5}],
    "minibatch": [{"batch": batch, "replacement": how} for how in REPLACEMENTS for batch in (1, 2, 3, ROWS)],
}
ALL = [(name, parameters) for name, listed in CASES.items() for parameters in listed]
IDS = ["-".join([name, *map(str, parameters.values())]) for name, parameters in ALL]


def value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Mean over the rows of sum_j w_rj (x_j - c_rj)^2 / 2; a row holds c, then w."""
    xs, gs = x[lo:hi], g[lo:hi]
    for j in range(xs.size):
        gs[j] = 0
    f = 0.0
    count = z.size if z.size > 0 else data.shape[0]
    for k in range(count):
        row = data[int(z[k])] if z.size > 0 else data[k]
        for j in range(xs.size):
            gap = xs[j] - row[j]
            gs[j] += row[xs.size + j] * gap / count
            f += row[xs.size + j] * gap * gap / (2 * count)
    return f


def hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product of :func:`value`."""
    vs, outs = v[lo:hi], out[lo:hi]
    count = z.size if z.size > 0 else data.shape[0]
    for j in range(vs.size):
        outs[j] = 0
        for k in range(count):
            row = data[int(z[k])] if z.size > 0 else data[k]
            outs[j] += row[vs.size + j] * vs[j] / count


def toy(rows: int = ROWS) -> Problem:
    """A finite sum of quadratics."""
    rng = np.random.default_rng(rows)
    data = np.hstack([rng.normal(size=(rows, DIM)), rng.uniform(1, 2, size=(rows, DIM))])
    return Problem("toy", DIM, value, hvp, np.ones(DIM), data=data, samples=rows)


def build(case: tuple[str, dict[str, Any]], problem: Problem | None = None) -> Oracle:
    """The oracle of a case."""
    return make_oracle(case[0], problem or toy(), **case[1])


def draw(oracle: Oracle, key: tuple[int, int, int, int], z: Any = None) -> Any:
    """A sample by the plain, interpreted kernel, in a new or in a used array."""
    z = np.zeros(oracle.sample_size) if z is None else z
    oracle.draw_kernel(np.uint64(key[0]), *key[1:], oracle.par, z)
    return z
