"""G7, G8: batches, and the bias of the practical rule."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import sympy as sp

from experiments.gala_claims.laws import sine_value
from lra_ref.rates.gala import pair_summands, secant
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import TRIANGLE
from proofs_check.gala_steps.readings import pair, vanishes, vector
from proofs_check.steps import Control, Outcome, Step, both, counted


# --- G7 --------------------------------------------------------------------------------------------------------------------------------
def leave_one_out(shift: int = 0) -> Outcome:
    """The mean of B + 1 vectors is the mean of their B + 1 leave-one-out means: for any B by their sum S, and written out for B = 1..4."""
    total, batch = reals("S"), reals("B", integer=True, positive=True)
    out = [identity(((batch + 1) * total - total) / (batch + shift) / (batch + 1), total / (batch + 1))]
    for size in range(1, 5):
        values = list(vector("v", size + 1))
        means = [sum(values[:j] + values[j + 1 :]) / (size + sp.Integer(shift)) for j in range(size + 1)]
        out.append(identity(sum(means) / (size + 1), sum(values) / sp.Integer(size + 1)))
    return counted(out)


def smaller_secant(factor: int = 1) -> Outcome:
    """|v| <= mean of the |v_j| implies L(v) <= mean of the L(v_j) at a fixed distance: ``secant`` is linear in |v|, and grows with it."""
    real = Reals()
    less, more, moved = real("less more moved")
    read = real.reading(secant)
    grows = real.always(factor * read(less * less, moved) <= read(more * more, moved), [less >= 0, less <= more, moved > 0])
    size, distance = reals("v distance", positive=True)
    return both(grows, identity(symbolic(secant)(size**2, distance**2), size / distance))


def with_replacement(power: int = 1) -> Outcome:
    """E|mean of B independent deviations|^2 = (1/B^2)(B s1 + B (B-1) 0) = s1/B."""
    s1, batch = reals("s1", positive=True), reals("B", integer=True, positive=True)
    return identity((batch * s1 + batch * (batch - 1) * 0) / batch**2, s1 / batch**power)


def without_replacement(shift: int = 1) -> Outcome:
    """sum_{i != j} <z_i, z_j> = -n s1 over n (n-1) pairs, so E|mean|^2 = (1/B^2)(B s1 - B (B-1) s1/(n-1)) = (s1/B)(n-B)/(n-1)."""
    s1, batch, n = reals("s1", positive=True), *reals("B n", integer=True, positive=True)
    pair_mean = -n * s1 / (n * (n - shift))
    return identity((batch * s1 + batch * (batch - 1) * pair_mean) / batch**2, s1 / batch * (n - batch) / (n - 1))


def all_batches(finite: bool = True) -> Outcome:
    """Every batch of n = 4 centred values, and every sequence for B = 2, 3 with replacement."""
    z = [*reals("z0 z1 z2")]
    z.append(-sum(z))
    s1, out = sum(v**2 for v in z) / 4, []
    for size in range(1, 5):
        batches = list(combinations(z, size))
        found = sum((sum(batch) / sp.Integer(size)) ** 2 for batch in batches) / len(batches)
        out.append(vanishes(found - s1 / size * (sp.Rational(4 - size, 3) if finite else 1)))
    for size in (2, 3):
        batches = list(product(z, repeat=size))
        found = sum((sum(batch) / sp.Integer(size)) ** 2 for batch in batches) / len(batches)
        out.append(vanishes(found - s1 / size))
    return counted(out)


G7 = [
    Step(
        id="gala.G7.1", says="a batch mean of B + 1 samples is the average of its B + 1 leave-one-out means, each a batch mean of B "
        "samples",
        method="algebra", check=leave_one_out, assumes=("exchangeable samples: with or without replacement",),
        control=Control("divided by B + 1", lambda: leave_one_out(1)),
    ),
    Step(
        id="gala.G7.2", says="so L_t of the larger batch is at most the average of the L_t of the smaller ones; all these have the same "
        "law, E L_t does not grow",
        method="decision", check=smaller_secant, formulas=(secant,), facts=(TRIANGLE,), uses=("gala.G7.1",), assumes=("x and w fixed",),
        control=Control("twice the left side", lambda: smaller_secant(2)),
    ),
    Step(
        id="gala.G7.3", says="with replacement E|g - grad F|^2 = sigma_1^2/B", method="algebra", check=with_replacement,
        assumes=("independent rows: cross moments 0",), control=Control("sigma_1^2/B^2", lambda: with_replacement(2)),
    ),
    Step(
        id="gala.G7.4", says="without replacement from n rows: times (n-B)/(n-1), as the mean of <z_i, z_j> over i != j is "
        "-sigma_1^2/(n-1)",
        method="algebra", check=without_replacement, control=Control("n pairs per row", lambda: without_replacement(0)),
    ),
    Step(
        id="gala.G7.5", says="both by exhaustion: all batches of n = 4 rows with arbitrary values, B = 1..4", method="algebra",
        check=all_batches,
        uses=("gala.G7.3", "gala.G7.4"), control=Control("without the factor", lambda: all_batches(finite=False)),
    ),
]  # fmt: skip


# --- G8 --------------------------------------------------------------------------------------------------------------------------------
def covariance(power: int = 1) -> Outcome:
    """E <g_B(w), g_B(x)> from B equal and B (B-1) different rows; c = tr Cov_1, p = <grad F(w), grad F(x)>."""
    c, p, batch = *reals("c p"), reals("B", integer=True, positive=True)
    return identity((batch * (p + c) + batch * (batch - 1) * p) / batch**2 - p, c / batch**power)


def exhausted(sign: int = 1) -> Outcome:
    """Two rows in the plane, B = 1, 2, 3 with replacement, every sequence of rows, the kernel's own inner product."""
    at_w, at_x = [vector(f"w{i}_") for i in range(2)], [vector(f"x{i}_") for i in range(2)]
    full_w, full_x, nothing = sum(at_w) / sp.Integer(2), sum(at_x) / sp.Integer(2), np.zeros(2, dtype=int)
    spread = sum((at_w[i] - full_w) @ (at_x[i] - full_x) for i in range(2)) / 2
    out = []
    for size in (1, 2, 3):
        total = sp.Integer(0)
        for rows in product(range(2), repeat=size):
            gw, gx = sum(at_w[i] for i in rows) / sp.Integer(size), sum(at_x[i] for i in rows) / sp.Integer(size)
            total += pair(gw, gx, nothing, nothing, gx)[0]
        out.append(vanishes(total / 2**size - full_w @ full_x - sign * spread / size))
    return counted(out)


