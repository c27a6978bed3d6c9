"""HDM, hypergradient descent with guarantees: a step size, a vector of them or a matrix P learns from every tested point.

With g = grad F(x), the point y = x - P g [+ beta (x - x_old)] is tested; g+ = grad F(y) tells how P should have been,

    r = -g+ g'/|g|^2   (full P),   -(g+ * g)/|g|^2   (diagonal),   -<g+, g>/|g|^2   (scalar, P = alpha I),

P learns from r whatever becomes of y, and the *null step* keeps x unless F(y) < F(x).  Norms are global over blocks.

=============  ==========================================================================================================
form           how P learns
=============  ==========================================================================================================
null_step      (V1) G += r^2, P -= a r / sqrt(G + eps); a = 1/L, or 0.1 if L is not given (ours); no projection, with
               radius (ours, H3) scalar and diagonal are clipped to [0, radius]
ogd            (V2) P <- Proj(P - eta r): scalar and diagonal clipped to [0, radius], full in the Frobenius ball of that radius
lookahead      (V3) as ogd from r at y = x - P_k g, and then z = x - P_{k+1} g is tested and accepted or not; eta = 1/L if not given
heavy_ball     (V4) as null_step, with the momentum beta, which learns too: rm = <g+, x - x_old>/|g|^2, Gm += rm^2,
               beta -= 100 rm / sqrt(Gm + eps), clipped to [-1, 1]; x_old = x in every step, also where y is refused
eg             (V5) diagonal, P_1 = delta/D: P <- P exp(-eta r / sqrt i) for update i = 1, 2, ..., scaled down if its sum exceeds delta
=============  ==========================================================================================================

With L and without radius and eta, ogd has radius = 1/L (full: sqrt(D)/L) and eta = radius / (1 + L radius), lookahead no projection (ours).

Source: Chu, Gao, Ye, Udell 2025, arXiv 2502.11229, Gao et al. 2411.01803, 2505.23081, 2509.11007, and the authors' codes (published);
the defaults marked ours are derived.

In the engine x is the tested point, one gradient a step (lookahead: y and z are two steps); the method answers with the accepted point,
the vector ``point``.  The rate reported is <g, P g>/|g|^2 of the point just tested (alpha where P is scalar), 0 at the start.
Scalars: ``value`` F at the accepted point, ``norm2`` |g|^2 there, ``h`` = (F(y) - F(x))/|g|^2 of the last test, ``accepted``
(of this step's point), ``updates`` of P, ``alpha`` and ``alpha_G`` (scalar P), ``beta`` and ``beta_G`` (heavy_ball), ``lookahead`` (1: the
next point is a y), ``small``, ``tested_norm2`` (|g|^2 of the last test), ``share`` (factor of the last projection).

Edge cases: a gradient without an entry of ``tol``, or whose square vanishes, at the accepted point stops the trajectory with STATIONARY
before another test.  ``accept_tol`` replaces the test by F(y) < F(x) + accept_tol.  A loss or gradient that is not finite at the
tested point stops with NONFINITE_GRADIENT, the accepted point kept.  On a noisy oracle losses of different samples are compared.

Words per element beyond x and g: 2, and P (and G): scalar none, diagonal 1 (2), full D (2 D); one more for heavy_ball.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``hdm`` 13/15.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

from lra_ref.methods import hdm_kernels as kernels
from lra_ref.methods.hdm_kernels import FORMS, SHAPES
from lra_ref.methods.hdm_reference import HDMReference
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Direction
from lra_ref.typing import Array

POSITIVE, NOT_NEGATIVE, REAL = Range(0, ends="()"), Range(0, ends="[)"), Range(ends="()")
#: largest D of a full P
LARGEST = 32
ADAGRAD = ("null_step", "heavy_ball")
#: parameters that only some forms have
BELONGS = {"a": ADAGRAD, "eta": ("ogd", "lookahead", "eg"), "radius": ("null_step", "ogd", "lookahead"), "delta": ("eg",)}


@dataclass(frozen=True, kw_only=True)
class HDMParameters(Parameters):
    """Hyper-parameters of ``hdm``."""

    form: str = parameter("null_step", Choice(tuple(FORMS)), "how P learns")
    shape: str = parameter("diagonal", Choice(tuple(SHAPES)), "P is a number, a vector or a matrix")
    L: float | None = parameter(None, Optional_(POSITIVE), "smoothness constant, for the defaults")
    a: float | None = parameter(None, Optional_(POSITIVE), "AdaGrad's step (null_step, heavy_ball); default 1/L, else 0.1")
    eta: float | None = parameter(None, Optional_(POSITIVE), "step of P (ogd, lookahead, eg)")
    radius: float | None = parameter(
        None, Optional_(POSITIVE), "P stays in [0, radius], or in the ball (ogd, lookahead; null_step: option)"
    )
    delta: float | None = parameter(None, Optional_(POSITIVE), "largest sum of P (eg)")
    p_0: float = parameter(0.0, REAL, "P at the start: this multiple of the identity (not eg)")
    beta_step: float = parameter(100.0, POSITIVE, "AdaGrad's step of the momentum (heavy_ball)")
    eps: float = parameter(1e-20, NOT_NEGATIVE, "added to G under the root")
    accept_tol: float = parameter(0.0, NOT_NEGATIVE, "a point is accepted if F falls below F + accept_tol")
    tol: float = parameter(0.0, NOT_NEGATIVE, "stop when no entry of the gradient reaches it")
    dim: int | None = parameter(None, Optional_(Range(1, LARGEST, integer=True)), f"D, needed by shape=full, at most {LARGEST}")

    def __post_init__(self) -> None:
        super().__post_init__()
        form = self.form
        for name, forms in BELONGS.items():
            if getattr(self, name) is not None and form not in forms:
                raise ValueError(f"{name} belongs to the form {' or '.join(forms)}, got form={form!r}")
        if form == "eg" and self.shape != "diagonal":
            raise ValueError(f'form="eg" needs shape="diagonal", got {self.shape!r}')
        if self.shape == "full" and self.dim is None:
            raise ValueError(f'shape="full" needs dim, the number of parameters, at most {LARGEST}')
        if form == "eg" and (self.delta is None or self.eta is None):
            raise ValueError('form="eg" needs delta and eta')
        if form == "eg" and self.p_0 != 0:
            raise ValueError(f'form="eg" starts at delta/D, got p_0 = {self.p_0:g}')
        if form == "ogd" and self.L is None and (self.radius is None or self.eta is None):
            raise ValueError('form="ogd" needs radius and eta, or L')
        if form == "lookahead" and self.L is None and self.eta is None:
            raise ValueError('form="lookahead" needs eta, or L')
        radius = self.limit()
        if form == "null_step" and self.radius is not None and self.shape == "full":
            raise ValueError('radius of form="null_step" needs shape="scalar" or "diagonal", got "full"')
        if math.isfinite(radius):
            size = abs(self.p_0) * math.sqrt(self.dim or 1) if self.shape == "full" else self.p_0
            if not 0 <= size <= radius:
                raise ValueError(f"P must start in its set of radius {radius:g}, got p_0 = {self.p_0:g}")

    def limit(self) -> float:
        """Radius of the set of P, infinite without projection."""
        if self.radius is not None or self.form != "ogd" or self.L is None:
            return math.inf if self.radius is None else self.radius
        return (math.sqrt(self.dim or 1) if self.shape == "full" else 1.0) / self.L

    def step(self) -> float:
        """a of the AdaGrad forms, else eta."""
        if self.form in ADAGRAD:
            return self.a if self.a is not None else 0.1 if self.L is None else 1 / self.L
        if self.eta is not None:
            return self.eta
        assert self.L is not None
        return 1 / self.L if self.form == "lookahead" else self.limit() / (1 + self.L * self.limit())


@WHOLES.register("hdm")
class HDM(HDMReference):
    """Hypergradient descent with the null step: a scalar, diagonal or full P, five ways to learn it."""

    together = False
    name = "hdm"
    source = "Chu, Gao, Ye, Udell 2025, arXiv 2502.11229 and 2505.23081, 2509.11007 (published; defaults from L derived)"
    Parameters = HDMParameters
    needs = ("losses", "L (ogd, lookahead)")
    cost = "1 gradient; lookahead: an iteration is 2 steps"
    scalars = kernels.SCALARS
    coefficients, sums = kernels.COEFFICIENTS, kernels.SUMS
    output = "point"
    begin = staticmethod(kernels.hdm_begin)
    decide = staticmethod(kernels.hdm_decide)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.dim = p.dim or 1
        self.adagrad = p.form in ADAGRAD
        names = {"scalar": [], "diagonal": ["P"], "full": [f"P_{i}" for i in range(self.dim)]}[p.shape]
        self.rows_of_P, self.rows_of_G = tuple(names), tuple(name.replace("P", "G") for name in names) if self.adagrad else ()
        self.vectors = ("point", "gradient", *self.rows_of_P, *self.rows_of_G, *(("x_old",) if p.form == "heavy_ball" else ()))
        rule = "adagrad" if self.adagrad else "eg" if p.form == "eg" else "ogd"
        self.terms = {
            "scalar": kernels.scalar_terms,
            "diagonal": kernels.eg_terms if rule == "eg" else kernels.diagonal_terms,
            "full": kernels.full_terms,
        }[p.shape]
        self.move = {
            "scalar": {"adagrad": kernels.scalar_move, "ogd": kernels.scalar_move},
            "diagonal": {"adagrad": kernels.adagrad_move, "ogd": kernels.ogd_move, "eg": kernels.eg_move},
            "full": {"adagrad": kernels.full_adagrad_move, "ogd": kernels.full_ogd_move},
        }[p.shape][rule]

    def bound(self, direction: Direction, offsets: Array) -> HDM:
        """A copy that knows D; ValueError if a full P has another size."""
        made, dim = copy.copy(self), int(offsets[-1])
        if self.parameters.shape == "full" and dim != self.dim:
            raise ValueError(f"dim must be the number of parameters, {dim}, got {self.dim}")
        made.dim = dim
        return made

    def hyper(self) -> tuple[float, ...]:
        """form, shape, step, eps | low, high, p_0 | delta or radius, beta_step, accept_tol, tol, row of x_old."""
        p = self.parameters
        limit = p.limit()
        low, high = (0.0, limit) if math.isfinite(limit) else (-math.inf, math.inf)
        start, size = (p.delta / self.dim, p.delta) if p.form == "eg" else (p.p_0, limit)
        old = float(len(self.vectors) - 1) if p.form == "heavy_ball" else 0.0
        codes = (float(FORMS[p.form]), float(SHAPES[p.shape]))
        return (*codes, p.step(), p.eps, low, high, start, size, p.beta_step, p.accept_tol, p.tol, old)
