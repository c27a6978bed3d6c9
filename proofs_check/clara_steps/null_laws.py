"""T3, T4: autoregression of the squared path norm, and the coordinates of the path."""

from __future__ import annotations

from typing import Any

import sympy as sp

from lra_ref.formulas import average
from lra_ref.rates.clara_laws import coordinate_variance, independent_mean, sum_of_fourths
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import identities, identity, reals, symbolic, telescopes
from proofs_check.clara_steps.moments import NULL, expected, isotropic
from proofs_check.clara_steps.null import DIMENSIONS, M, Z, fourths, inner, mean, mu, vectors
from proofs_check.clara_steps.readings import KEEP, C, D, Q, T, polynomial, polynomials
from proofs_check.facts import TOWER
from proofs_check.steps import Control, Outcome, Step, counted


# --- T3 --------------------------------------------------------------------------------------------------------------------------------
def prediction(root: Any = Q) -> Outcome:
    """E[Y' - mu | past] = q (Y - mu), times anything known of the past too."""
    out = []
    for dim in DIMENSIONS[:3]:
        p, u = vectors(dim)
        error = (symbolic(path_norm2)(inner(p, p), inner(p, u), 1 - C, C) - mu()) * Z
        out.append(polynomial(expected(error, u, isotropic(dim)), root * (inner(p, p) - mu()) * Z))
    return counted(out)


def scatter(factor: int = 4) -> Outcome:
    """Var(Y' | past) = 4 q c^2 Y/D."""
    out = []
    for dim in DIMENSIONS[:3]:
        p, u = vectors(dim)
        error = symbolic(path_norm2)(inner(p, p), inner(p, u), 1 - C, C) - symbolic(path_norm2)(inner(p, p), 0, 1 - C, C)
        out.append(polynomial(expected(error**2, u, isotropic(dim)), factor * Q * C**2 * inner(p, p) / dim))
    return counted(out)


T3 = [
    Step(
        id="clara.T3.1", says="E[(Y_{t+1} - mu) Z | past] = q (Y_t - mu) Z for every Z known before step t+1 (D = 1..3 written out)",
        method="algebra", check=prediction, formulas=(path_norm2, independent_mean), uses=("clara.T1.1", "clara.T1.2"), assumes=(NULL,),
        control=Control("q = 1 - c", lambda: prediction(KEEP)),
    ),
    Step(
        id="clara.T3.2",
        says="Cov(Y_{t+k}, Y_t) = q^k Var Y_t in the stationary state: true at k = 0, and each k more is a factor q (T3.1 with Z = Y_t "
        "- mu)",
        method="algebra", check=lambda: telescopes((Q**0 * M, M), (Q ** (T + 1) * M, Q * (Q**T * M))), uses=("clara.T3.1",),
        facts=(TOWER,), assumes=("E Y_t = mu",),
        control=Control("a factor q^2", lambda: telescopes((Q**0 * M, M), (Q ** (T + 1) * M, Q**2 * (Q**T * M)))),
    ),
    Step(
        id="clara.T3.3", says="Var(Y_{t+1} | past) = 4 q c^2 Y_t/D (D = 1..3 written out)", method="algebra", check=scatter,
        formulas=(path_norm2,), uses=("clara.T1.1", "clara.T1.2"), assumes=(NULL,), control=Control("2 q c^2 Y/D", lambda: scatter(2)),
    ),
]  # fmt: skip


# --- T4 --------------------------------------------------------------------------------------------------------------------------------
def sphere_moment(fourth: int = 3) -> Outcome:
    """E|g|^4 = D E g_1^4 + D (D-1) (E g_1^2)^2 = D (D+2) for Gaussian g, so E u_1^4 = E g_1^4/E|g|^4 = 3/(D (D+2))."""
    g = sp.Symbol("g", real=True)
    density = sp.exp(-(g**2) / 2) / sp.sqrt(2 * sp.pi)
    second, gaussian = (sp.integrate(g**n * density, (g, -sp.oo, sp.oo)) for n in (2, 4))
    return identities([(second, 1), (gaussian / (D * gaussian + D * (D - 1) * second**2), fourth / (D * (D + 2)))])


def coordinate(powers: tuple[int, ...]) -> Any:
    """Moments of one coordinate of a direction uniform on the sphere."""
    return {0: sp.S(1), 1: sp.S(0), 2: 1 / D, 3: sp.S(0), 4: 3 / (D * (D + 2))}[powers[0]]


def fourth_power(t: Any) -> Any:
    """E p_i^4 = 3 (S2^2 - S4)/D^2 + 3 S4/(D (D+2))."""
    return 3 * (mean(C, t) ** 2 - fourths(C, t)) / D**2 + 3 * fourths(C, t) / (D * (D + 2))


def coordinates(shift: int = 0) -> Outcome:
    """E p_i^2 and E p_i^4: base and increment, the increment from the moments of u_i."""
    p, u = reals("p u")
    moved = symbolic(average)(p, u, 1 - C, C)
    m2, m4 = mean(C, T) / D, fourth_power(T + shift)

    def over_path(expression: Any) -> Any:
        return sum(a * {0: 1, 2: m2, 4: m4}[n] for (n,), a in sp.Poly(sp.expand(expression), p).terms() if n % 2 == 0)

    after2, after4 = (over_path(expected(moved**n, [u], coordinate)) for n in (2, 4))
    return polynomials([(fourth_power(0), 0), (after2, mean(C, T + 1) / D), (after4, fourth_power(T + 1 + shift))])


def coordinate_spread(factor: int = 1) -> Outcome:
    """E p_i^4 - (E p_i^2)^2 is the formula of the library."""
    return identity(fourth_power(T) - (mean(C, T) / D) ** 2, factor * symbolic(coordinate_variance)(C, D, T))


SPHERE = "directions uniform on the sphere, independent of the past"
T4 = [
    Step(
        id="clara.T4.1",
        says="E u_i^4 = 3/(D (D+2)) on the sphere, from E g^4 = 3, E|g|^4 = D(D+2) for Gaussian g = |g| u with |g| and u independent",
        method="algebra", check=sphere_moment, assumes=(SPHERE, "length and direction of a standard normal vector are independent"),
        control=Control("a fourth moment of 1", lambda: sphere_moment(1)),
    ),
    Step(
        id="clara.T4.2", says="E p_i^2 = S2/D and E p_i^4 = 3 (S2^2 - S4)/D^2 + 3 S4/(D(D+2)), by induction on t (odd moments vanish)",
        method="algebra", check=coordinates, formulas=(average, independent_mean, sum_of_fourths), uses=("clara.T4.1", "clara.T2.4"),
        facts=(TOWER,), assumes=(SPHERE,), control=Control("the fourth moment one step ahead", lambda: coordinates(1)),
    ),
    Step(
        id="clara.T4.3", says="Var p_i^2 = 2 S2^2/D^2 - 6 S4/(D^2 (D+2))", method="algebra", check=coordinate_spread,
        formulas=(coordinate_variance,), uses=("clara.T4.2",), control=Control("twice it", lambda: coordinate_spread(2)),
    ),
]  # fmt: skip

STEPS = [*T3, *T4]
THEOREMS = {
    "clara.T3": "Null model: E[Y_{t+1} - mu | past] = q (Y_t - mu); stationary Cov(Y_{t+k}, Y_t) = q^k Var Y; Var(Y_{t+1} | "
    "past) = 4 q c^2 Y_t/D",
    "clara.T4": "Directions uniform on the sphere: E p_i^2 = S2/D, Var p_i^2 = 2 S2^2/D^2 - 6 S4/(D^2 (D+2))",
}
