"""What CLARA compares its path with: mean and standard deviation of |p|^2 when the directions carry no information.

Null model: the path ``p_t = (1-c) p_{t-1} + c u_t``, p_0 = 0, of unit vectors in D dimensions.  With weights w_i = c (1-c)^i and
q = (1-c)^2,

    E |p|^2 = sum_ij w_i w_j E<u_i, u_j>.

- *independent* directions (gradients i.i.d. with mean 0 and E u u^T = I/D): laws in :mod:`lra_ref.rates.clara_laws` (exact);
- *autoregressive* directions, normalized Gaussian vectors whose coordinates have correlation beta^|i-j|, as momentum makes them, and
Adam's for beta2 -> 1:
  :func:`autoregressive_mean` (exact in D), :func:`autoregressive_sd` (leading order in 1/D and a fit), :func:`adam_transient`;
- any other direction: :func:`simulated`, by Monte-Carlo with a stated standard error.

Source: Atamna, Maus, Kievelitz, Glasmachers 2025, arXiv 2508.05408, for the null model, mu = c/(2-c) and the table (published); everything
else is ours (derived; proofs on the theory page).  Functions of numbers only, no state; SciPy is loaded at first use.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lra_ref.formulas import PRIMITIVES
from lra_ref.oracles.variates import normals
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.rates.clara_laws import independent_variance
from lra_ref.rates.salera import path_norm2
from lra_ref.typing import Array

#: published Monte-Carlo values for Adam (c = 0.2, betas 0.9, 0.999), indexed by the TOTAL number of parameters: (mean, standard deviation)
PUBLISHED_ADAM = {
    2: (0.5958, 0.2553),
    15: (0.6729, 0.0814),
    42: (0.6770, 0.0489),
    62: (0.6853, 0.0357),
    650: (0.6827, 0.0119),
    235146: (0.6825, 0.0006),
    2193226: (0.6825, 0.0002),
    2216356: (0.6826, 0.0002),
}
#: length of a table of transient means; from then on the stationary mean is used (beyond it the two differ by less than 1e-5 of it)
TRANSIENT = 512
#: from this dimension on 2F1 is computed by its series
LARGE = 64
#: asymptotic series of Gamma(a + 1/2) / (sqrt(a) Gamma(a)) in 1/a
GAMMA_RATIO = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304)
#: a sum over lags ends where its terms are below this share of it
NEGLIGIBLE = 2.0**-56


# --- autoregressive directions -------------------------------------------------------------------------------------------------------
def overlap(dim: Any, rho: Any) -> Any:
    """``h_D(rho) = E<g, g'>/(|g| |g'|)`` of standard normal vectors whose coordinates have correlation rho; ``dim = inf``: rho."""
    return rho if math.isinf(dim) else mean_cosine(dim, rho)


def mean_cosine(dim: Any, rho: Any) -> Any:
    """``h_D(rho) = (2/D) (Gamma((D+1)/2) / Gamma(D/2))^2 rho 2F1(1/2, 1/2; D/2+1; rho^2)``."""
    return gamma_ratio(dim / 2) ** 2 * rho * gauss_series(dim / 2 + 1, np.square(rho))


def gamma_ratio(a: Any) -> Any:
    """``Gamma(a + 1/2) / (sqrt(a) Gamma(a))``; for large a by its asymptotic series, because SciPy loses digits there."""
    from scipy import special

    # the next term of the series is below 2e-17 for a >= 100
    return np.where(a >= 100, np.polynomial.polynomial.polyval(1 / a, GAMMA_RATIO), special.poch(a, 0.5) / np.sqrt(a))


def gauss_series(b: Any, z: Any) -> Any:
    """``2F1(1/2, 1/2; b; z)`` for a number b > 1 and 0 <= z <= 1.

    For large b by its terms: SciPy's 2F1 at z = 1 is infinite for b = 100.5, and nan for b of some millions.
    """
    from scipy import special

    if b < LARGE / 2 + 1:
        return special.hyp2f1(0.5, 0.5, b, z)
    term, series = 1.0, 1.0
    for k in range(32):
        # term k is at most 1 / binomial(b - 1 + k, k)
        term = term * ((k + 0.5) ** 2 / ((b + k) * (k + 1))) * z
        series = series + term
    return series


# a namespace of high precision or of symbols brings its own
PRIMITIVES[gamma_ratio], PRIMITIVES[gauss_series] = "gamma_ratio", "gauss_series"


def autoregressive_mean(c: float, beta: float, dim: float = math.inf) -> float:
    """``c/(2-c) [1 + 2 sum_{k>=1} (1-c)^k h_D(beta^k)]``, D = inf: ``c/(2-c) (1+(1-c) beta)/(1-(1-c) beta)``."""
    keep = 1 - c
    if math.isinf(dim) or beta == 1 or keep * beta == 0:
        return float(large_mean(c, beta))
    # (1-c)^k h_D(beta^k) <= ((1-c) beta)^k; summed in pieces, so that slow sums need no memory
    total, k = 0.0, 1
    while (keep * beta) ** k > NEGLIGIBLE * (1 - keep * beta):
        total += float(np.sum(lag_summand(c, beta, dim, np.arange(k, k + 4096))))
        k += 4096
    return float(mean_of_lags(c, total))


def large_mean(c: Any, beta: Any) -> Any:
    """``c/(2-c) (1+(1-c) beta)/(1-(1-c) beta)``, the mean for large D."""
    keep = 1 - c
    return c / (2 - c) * (1 + keep * beta) / (1 - keep * beta)


def lag_summand(c: Any, beta: Any, dim: Any, k: Any) -> Any:
    """``(1-c)^k h_D(beta^k)``, the share of two directions k steps apart."""
    return (1 - c) ** k * overlap(dim, beta**k)


def mean_of_lags(c: Any, total: Any) -> Any:
    """``c/(2-c) (1 + 2 total)`` from the sum over the lags k >= 1."""
    return c / (2 - c) * (1 + 2 * total)


def autoregressive_sd(c: float, beta: float, dim: float) -> float:
    """Standard deviation of the stationary |p|^2.

    beta = 0: exact (T2).  Else the leading order in 1/D by the delta method, ``(2/D) [mu^2 - 2 sum_k w_k (Rw)_k^3 + v^T (R o R) v]`` with
    R_ij = beta^|i-j|, v_k = w_k (Rw)_k, times the square of the fitted ``sqrt(1 + 1.5 D/(D^2 + 2.2))``, which at c = 0.2, beta = 0.9 is
    right within 0.6% for every D.  Elsewhere the fit has nothing to say and is left out: the leading order alone is right within a
    twentieth for D >= 20 and by a factor of up to 8 wrong at D = 1 (:func:`reference_of` simulates small blocks instead).
    """
    if beta == 0:
        return math.sqrt(independent_variance(c, dim))
    if beta == 1:
        return 0.0
    fitted = 1 + 1.5 * dim / (dim**2 + 2.2) if fits(c, beta) else 1.0
    return math.sqrt(_leading_variance(c, beta) / dim * fitted)


def fits(c: float, beta: float) -> bool:
    """Whether the fit of the standard deviation was made for these numbers."""
    return math.isclose(c, 0.2, rel_tol=1e-9) and math.isclose(beta, 0.9, rel_tol=1e-9)


@lru_cache(maxsize=256)
def _leading_variance(c: float, beta: float) -> float:
    """D times the variance to leading order; R w and (R o R) v by recursions, so the cost is linear in the length of the memory."""
    length = min(math.ceil(-40 / math.log1p(-c)) if c < 1 else 1, 2**22)
    w = np.asarray(c * (1 - c) ** np.arange(length), dtype=np.float64)
    filtered = geometric_product(beta, w)
    return float(delta_variance(w, filtered, geometric_product(beta**2, w * filtered)))


def delta_variance(w: Array, filtered: Array, squared: Array) -> Any:
    """``2 [(w^T R w)^2 - 2 sum_k w_k (Rw)_k^3 + v^T (R o R) v]`` from w, R w and (R o R) v, v_k = w_k (Rw)_k."""
    v = w * filtered
    return 2 * (v.sum() ** 2 - 2 * (w * filtered**3).sum() + (v * squared).sum())


def geometric_product(beta: float, w: Array) -> Array:
    """``R w`` for R_ij = beta^|i-j|, in linear time."""
    from scipy import signal

    forward = signal.lfilter([1.0], [1.0, -beta], w)
    backward = signal.lfilter([1.0], [1.0, -beta], w[::-1])[::-1]
    return np.asarray(forward + backward - w)


@lru_cache(maxsize=64)
def adam_transient(c: float, beta: float, dim: float = math.inf, steps: int = TRANSIENT) -> tuple[float, ...]:
    """Means of |p_t|^2 for t = 1 .. steps along Adam's bias-corrected directions, beta2 -> 1.

    For large D (``dim = inf``) ``mu_t = sum_ij w_i w_j rho_ij``, w_i = c (1-c)^(t-i), with, for i <= j,
    ``rho_ij = beta^(j-i) sqrt((1-beta^(2i))/(1-beta^(2j))) a_i/a_j``, ``a_n = sqrt(2/n) Gamma((n+1)/2)/Gamma(n/2)``; finite D: with
    h_D(rho_ij) in place of rho_ij, which has the right limits for large D and for large t and is an approximation between.
    """
    n = np.arange(1, steps + 1)
    i, j = n[:, None], n[None, :]
    rho = np.where(i <= j, transient_correlation(beta, np.minimum(i, j), j), 0.0)
    matrix = overlap(dim, np.minimum(rho, 1.0))
    means, mean, cross = [], 0.0, np.zeros(steps)
    for t in range(steps):
        mean = path_norm2(mean, float(cross[:t] @ matrix[:t, t]), 1 - c, c)
        cross[:t] *= 1 - c
        cross[t] = c
        means.append(mean)
    return tuple(means)


def transient_correlation(beta: Any, i: Any, j: Any) -> Any:
    """rho_ij of directions i <= j (counted from 1) for large D."""
    return beta ** (j - i) * transient_size(beta, i) / transient_size(beta, j)


def transient_size(beta: Any, n: Any) -> Any:
    """``sqrt(1 - beta^(2n)) a_n``, a_n = sqrt(2/n) Gamma((n+1)/2)/Gamma(n/2)."""
    return np.sqrt(1 - beta ** (2 * n)) * gamma_ratio(n / 2)


# --- any direction -------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reference:
    """Mean and standard deviation of |p|^2 of one block under the null model.

    ``error`` is the standard error of ``mean`` where it was estimated (0: closed form), ``means`` the transient means of t = 1, 2, ...
    (empty: not asked for), ``decay`` the q of a mean ``mean (1 - decay^t)``, ``how`` says where the numbers come from.
    """

    mean: float
    sd: float
    error: float = 0.0
    how: str = ""
    means: tuple[float, ...] = ()
    decay: float = 0.0


#: correlation beta of successive directions, before they are normalized, from the parameters of the direction; independent: 0
CORRELATION: dict[str, Callable[[Any], float | None]] = {
    "sgd": lambda p: 0.0,
    "normalized": lambda p: 0.0,
    "sign": lambda p: 0.0,
    "adagrad": lambda p: 0.0,
    "adagrad_norm": lambda p: 0.0,
    "rmsprop": lambda p: 0.0 if p.momentum == 0 and not p.centered else None,
    "momentum": lambda p: p.momentum,
    "ema_momentum": lambda p: 1 - p.alpha,
    "normalized_momentum": lambda p: 1 - p.alpha,
    "adam": lambda p: p.beta1,
    "adamw": lambda p: p.beta1,
    "adam_epsilon_hat": lambda p: p.beta1,
}
ADAM = ("adam", "adamw", "adam_epsilon_hat")


def closed_form(direction: Direction, c: float, dim: int, transient: bool) -> Reference | None:
    """The closed form for this direction, or None if it has none."""
    correlation = CORRELATION.get(direction.name)
    beta = None if correlation is None else correlation(direction.parameters)
    if beta is None:
        return None
    small = 0 < beta < 1 and dim < SMALL and c >= SLOWEST and not fits(c, beta)
    how = "closed form, independent directions" if beta == 0 else f"closed form, autoregressive directions, beta = {beta:g}"
    mean, sd = autoregressive_mean(c, beta, dim), simulated(direction, c, dim).sd if small else autoregressive_sd(c, beta, dim)
    if not transient:
        return Reference(mean, sd, how=how)
    if beta == 0:
        return Reference(mean, sd, how=how, decay=(1 - c) ** 2)
    if direction.name in ADAM:
        return Reference(mean, sd, how=how, means=adam_transient(c, beta, dim))
    # the transient of momentum is short of a formula of its own: simulate it
    return None


#: blocks smaller than this take the standard deviation from a simulation where no formula is good enough
SMALL = 32
#: smallest c that is simulated
SLOWEST = 1 / 500
#: largest dimension that is simulated: the mean depends on D like 1/D, so a larger block is represented by one of this size
LARGEST = 512
#: about how many normal numbers one simulation draws
BUDGET = 2**22


def simulated(direction: Direction, c: float, dim: int) -> Reference:
    """Monte-Carlo reference: the direction along i.i.d. standard normal gradients at x = 0, deterministic draws, kept in memory.

    The mean is over the time after ``10/c + 100`` steps and over independent trials, whose spread gives the standard error.  Raises
    ``ValueError`` for c < 1/500, where the path is longer than a simulation of this size can follow.
    """
    if c < SLOWEST:
        raise ValueError(
            f"c must be at least 0.002 along {direction.name}, which has no closed form for the reference, got {c:g}; give mu_ref and d"
        )
    return _simulated(direction.name, tuple(direction.parameters.as_dict().items()), c, min(dim, LARGEST), dim)


@lru_cache(maxsize=128)
def _simulated(name: str, parameters: tuple[tuple[str, Any], ...], c: float, size: int, dim: int) -> Reference:
    direction = DIRECTIONS[name](**dict(parameters))
    burn = math.ceil(10 / c) + 100
    steps = 3 * burn
    trials = int(np.clip(BUDGET // (steps * size), 16, 1024))
    paths = path_norms(direction, c, size, steps, trials)
    late = paths[:, burn:]
    means = late.mean(axis=1)
    error = float(means.std(ddof=1) / math.sqrt(trials))
    sd = float(np.sqrt(np.mean((late - means.mean()) ** 2))) * math.sqrt(size / dim)
    how = f"Monte-Carlo, {trials} trials of {steps} steps in {size} dimensions"
    return Reference(float(means.mean()), sd, error, how, tuple(paths[:, :burn].mean(axis=0).tolist()))


def path_norms(direction: Direction, c: float, dim: int, steps: int, trials: int, seed: int = 0) -> Array:
    """|p_t|^2, t = 1 .. steps, of shape (trials, steps), along the direction on i.i.d. standard normal gradients at x = 0."""
    offsets = np.array([0, dim], dtype=np.int64)
    x = np.zeros((trials, dim))
    state, path = direction.init(x, offsets), np.zeros((trials, dim))
    out = np.empty((trials, steps))
    labels = np.arange(trials)
    with np.errstate(all="ignore"):
        for t in range(steps):
            g = normals(seed, labels, t, 0, dim)
            state, h = direction.step(state, Seen(t=t, x=x, g=g, f=np.zeros((trials, 1)), offsets=offsets))
            length = np.sqrt(np.sum(h * h, axis=-1, keepdims=True))
            path = (1 - c) * path + c * h / np.where(length > 0, length, 1.0)
            out[:, t] = np.sum(path * path, axis=-1)
    return out


def reference_of(direction: Direction, c: float, dim: int, how: str, transient: bool) -> Reference:
    """The reference of one block of ``dim`` elements; ``how`` is "auto" (closed form where there is one) or "monte_carlo"."""
    found = closed_form(direction, c, dim, transient) if how == "auto" else None
    if found is None:
        found = simulated(direction, c, dim)
        if not transient:
            found = Reference(found.mean, found.sd, found.error, found.how)
    return found
