"""Eggholder: a rugged function of two variables on the box |x|, |y| <= 512, with its minimum on the boundary.

    F(x, y) = -q phi(x / 2 + q) - x phi(x - q),      q = y + 47,      phi(t) = sin(sqrt|t|)

D. Whitley, K. Mathias, S. Rana and J. Dzubera (1996), Artificial Intelligence 85, 245-276.  F has no derivative where an argument of phi
is 0 (phi' grows like |t|^(-1/2)); phi' and phi'' are DEFINED as 0 there.  Off the box F is not bounded below.

L on the part of the box where both arguments are at least d in size.  With u = (1/2, 1), w = (1, -1) the Hessian is
-q phi'' u u' - phi' (u e_y' + e_y u') - x phi'' w w' - phi' (w e_x' + e_x w'), where |phi'| <= 1 / (2 sqrt d),
|phi''| = |sin r + cos(r) / r| / (4 r^2) <= sqrt(1 + 1/d) / (4 d) with r = sqrt|t|, |q| <= 559, |x| <= 512, and
|a b' + b a'| = |<a, b>| + |a| |b|.  No L holds on a set that has a kink in its closure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family

#: the minimiser on the box is (512, MINIMISER_Y); both numbers are roundings of 50-digit values
MINIMISER_Y, MINIMUM = 404.2318051137578, -959.6406627208509


@dataclass(frozen=True, kw_only=True)
class EggholderParameters(Parameters):
    """The distance from the kinks that L asks for."""

    gap: float = parameter(1, Range(1e-100, 500), "d: L is stated where |x/2 + y + 47| >= d and |x - y - 47| >= d")


def wave(t: Any) -> Any:
    """phi."""
    return np.sin(np.sqrt(np.abs(t)))


def wave_slope(t: Any) -> Any:
    """phi', 0 at the kink."""
    if t == 0:
        return 0.0
    root = np.sqrt(np.abs(t))
    return np.sign(t) * np.cos(root) / (2 * root)


def wave_bend(t: Any) -> Any:
    """phi'', 0 at the kink."""
    if t == 0:
        return 0.0
    root = np.sqrt(np.abs(t))
    return -(np.sin(root) + np.cos(root) / root) / (4 * root * root)


def eggholder_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Product rule over both waves."""
    a, q, gs = x[lo], x[lo + 1] + 47, g[lo:hi]
    one, two = a / 2 + q, a - q
    gs[0] = -(q * wave_slope(one)) / 2 - wave(two) - a * wave_slope(two)
    gs[1] = -wave(one) - q * wave_slope(one) + a * wave_slope(two)
    return -q * wave(one) - a * wave(two)


def eggholder_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Rank-one parts of the Hessian by their inner products."""
    a, q, vs, outs = x[lo], x[lo + 1] + 47, v[lo:hi], out[lo:hi]
    one, two = a / 2 + q, a - q
    along_one, along_two = vs[0] / 2 + vs[1], vs[0] - vs[1]
    first = -q * wave_bend(one) * along_one - wave_slope(one) * vs[1]
    second = -a * wave_bend(two) * along_two - wave_slope(two) * vs[0]
    outs[0] = first / 2 + second - wave_slope(two) * along_two
    outs[1] = first - second - wave_slope(one) * along_one


@family("eggholder", EggholderParameters)
def eggholder(p: EggholderParameters) -> Problem:
    """Eggholder function; start (0, 0)."""
    slope = 1 / (2 * math.sqrt(p.gap))
    bend = math.sqrt(1 + 1 / p.gap) / (4 * p.gap)
    bound = (559 * 1.25 + 512 * 2) * bend + (2 + math.sqrt(1.25) + math.sqrt(2)) * slope
    where = f"the part of the box |x|, |y| <= 512 where |x/2 + y + 47|, |x - y - 47| >= {p.gap:g} (not convex)"
    return Problem(
        name="eggholder",
        dim=2,
        value_kernel=eggholder_value,
        hvp_kernel=eggholder_hvp,
        start=np.zeros(2),
        smoothness=Known(bound, exact=False, where=where, source="triangle inequality over the parts of the Hessian"),
        f_star=Known(MINIMUM, where="the box |x|, |y| <= 512", source="minimum on the edge x = 512, confirmed by branch and bound"),
        notes=f"The minimiser on the box, (512, {MINIMISER_Y!r}), lies on its boundary: the gradient is not 0 there.  "
        "Not differentiable on the lines x/2 + y + 47 = 0 and x - y - 47 = 0.  Not bounded below off the box.",
    )
