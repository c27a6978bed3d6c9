"""Quadratics with a given spectrum, and the benchmark functions sphere and ellipsoid.

    F(x) = (x - x*)' H (x - x*) / 2,      H = sum_k lambda_k q_k q_k'

``lambda_k`` is the spectrum; ``q_k`` are the unit vectors, or the columns of a random rotation.  F and its derivatives are computed from
``y_k = <q_k, x - x*>``, so that a convex F is never negative.  L = max |lambda_k| exactly (rotated: to a few roundings, because the
rotation is orthogonal only up to rounding).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import SWITCH, Optional_, Parameters, Range, Several, parameter
from lra_ref.problems.base import NO_DATA, Known, Problem, family
from lra_ref.typing import Array

REAL = Range(ends="()")
SIZE = Range(1, ends="[)", integer=True)
POSITIVE = Range(0, ends="()")


@dataclass(frozen=True, kw_only=True)
class QuadraticParameters(Parameters):
    """Spectrum, rotation and stationary point."""

    dim: int | None = parameter(None, Optional_(SIZE), "dimension D (default: length of spectrum or of x_star, else 10)")
    condition: float = parameter(100, Range(1, ends="[)"), "lambda_max / lambda_min of the default, log-spaced spectrum")
    largest: float = parameter(1, POSITIVE, "largest eigenvalue of the default spectrum")
    spectrum: tuple[float, ...] | None = parameter(None, Optional_(Several(REAL)), "all D eigenvalues, instead of the default ones")
    rotated: bool = parameter(False, SWITCH, "eigenvectors from a random rotation instead of the unit vectors")
    seed: int = parameter(0, Range(0, ends="[)", integer=True), "seed of the rotation")
    x_star: tuple[float, ...] | None = parameter(None, Optional_(Several(REAL)), "stationary point (default: 0)")


@dataclass(frozen=True, kw_only=True)
class SphereParameters(Parameters):
    """Dimension."""

    dim: int = parameter(10, SIZE, "dimension D")


@dataclass(frozen=True, kw_only=True)
class EllipsoidParameters(Parameters):
    """Dimension and condition number."""

    dim: int = parameter(10, SIZE, "dimension D")
    condition: float = parameter(1e6, Range(1, ends="[)"), "ratio of the largest to the smallest weight")


def separable_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (lambda_1..lambda_D, x*_1..x*_D)."""
    xs, gs = x[lo:hi], g[lo:hi]
    center = par[xs.size :]
    total = 0.0
    for i in range(xs.size):
        away = xs[i] - center[i]
        gs[i] = par[i] * away
        total += gs[i] * away
    return total / 2


def separable_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """``diag(lambda) v``."""
    vs, outs = v[lo:hi], out[lo:hi]
    for i in range(vs.size):
        outs[i] = par[i] * vs[i]


def spectral_product(data: Any, par: Any, w: Any, out: Any) -> Any:
    """``out = H w``; returns ``w' H w``.  Row k of ``data`` is the eigenvector of ``par[k]``."""
    total = 0.0
    for i in range(w.size):
        out[i] = 0.0
    for k in range(w.size):
        row = data[k]
        y = 0.0
        for i in range(w.size):
            y += row[i] * w[i]
        weight = par[k] * y
        total += weight * y
        for i in range(w.size):
            out[i] += weight * row[i]
    return total


def rotated_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par as in :func:`separable_value`, row k of ``data`` = eigenvector k."""
    xs = x[lo:hi]
    center = par[xs.size :]
    away = np.empty(xs.size)
    for i in range(xs.size):
        away[i] = xs[i] - center[i]
    return spectral_product(data, par, away, g[lo:hi]) / 2


def rotated_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """``H v`` by way of the eigenvectors."""
    spectral_product(data, par, v[lo:hi], out[lo:hi])


def rotation(dim: int, seed: int) -> Array:
    """Random orthogonal matrix, uniform (Haar) over the rotations and reflections; the last bits depend on the LAPACK in use."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))
    return np.ascontiguousarray(q * np.where(np.diag(r) < 0, -1.0, 1.0))


def geometric(low: float, high: float, dim: int) -> Array:
    """``dim`` log-spaced values from ``low`` to ``high``, both attained; one value is ``high``."""
    if low == 0:
        raise ZeroDivisionError("the smallest value underflows")
    return np.geomspace(low, high, dim) if dim > 1 else np.array([high])


def from_spectrum(name: str, spectrum: Array, center: Array, rows: Array | None = None) -> Problem:
    """The quadratic with these eigenvalues, stationary point and (optional) eigenvectors; start at ``x* + (1, ..., 1)``."""
    bounded = bool(np.all(spectrum >= 0))
    smallest = float(np.min(spectrum))
    return Problem(
        name=name,
        dim=spectrum.size,
        value_kernel=separable_value if rows is None else rotated_value,
        hvp_kernel=separable_hvp if rows is None else rotated_hvp,
        start=center + 1.0,
        par=np.concatenate([spectrum, center]),
        data=NO_DATA if rows is None else rows,
        smoothness=Known(float(np.max(np.abs(spectrum))), source="largest |eigenvalue|"),
        f_star=Known(0.0, source="F is a sum of squares, zero at x*") if bounded else None,
        x_star=center if bounded else None,
        convex=bounded,
        strong_convexity=Known(smallest, source="smallest eigenvalue") if smallest > 0 else None,
        notes="" if bounded else "a negative eigenvalue: F is not bounded below, its stationary point is a saddle or a maximum",
    )


@family("quadratic", QuadraticParameters)
def quadratic(p: QuadraticParameters) -> Problem:
    """Quadratic with a given spectrum: ``F = (x - x*)' H (x - x*) / 2``.

    The default spectrum is log-spaced from ``largest / condition`` to ``largest``.  ``spectrum`` may hold zeros (convex, not strongly)
    and negative values (no minimum, F* is None).  Raises ``ValueError`` if the lengths given do not agree.
    """
    given = {} if p.dim is None else {"dim": p.dim}
    given.update({what: len(values) for what, values in (("spectrum", p.spectrum), ("x_star", p.x_star)) if values is not None})
    if len(set(given.values())) > 1:
        raise ValueError("the sizes must agree, got " + ", ".join(f"{what} of size {size}" for what, size in given.items()))
    dim = next(iter(given.values()), 10)
    spectrum = np.array(p.spectrum) if p.spectrum else geometric(p.largest / p.condition, p.largest, dim)
    center = np.array(p.x_star) if p.x_star else np.zeros(dim)
    return from_spectrum("quadratic", spectrum, center, np.ascontiguousarray(rotation(dim, p.seed).T) if p.rotated else None)


@family("sphere", SphereParameters)
def sphere(p: SphereParameters) -> Problem:
    """Sphere: ``F = sum_i x_i^2``; L = mu = 2."""
    return from_spectrum("sphere", np.full(p.dim, 2.0), np.zeros(p.dim))


@family("ellipsoid", EllipsoidParameters)
def ellipsoid(p: EllipsoidParameters) -> Problem:
    """Ellipsoid: ``F = sum_i condition^((i-1)/(D-1)) x_i^2``, i = 1..D; L = 2 condition (D = 1: 2), mu = 2."""
    spectrum = 2 * geometric(1.0, p.condition, p.dim) if p.dim > 1 else np.array([2.0])
    return from_spectrum("ellipsoid", spectrum, np.zeros(p.dim))
