"""A2, A5, A6: Adam's standard deviation to leading order, and the published table."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from lra_ref.rates.clara_reference import PUBLISHED_ADAM, delta_variance, geometric_product
from proofs_check.algebra import identities, identity
from proofs_check.clara_steps.adam import GAUSSIAN
from proofs_check.clara_steps.adam_mean import adam_mean
from proofs_check.facts import DELTA_METHOD, ISSERLIS
from proofs_check.intervals import ball, encloses
from proofs_check.steps import Control, Outcome, Step, counted, opposite


# --- A2 ----------------------------------------------------------------------------------------------------------------------------------
def correlations(size: int) -> Any:
    """A symmetric matrix with diagonal 1 and free entries."""
    return sp.Matrix(size, size, lambda i, j: 1 if i == j else sp.Symbol(f"R{min(i, j)}{max(i, j)}", real=True))


def delta_method(size: int = 3, factor: int = 1) -> Outcome:
    """f = sum w_i w_j N_ij/sqrt(N_ii N_jj): f' at N = R, and f' V f' by Isserlis, against the library's D Var."""
    R, w = correlations(size), [sp.Symbol(f"w{i}", positive=True) for i in range(size)]
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    N = {pair: sp.Symbol(f"N{pair[0]}{pair[1]}", positive=True) for pair in pairs}
    f = sum(w[i] * w[j] * N[min(i, j), max(i, j)] / sp.sqrt(N[i, i] * N[j, j]) for i in range(size) for j in range(size))
    at = {N[pair]: R[pair] for pair in pairs}
    slope = {pair: f.diff(N[pair]).subs(at) for pair in pairs}
    spread = sum(
        slope[i, j] * slope[k, m] * (R[i, k] * R[j, m] + R[i, m] * R[j, k]) for (i, j), (k, m) in itertools.product(pairs, repeat=2)
    )
    weights = np.array(w, dtype=object)
    dense = np.array(R.tolist(), dtype=object)
    filtered = dense @ weights
    return identity(spread, factor * delta_variance(weights, filtered, (dense * dense) @ (weights * filtered)))


def filtering(size: int = 4, power: int = 1) -> Outcome:
    """geometric_product(beta, w) = R w for R_ij = beta^|i-j|, exactly, for unit vectors w and ``size + 1`` dyadic beta.

    Both sides are linear in w and polynomials in beta of degree below ``size``, so that these cases decide.
    """
    out = []
    for beta in (0.0, 0.5, -0.5, 0.25, -0.25):
        for k, w in enumerate(np.eye(size)):
            found, exact = geometric_product(beta, w), sp.Rational(beta)
            out += [(sp.Rational(float(found[i])), exact ** (power * abs(i - k)) if i != k else 1) for i in range(size)]
    return identities(out)


A2 = [
    Step(
        id="clara.A2.1",
        says="delta method for |p|^2 = sum w_i w_j N_ij/sqrt(N_ii N_jj) at N = R: asymptotic D Var = 2 [(w'Rw)^2 - 2 sum_k w_k "
        "(Rw)_k^3 + v'(R o R)v], v_k = w_k (Rw)_k (three lags)",
        method="algebra", check=delta_method, formulas=(delta_variance,), uses=("clara.A1.1",), facts=(DELTA_METHOD, ISSERLIS),
        assumes=(GAUSSIAN, "the variance of the limit law of sqrt(D)(|p|^2 - mu_A); any weights and correlations, three lags written out"),
        control=Control("half of it", lambda: delta_method(factor=2)),
    ),
    Step(
        id="clara.A2.2",
        says="the two recursions of the library give R w for R_ij = beta^|i-j| (four lags: exact at five dyadic beta, which decide "
        "polynomials of degree 3)",
        method="algebra", check=filtering, formulas=(geometric_product,), uses=("clara.A2.1",),
        control=Control("beta^(2|i-j|)", lambda: filtering(power=2)),
    ),
]  # fmt: skip


# --- A5, A6 -----------------------------------------------------------------------------------------------------------------------------
RATIOS = {"breast_cancer": "0.936", "iris": "0.968", "wine": "0.968", "digits": "0.989"}


def per_tensor(name: str, closed: bool = False) -> arb:
    """sum_k mu_A(D_k) over K times the table's value for the total size (or over itself)."""
    from experiments.clara_claims.adam import BLOCKS

    sizes = BLOCKS[name]
    above = sum((adam_mean(size) for size in sizes), arb(0))
    below = above if closed else len(sizes) * ball(str(PUBLISHED_ADAM[sum(sizes)][0]))
    return above / below


def per_tensor_ratios(closed: bool = False) -> Outcome:
    """The printed ratios, to half a unit of the third decimal."""
    half = ball("0.0005")
    return counted(
        encloses(lambda name=name: per_tensor(name, closed), ball(text) - half, ball(text) + half) for name, text in RATIOS.items()
    )


A5 = [
    Step(
        id="clara.A5.1",
        says="NOT: E sum_k |p_k|^2 = K mu_table(sum_k D_k). The ratio is 0.936 (breast cancer), 0.968 (iris), 0.968 (wine), 0.989 "
        "(digits)",
        method="intervals", check=per_tensor_ratios, uses=("clara.A1.9", "clara.A1.16", "clara.T13.1"),
        assumes=(GAUSSIAN, "the published table, blocks W and b"),
        control=Control("the closed form per block, where it is 1", lambda: per_tensor_ratios(closed=True)),
    ),
    Step(
        id="clara.A6.1", says="NOT: mu_A(62) = 0.6853; it lies in [0.68035, 0.68045]", method="intervals",
        check=lambda: counted([
            encloses(lambda: adam_mean(62), "0.68035", "0.68045"), opposite(encloses(lambda: adam_mean(62), "0.68525", "0.68535")),
        ]),
        uses=("clara.A1.9", "clara.A1.16"), assumes=(GAUSSIAN,),
        control=Control("the table's entry", lambda: encloses(lambda: adam_mean(62), "0.68525", "0.68535")),
    ),
]  # fmt: skip

STEPS = [*A2, *A5]
THEOREMS = {
    "clara.A2": "sqrt(D)(|p|^2 - mu_A) is normal in the limit, of variance 2[mu_A^2 - 2 sum_k w_k (Rw)_k^3 + v'(R o R)v]: finitely "
    "many lags (the fit at small D is measured)",
    "clara.A5": "NOT: the published table, indexed by the total size, is the null mean of paths per tensor",
    "clara.A6": "NOT: mu_A(62) = 0.6853",
}