def sine(value: int = -1) -> Outcome:
    """f = xi sin x, xi = -1 or 1, at x = 0 and w = pi: the mean alignment is -1 while both gradients of F are 0."""
    data = np.array([[sp.Integer(-1)], [sp.Integer(1)]])
    read = symbolic(sine_value)

    def gradient(at: Any, rows: list[int]) -> Any:
        out = np.zeros(1, dtype=object)
        read(0, 1, np.array([at], dtype=object), np.array(rows), data, None, out)
        return out

    ends = sp.Integer(0), sp.pi
    bias = (
        sum(
            pair(gradient(ends[1], [row]), gradient(ends[0], [row]), *[np.zeros(1, dtype=int)] * 2, gradient(ends[0], [row]))[0]
            for row in (0, 1)
        )
        / 2
    )
    both_rows = [(read(0, 1, np.array([end], dtype=object), np.array([]), data, None, np.zeros(1, dtype=object)), 0) for end in ends]
    at_quarter = read(0, 1, np.array([sp.pi / 2], dtype=object), np.array([1]), data, None, np.zeros(1, dtype=object))
    pairs = [(bias, value), *[(gradient(end, [])[0], 0) for end in ends], *both_rows, (at_quarter, 1)]
    return identities([*pairs, (gradient(ends[0], [1, 1])[0], 1), (gradient(sp.pi / 3, [1])[0], sp.Rational(1, 2))])


def same_point(sign: int = 1) -> Outcome:
    """w = x: the bias is (1/B) E|g_i - grad F|^2, a sum of squares, also where grad F = 0."""
    rows = [vector(f"g{i}") for i in range(2)]
    full = sum(rows) / sp.Integer(2)
    spread = sum((row - full) @ (row - full) for row in rows) / 2
    stationary = {rows[1][0]: -rows[0][0], rows[1][1]: -rows[0][1]}
    return identities(
        [(spread, sum(row @ row for row in rows) / 2 - full @ full), (sp.expand(spread.subs(stationary)), sign * (rows[0] @ rows[0]))]
    )


G8 = [
    Step(
        id="gala.G8.1", says="E<g(w), g(x)> = <grad F(w), grad F(x)> + (1/B) tr Cov_1 for the mean of B independent rows at both points",
        method="algebra",
        check=covariance, assumes=("x and w fixed", "rows drawn independently"), control=Control("1/B^2", lambda: covariance(2)),
    ),
    Step(
        id="gala.G8.2", says="by exhaustion: two rows with arbitrary gradients in the plane, B = 1, 2, 3", method="algebra",
        check=exhausted,
        formulas=(pair_summands,), uses=("gala.G8.1",), control=Control("the opposite sign", lambda: exhausted(-1)),
    ),
    Step(
        id="gala.G8.3", says="of either sign: f = xi sin x, xi = -1 or 1, x = 0, w = pi has the bias -1", method="algebra", check=sine,
        formulas=(pair_summands, sine_value), uses=("gala.G8.1",), control=Control("the bias 1", lambda: sine(1)),
    ),
    Step(
        id="gala.G8.4", says="at w = x it is sigma_1^2/B >= 0, and at a stationary point of two rows g and -g it is |g|^2/B",
        method="algebra",
        check=same_point, uses=("gala.G8.1",), control=Control("the opposite sign", lambda: same_point(-1)),
    ),
]  # fmt: skip

STEPS = [*G7, *G8]
