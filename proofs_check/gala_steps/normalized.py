"""G5p, G5: normalized SGD with momentum, pathwise and in expectation."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.directions.momentum import averaged_begin
from lra_ref.directions.normalized import averaged_gather, averaged_settle, averaged_unit_map
from lra_ref.directions.norms import unit
from lra_ref.formulas import average
from lra_ref.learners.formulas import loss
from lra_ref.rates.gala import curvature, secant
from lra_ref.rates.gala_bounds import linear_bound, momentum_noise_bound
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic, telescopes
from proofs_check.clara_steps.readings import elements
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, JENSEN, TOWER, TRIANGLE
from proofs_check.gala_steps.excess import UNIFORM
from proofs_check.gala_steps.readings import NINE_TENTHS, mean, vector
from proofs_check.steps import Control, Outcome, Step, both


# --- G5p -------------------------------------------------------------------------------------------------------------------------------
def unit_vector(power: int = 1) -> Outcome:
    """``unit`` with any scale > 0 and root = scale |m| gives m/|m|, of norm 1; for |m| = 0 it gives 0."""
    m, scale = vector("m", positive=True), reals("scale", positive=True)
    size = sp.sqrt(m @ m)
    d = [symbolic(unit)(v, scale, scale * size) for v in m]
    norm = sum(v**2 for v in d)
    return identities([*zip(d, m / size**power, strict=True), (norm, 1), (symbolic(unit)(sp.Integer(0), scale, sp.Integer(0)), 0)])


def kernels(power: int = 1) -> Outcome:
    """begin, gather, settle, map on two blocks: m_0 = g_0, m_t = (1-alpha) m_{t-1} + alpha g_t, d_t = m_t/|m_t|, one norm or one each."""
    blocks = ((0, 2), (2, 3))
    alpha, out = reals("alpha", positive=True), []
    for t, own in ((0, 0), (3, 0), (3, 1)):
        # directions are kept from element 1 on
        g, m, d = vector("g", 3), vector("m", 3), np.zeros(8, dtype=object)
        vec, coef, sums = np.array([m if t else 0 * m]), np.zeros((2, 5), dtype=object), np.zeros((2, 3), dtype=object)
        hyp, row = (0, 1 - alpha, alpha, own), np.zeros((2, 1), dtype=object)
        elements(averaged_begin)(0, 2, t, None, None, row, hyp, coef)
        for s, (lo, hi) in enumerate(blocks):
            squares = np.zeros((3, hi - lo), dtype=object)
            elements(averaged_gather)(s, lo, hi, lo, g, g, d, None, vec, coef, squares)
            sums[s] = squares.sum(axis=1)
        elements(averaged_settle)(0, 2, t, None, sums, None, hyp, coef)
        for s, (lo, hi) in enumerate(blocks):
            elements(averaged_unit_map)(s, lo, hi, 1 + lo, g, g, d, None, vec, coef, None)
        new = (1 - alpha) * m + alpha * g if t else g
        norm2 = [sum(new[lo:hi] ** 2) if own else new @ new for lo, hi in blocks for _ in range(lo, hi)]
        wanted = [value / sp.sqrt(square) ** power for value, square in zip(new, norm2, strict=True)]
        out.append(identities([*zip(vec[0], new, strict=True), *zip(d, [0, *wanted, 0, 0, 0, 0], strict=True)]))
    return both(*out)


def aligned(factor: int = 2) -> Outcome:
    """|grad F| <= <grad F, d> + 2 |e|: big = |grad F|, m = |m|, s = |e|, p = <grad F, d> = m - ed; also for m = 0, d = 0."""
    real = Reals()
    big, m, s, ed, p = real("big m s ed p")
    moving = real.always(big <= p + factor * s, [m > 0, s >= 0, p == m - ed, ed <= s, -ed <= s, big <= m + s])
    return both(moving, real.always(big <= factor * s, [m == 0, s >= 0, big <= m + s]))


def normalized_step(errors: int = 1) -> Outcome:
    """u |grad F| against what step t adds to the right-hand side; cross = L lambda |eta| |d|^2 bounds |<g'(w) - g'(x), d>|, |d| <= 1."""
    real = Reals()
    u, e, big, p, s, noise, q, cross, longest, n, before, after, b = real("u e big p s noise q cross longest n before after b")
    f = real.reading(loss)
    a = p - noise + q
    rho = after - before + e * a
    known = [u >= 0, 0 <= n, n <= 1, longest >= 0, cross == longest * n, q <= cross, -q <= cross, big <= p + 2 * s, s >= 0]
    added = before - after + f(e, a, b) - f(u, a, b) + rho + u * noise + errors * 2 * u * s + u * longest - b * e * e / 2 + b * u * u / 2
    return real.always(u * big <= added, known)


G5P = [
    Step(
        id="gala.G5p.1", says="the direction is d_t = m_t/|m_t|, of norm 1, and 0 for m_t = 0", method="algebra", check=unit_vector,
        formulas=(unit,), assumes=("root = scale |m_t| from the sums of squares",), control=Control("m/|m|^2", lambda: unit_vector(2)),
    ),
    Step(
        id="gala.G5p.2", says="|grad F(x_t)| <= <grad F(x_t), d_t> + 2 |e_t|, d_t = m_t/|m_t| or 0 for m_t = 0, e_t = m_t - grad F(x_t)",
        method="decision", check=aligned, facts=(CAUCHY_SCHWARZ, TRIANGLE), uses=("gala.G5p.1",),
        control=Control("with |e_t| once", lambda: aligned(1)),
    ),
    Step(
        id="gala.G5p.3",
        says="u |grad F(x_t)| <= F(x_t) - F(x_{t+1}) + l_t(eta_t) - l_t(u) + M_t + u N_t + 2 u |e_t| + u L_t lambda_t |eta_t| - b_t "
        "eta_t^2/2 + "
        "b_t u^2/2; sum over t",
        method="decision", check=normalized_step, formulas=(loss,), uses=("gala.G5p.2", "gala.G3.1", "gala.G4.3"),
        assumes=("u >= 0", "|d_t| <= 1", "M_t = rho_t, N_t = <grad F(x_t) - g'_t(x_t), d_t>"),
        control=Control("without the momentum error", lambda: normalized_step(0)),
    ),
    Step(
        id="gala.G5p.4", says="the kernels of normalized momentum: m_0 = g_0, m_t = (1-alpha) m_{t-1} + alpha g_t, d_t = m_t/|m_t|, the "
        "norm of the whole vector (or of every block; two blocks, any state)",
        method="algebra", check=kernels, formulas=(averaged_begin, averaged_gather, averaged_settle, averaged_unit_map),
        uses=("gala.G5p.1",), assumes=("every element of m_t is of ordinary size", "no weight decay"),
        control=Control("m/|m|^2", lambda: kernels(2)),
    ),
]  # fmt: skip


# --- G5 --------------------------------------------------------------------------------------------------------------------------------
ALPHA, KEEP = reals("alpha", positive=True), 1 - reals("alpha", positive=True)


def error_step(share: Any = 1) -> Outcome:
    """e_{t+1} = (1-alpha)(e_t + grad F(x_t) - grad F(x_{t+1})) + alpha n_{t+1}; e = v + w with noise part v, drift part w."""
    m, h, new_h, n, v = (vector(name) for name in ("m", "h", "hh", "n", "v"))
    new = symbolic(average)(m, new_h + n, KEEP, ALPHA) - new_h
    e = m - h
    noise, drift = KEEP * v + ALPHA * n, KEEP * ((e - v) + h - new_h)
    first = symbolic(average)(np.zeros(2, dtype=int), new_h + n, KEEP, 1) - new_h
    return identities([*zip(new, KEEP * (e + share * (h - new_h)) + ALPHA * n, strict=True), *zip(new, noise + drift, strict=True),
                       *zip(first, n, strict=True)])  # fmt: skip


def noise_moment(extra: int = 1) -> Outcome:
    """E|(1-alpha) v + alpha n|^2 for n of variance s^2, uncorrelated with v; and the closed form of the recursion, by induction."""
    (v, n), s = reals("v n"), reals("sigma", positive=True)
    variance, q = reals("V q", nonnegative=True)
    one = mean((KEEP * v + ALPHA * n) ** 2, {v: variance, n: s**2})

    def closed(square: Any) -> Any:
        # square = (1-alpha)^(2t)
        return square * s**2 + extra * ALPHA / (2 - ALPHA) * (1 - square) * s**2

    recursion = identity(one, KEEP**2 * variance + ALPHA**2 * s**2)
    return both(recursion, telescopes((closed(sp.Integer(1)), s**2), (KEEP**2 * closed(q) + ALPHA**2 * s**2, closed(KEEP**2 * q))))


def root_of_sum(share: Any = 1) -> Outcome:
    """sqrt(q^2 s^2 + alpha/(2-alpha) (1-q^2) s^2) <= q s + sqrt(alpha) s; q = (1-alpha)^t, r = sqrt(alpha)."""
    real = Reals()
    q, s, r, v = real("q s r v")
    known = [0 <= q, q <= 1, s >= 0, 0 < r, r <= 1, v * (2 - r * r) == (q * q * (2 - r * r) + r * r * (1 - q * q)) * s * s]
    return real.always(v <= (q * s + share * r * s) ** 2, known)


def geometric(shift: Any = 0) -> Outcome:
    """sum_{t<T} (1-alpha)^t = (1 - (1-alpha)^T)/alpha <= 1/alpha; q = (1-alpha)^T."""
    q = reals("q", nonnegative=True)

    def total(power: Any) -> Any:
        return (1 - power) / ALPHA + shift * (1 - power)

    rest = identity(1 / ALPHA - (total(q) - shift * (1 - q)), q / ALPHA)
    return both(telescopes((total(sp.Integer(1)), 0), (q, total(KEEP * q) - total(q))), rest, holds_at((q / ALPHA) >= 0))


def drift_sum(share: Any = 1) -> Outcome:
    """alpha sum_{s<=t} w_s + (1-alpha) w_t <= (1-alpha) sum_{s<t} D_s is passed on by w_{t+1} <= (1-alpha)(w_t + D_t); w, D: norms."""
    real = Reals()
    alpha, w, new, d, sum_w, sum_d = real("alpha w new d sum_w sum_d")
    known = [
        0 < alpha,
        alpha <= 1,
        w >= 0,
        new >= 0,
        d >= 0,
        new <= (1 - alpha) * (w + d),
        alpha * sum_w + (1 - alpha) * w <= (1 - alpha) * sum_d,
    ]
    return real.always(alpha * (sum_w + new) + (1 - alpha) * new <= (1 - alpha) * (sum_d + share * d), known)


def kappa(factor: int = 1) -> Outcome:
    """alpha S <= (1-alpha) D implies S <= kappa D, kappa = (1-alpha)/alpha."""
    real = Reals()
    alpha, k, s, d = real("alpha k s d")
    return real.always(factor * s <= k * d, [0 < alpha, alpha <= 1, k * alpha == 1 - alpha, d >= 0, s >= 0, alpha * s <= (1 - alpha) * d])


def drift_of_gradients(factor: int = 1) -> Outcome:
    """|sum p_i v_i| <= sum p_i |v_i| in the plane for two sample values; norms are roots."""
    real = Reals()
    p, r, s, whole, a0, a1, b0, b1 = real("p r s whole a0 a1 b0 b1")
    known = [0 <= p, p <= 1, r >= 0, s >= 0, whole >= 0, r * r == a0 * a0 + a1 * a1, s * s == b0 * b0 + b1 * b1,
             whole * whole == p * p * r * r + 2 * p * (1 - p) * (a0 * b0 + a1 * b1) + (1 - p) * (1 - p) * s * s,
             a0 * b0 + a1 * b1 <= r * s]  # fmt: skip
    return real.always(factor * whole <= p * r + (1 - p) * s, known)


def momentum_secant(power: int = 1) -> Outcome:
    """Lt |x_{t+1} - x_t| = |g_{t+1}(x_{t+1}) - g_{t+1}(x_t)| and |x_{t+1} - x_t| = |eta| |d|."""
    change, moved = reals("change moved", positive=True)
    return identity(symbolic(secant)(change, moved) * sp.sqrt(moved) ** power, sp.sqrt(change))


def normalized_bracket(share: Any = 1) -> Outcome:
    """u L lambda |eta| + 2 kappa u Lt |eta| - b eta^2/2 + b u^2/2 <= u^2 (L + 2 kappa Lt), b from ``curvature`` with |d| = 1."""
    real = Reals()
    u, smooth, along, kap, lam, e = real("u smooth along kap lam e")
    b = real.reading(curvature)(smooth, along, 1, 1, kap)
    known = [u >= 0, smooth >= 0, along >= 0, kap >= 0, 0 <= lam, lam <= 1]
    size = real.abs(e)
    added = u * smooth * lam * size + 2 * kap * u * along * size - b * e * e / 2 + b * u * u / 2
    return real.always(added <= share * u * u * (smooth + 2 * kap * along), known)


def assembled(factor: int = 1) -> Outcome:
    """[Delta + R + u^2 S + 2 u sigma (1/alpha + T sqrt alpha)]/(u T) is linear_bound + momentum_noise_bound."""
    total, curved, u, steps, sigma = reals("total S u T sigma", positive=True)
    right = symbolic(linear_bound)(total, curved, u, steps) + symbolic(momentum_noise_bound)(sigma, ALPHA, steps)
    paid = total + u**2 * curved + 2 * factor * u * sigma * (1 / ALPHA + steps * sp.sqrt(ALPHA))
    return identity(right, paid / (u * steps))


NOISE = "E[g_t | past] = grad F(x_t), E|g_t - grad F(x_t)|^2 <= sigma^2, 0 < alpha <= 1"
NEXT = "xi_{t+1} independent of (x_t, x_{t+1}, eta_t)"
G5 = [
    Step(
        id="gala.G5.1",
        says="e_{t+1} = (1-alpha)(e_t + grad F(x_t) - grad F(x_{t+1})) + alpha n_{t+1}, n_t = g_t - grad F(x_t), e_0 = n_0; it splits into "
        "a noise and "
        "a drift part with the same recursion",
        method="algebra", check=error_step, formulas=(average,), control=Control("without the drift", lambda: error_step(0)),
    ),
    Step(
        id="gala.G5.2",
        says="noise part: E|v_{t+1}|^2 = (1-alpha)^2 E|v_t|^2 + alpha^2 E|n|^2 and E|n|^2 <= sigma^2: E|v_t|^2 <= (1-alpha)^(2t) sigma^2 + "
        "(1 - (1-alpha)^(2t)) sigma^2 alpha/(2-alpha), with equality at E|n|^2 = sigma^2",
        method="algebra", check=noise_moment, facts=(TOWER,), uses=("gala.G5.1",), assumes=(NOISE, "E<v_t, n_{t+1}> = 0 by the tower rule"),
        control=Control("twice the second term", lambda: noise_moment(2)),
    ),
    Step(
        id="gala.G5.3", says="so E|v_t| <= sigma (1-alpha)^t + sigma sqrt(alpha)", method="decision", check=root_of_sum, facts=(JENSEN,),
        uses=("gala.G5.2",), assumes=(NOISE,), control=Control("nine tenths of the last term", lambda: root_of_sum(NINE_TENTHS)),
    ),
    Step(
        id="gala.G5.4", says="sum_{t<T} (1-alpha)^t <= 1/alpha, so sum E|v_t| <= sigma/alpha + sigma T sqrt(alpha)", method="algebra",
        check=geometric, uses=("gala.G5.3",), assumes=("0 < alpha <= 1",), control=Control("a larger sum", lambda: geometric(1)),
    ),
    Step(
        id="gala.G5.5", says="drift part: |w_{t+1}| <= (1-alpha)(|w_t| + D_t), w_0 = 0 gives alpha sum |w_t| <= (1-alpha) sum D_t, by "
        "induction",
        method="decision", check=drift_sum, facts=(TRIANGLE,), uses=("gala.G5.1",), assumes=("D_t = |grad F(x_{t+1}) - grad F(x_t)|",),
        control=Control("nine tenths of D_t", lambda: drift_sum(NINE_TENTHS)),
    ),
    Step(
        id="gala.G5.6", says="that is sum |w_t| <= kappa sum D_t, kappa = (1-alpha)/alpha", method="decision", check=kappa,
        uses=("gala.G5.5",), control=Control("half of it", lambda: kappa(2)),
    ),
    Step(
        id="gala.G5.7", says="Lt_t |x_{t+1} - x_t| = |g_{t+1}(x_{t+1}) - g_{t+1}(x_t)|, both gradients on the batch xi_{t+1}",
        method="algebra",
        check=momentum_secant, formulas=(secant,), assumes=("x_{t+1} != x_t; else both sides are 0",),
        control=Control("times the squared distance", lambda: momentum_secant(2)),
    ),
    Step(
        id="gala.G5.8", says="E D_t <= E[Lt_t |eta_t| |d_t|]: |E v| <= E|v| for v = g_{t+1}(x_{t+1}) - g_{t+1}(x_t) (two sample values in "
        "the plane)",
        method="decision", check=drift_of_gradients, facts=(JENSEN, CAUCHY_SCHWARZ, TOWER), uses=("gala.G5.7",), assumes=(NOISE, NEXT),
        control=Control("twice the left side", lambda: drift_of_gradients(2)),
    ),
    Step(
        id="gala.G5.9", says="u L lambda |eta| + 2 kappa u Lt |eta| - b eta^2/2 + b u^2/2 <= u^2 (L + 2 kappa Lt), b = L + 2 kappa Lt",
        method="decision",
        check=normalized_bracket, formulas=(curvature,), assumes=("|d_t| = 1 (for d_t = 0: L = Lt = b = 0)", "beta = 1"),
        control=Control("nine tenths of it", lambda: normalized_bracket(NINE_TENTHS)),
    ),
    Step(
        id="gala.G5.10",
        says="sum over t in expectation, divided by u T: (Delta + E Reg_T(u))/(u T) + u (L_avg + 2 kappa Lt_avg) + 2 sigma (1/(alpha T) + "
        "sqrt(alpha))",
        method="algebra", check=assembled, formulas=(linear_bound, momentum_noise_bound), facts=(TOWER,),
        uses=("gala.G5p", "gala.G3m", "gala.G5.4", "gala.G5.6", "gala.G5.8", "gala.G5.9"),
        assumes=("u deterministic", UNIFORM, NOISE, NEXT, "E N_t = 0: xi'_t independent of (x_t, d_t)", "F(x_T) >= F*"),
        control=Control("twice the noise", lambda: assembled(2)),
    ),
]  # fmt: skip

STEPS = [*G5P, *G5]
