r"""The smooth nonconvex hard instance of Carmon, Duchi, Hinder and Sidford: a chain that must be climbed one coordinate at a time.

    f(x) = -Psi(1) Phi(x_1) + sum_{i=2}^{T} [Psi(-x_{i-1}) Phi(-x_i) - Psi(x_{i-1}) Phi(x_i)]
    Psi(x) = exp(1 - 1 / (2x - 1)^2) for x > 1/2, else 0          Phi(x) = sqrt(e) int_{-inf}^{x} exp(-t^2 / 2) dt
    F(x) = A f(x / s),      A = L s^2 / 152

Y. Carmon, J. C. Duchi, O. Hinder and A. Sidford, "Lower bounds for finding stationary points I", Mathematical Programming 184
(2020), 71-120.  The definition is published.  The numbers 152 (smoothness of f) and 12 (f(0) - inf f <= 12 T) are those of that line
of work (unconfirmed); both are derived anew here, so that nothing rests on the quotation.  Because only one of Psi(u), Psi(-u) is not
zero, a summand is -sign(u) Psi(|u|) Phi(sign(u) w) with u = x_{i-1}, w = x_i: this is the form of the kernels.

Derived:

*L.*  With w = 1 / (2x - 1): Psi' = 4 w^3 exp(1 - w^2) in [0, sqrt(54/e)], Psi'' = (16 w^6 - 24 w^4) exp(1 - w^2), |Psi''| < 32.4;
0 <= Psi < e, 0 < Phi < sqrt(2 pi e), 0 < Phi' <= sqrt(e), |Phi''| = |x| exp((1 - x^2) / 2) <= 1.  The Hessian of f is tridiagonal, and
by Gershgorin's theorem its norm is below 32.4 * 4.133 + e + 2 * 4.458 * 1.649 < 151.4 < 152.  Hence F is L-smooth.

*inf F.*  The first term is above -sqrt(2 pi e), every other one above -e sqrt(2 pi e), and all are approached together as every
x_i -> +inf: inf f = -sqrt(2 pi e) (1 + e (T - 1)), not attained.  f(0) = -sqrt(pi e / 2), so f(0) - inf f < 12 T.

*Gradient.*  Let i be the first coordinate with |x_i| < 1.  Both parts of the i-th derivative are of one sign and the first is at
least Psi(1) Phi'(x_i) > 1 in size: |gradient f| > 1 as long as any |x_i| < 1.  So |gradient F| > A / s = L s / 152 until all
coordinates have passed s, and from x = 0 a first-order method reaches one more coordinate per gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.formulas import erfc
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family

SMOOTHNESS = 152
INFIMUM_FIRST, INFIMUM_OTHER = -math.sqrt(2 * math.pi * math.e), -math.e * math.sqrt(2 * math.pi * math.e)


@dataclass(frozen=True, kw_only=True)
class HardInstanceParameters(Parameters):
    """Length of the chain and scaling."""

    dim: int = parameter(10, Range(1, ends="[)", integer=True), "length T of the chain")
    smoothness: float = parameter(SMOOTHNESS, Range(0, 1e100, "(]"), "smoothness L of F; 152 and scale 1 give f itself")
    scale: float = parameter(1, Range(1e-50, 1e50), "length s: the gradient is above L s / 152 while any |x_i| < s")


def inverse_gap(x: Any) -> Any:
    """``1 / (2x - 1)`` for x > 1/2, and -1 elsewhere as a mark that Psi vanishes (0 is its limit at infinity)."""
    return 1 / (2 * x - 1) if 2 * x > 1 else -1.0


def psi(w: Any) -> Any:
    """Psi from ``w = inverse_gap(x)``."""
    return np.exp(1 - w * w) if w >= 0 else 0.0


def psi_slope(w: Any) -> Any:
    """Psi' from ``w = inverse_gap(x)``."""
    return 4 * w * w * w * psi(w)


def psi_bend(w: Any) -> Any:
    """Psi'' from ``w = inverse_gap(x)``."""
    return 8 * w * w * w * w * (2 * w * w - 3) * psi(w)


def phi(x: Any) -> Any:
    """Phi, through the complementary error function: no cancellation in either tail."""
    return np.sqrt(np.pi * np.exp(1) / 2) * erfc(-x / np.sqrt(2))


def phi_slope(x: Any) -> Any:
    """Phi'."""
    return np.exp((1 - x * x) / 2)


def hard_instance_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (A, s).  The coordinate before the first one counts as 1."""
    xs, gs = x[lo:hi], g[lo:hi]
    amplitude, scale = par[0], par[1]
    total = 0.0
    u = 1.0
    for i in range(xs.size):
        y = xs[i] / scale
        sign, w = np.sign(u), inverse_gap(np.abs(u))
        height, area = psi(w), phi(sign * y)
        total -= sign * height * area
        if i > 0:
            gs[i - 1] -= amplitude / scale * psi_slope(w) * area
        gs[i] = -(amplitude / scale) * height * phi_slope(y)
        u = y
    return amplitude * total


def hard_instance_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Product with the tridiagonal Hessian."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    scale = par[1]
    amplitude = par[0] / scale / scale
    u = 1.0
    for i in range(xs.size):
        y = xs[i] / scale
        sign, w = np.sign(u), inverse_gap(np.abs(u))
        outs[i] = amplitude * psi(w) * (y * phi_slope(y)) * vs[i]
        if i > 0:
            cross = amplitude * sign * psi_slope(w) * phi_slope(y)
            outs[i - 1] -= amplitude * sign * psi_bend(w) * phi(sign * y) * vs[i - 1] + cross * vs[i]
            outs[i] -= cross * vs[i - 1]
        u = y


@family("hard_instance", HardInstanceParameters)
def hard_instance(p: HardInstanceParameters) -> Problem:
    """Hard instance for finding stationary points: F(x) = (L s^2 / 152) f(x / s); start 0, where all information is still hidden."""
    amplitude = p.smoothness * p.scale * p.scale / SMOOTHNESS
    return Problem(
        name="hard_instance",
        dim=p.dim,
        value_kernel=hard_instance_value,
        hvp_kernel=hard_instance_hvp,
        start=np.zeros(p.dim),
        par=np.array([amplitude, p.scale]),
        smoothness=Known(p.smoothness, exact=False, source="Gershgorin's theorem, 151.4 < 152 (derived); 152 as in the literature"),
        f_star=Known(amplitude * (INFIMUM_FIRST + (p.dim - 1) * INFIMUM_OTHER), source="infimum, approached as all x_i -> +inf (derived)"),
        notes=f"The infimum is not attained.  |gradient| > {amplitude / p.scale:g} while any |x_i| < {p.scale:g}; F(0) - inf F <= 12 T A.",
    )
