"""G5c, G5r, G5d: the closed form of the bound for normalized SGD with momentum, and its exponents."""

from __future__ import annotations

from typing import Any

import sympy as sp
from z3 import Q

from lra_ref.methods.gala import momentum_weight
from lra_ref.rates.gala_bounds import linear_bound, momentum_closed_bound, momentum_explicit_bound, momentum_noise_bound
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.gala_steps.readings import NINE_TENTHS
from proofs_check.steps import Control, Outcome, Result, Step, both


# --- G5c -------------------------------------------------------------------------------------------------------------------------------
def anchored(sign: int = 1) -> Outcome:
    """(delta/2)(u - eta_0)^2 <= (delta/2) u^2 + (delta/2) eta_0^2 for u, eta_0 >= 0."""
    real = Reals()
    delta, u, start = real("delta u start")
    return real.always(
        delta / 2 * (u - start) ** 2 <= delta / 2 * u * u + sign * delta / 2 * start * start, [delta >= 0, u >= 0, start >= 0]
    )


def best_comparator(factor: Any = 2) -> Outcome:
    """Q/u + u S <= 2 max{sqrt(Q S), Q/eta_max} at u = min{sqrt(Q/S), eta_max}; q, s are the roots of Q and S."""
    real = Reals()
    q, s, top, quotient, u = real("q s top quotient u")
    known = [q > 0, s > 0, top > 0, quotient * top == q * q, u == real.minimum(real("ideal"), top), real("ideal") * s == q]
    # multiplied by u > 0
    return real.always(q * q + u * u * s * s <= factor * real.maximum(q * s, quotient) * u, known)


def closed_formula(factor: int = 1) -> Outcome:
    """``momentum_closed_bound`` is (2/T) max{sqrt(Q0 S), Q0/eta_max}, ``linear_bound`` (Q0/u + u S)/T."""
    q, s, top, u, steps = reals("q s eta_max u T", positive=True)
    return identities([
        (symbolic(momentum_closed_bound)(q**2, s**2, top, steps), factor * 2 * sp.Max(q * s, q**2 / top) / steps),
        (symbolic(linear_bound)(q**2, s**2, u, steps), (q**2 / u + u * s**2) / steps),
    ])  # fmt: skip


def smaller_maximum(factor: Any = 1) -> Outcome:
    """eta_max >= sqrt(Q/S) makes the maximum sqrt(Q S)."""
    real = Reals()
    q, s, top, quotient = real("q s top quotient")
    return real.always(real.maximum(q * s, quotient) <= factor * q * s, [q > 0, s > 0, top * s >= q, quotient * top == q * q])


def roots_apart(share: Any = 1) -> Outcome:
    """sqrt(x + y + z) <= sqrt x + sqrt y + sqrt z, from the squares."""
    real = Reals()
    x, y, z, whole = real("x y z whole")
    known = [x >= 0, y >= 0, z >= 0, whole >= 0, whole * whole == x * x + y * y + z * z]
    return real.always(whole <= x + y + share * z, known)


def smaller_kappa(factor: int = 1) -> Outcome:
    """alpha sigma sqrt T = 1 gives kappa <= sigma sqrt T, r = sqrt T; ``momentum_weight`` is this alpha where floats are exact."""
    real = Reals()
    alpha, sigma, r, k = real("alpha sigma r k")
    general = real.always(factor * k <= sigma * r, [alpha > 0, alpha <= 1, r > 0, alpha * sigma * r == 1, k * alpha == 1 - alpha])
    cases = [(0.5, 16, 2), (2.0, 4, 4), (4.0, 1, 4), (0.25, 4, 1), (0.0, 9, 1)]
    weights = [(sp.Rational(momentum_weight(level, steps)), sp.Rational(1, inverse)) for level, steps, inverse in cases]
    return both(general, identities(weights))


def explicit_terms(factor: Any = 1) -> Outcome:
    """The five terms of ``momentum_explicit_bound`` at T = r^4, alpha = 1/(sigma r^2), kappa replaced by sigma r^2."""
    q, smooth, along, delta, sigma, r = reals("Q0 L Lt delta sigma r", positive=True)
    steps = r**4
    three = [sp.sqrt(q * delta / 2), sp.sqrt(q * steps * smooth), sp.sqrt(2 * q * steps * sigma * r**2 * along)]
    noise = symbolic(momentum_noise_bound)(sigma, 1 / (sigma * r**2), steps)
    return identity(symbolic(momentum_explicit_bound)(q, smooth, along, delta, sigma, steps), factor * 2 / steps * sum(three) + noise)


def explicit_noiseless(factor: Any = 1) -> Outcome:
    """sigma = 0: alpha = 1, kappa = 0, and the bound keeps its first and third term."""
    q, smooth, along, delta, steps = reals("Q0 L Lt delta T", positive=True)
    two = [sp.sqrt(q * delta / 2), sp.sqrt(q * steps * smooth)]
    found = symbolic(momentum_explicit_bound)(q, smooth, along, delta, sp.Integer(0), steps)
    return identity(found, factor * 2 / steps * sum(two) + symbolic(momentum_noise_bound)(0, 1, steps))


CENTRED = ("FTRL centred at eta_0, or OGD with step 1/B", "eta_0 >= 0", "0 < u <= eta_max")
G5C = [
    Step(
        id="gala.G5c.1",
        says="G1 (OGD: G2c) with (delta/2)(u - eta_0)^2 <= (delta/2)(u^2 + eta_0^2): Delta + E Reg_T(u) <= Q0 + delta u^2/2, so G5 is at "
        "most "
        "Q0/(u T) + u S/T + noise, S = delta/2 + T (L_avg + 2 kappa Lt_avg)",
        method="decision", check=anchored, uses=("gala.G1", "gala.G2c", "gala.G5"), assumes=CENTRED,
        control=Control("the opposite sign of eta_0^2", lambda: anchored(-1)),
    ),
    Step(
        id="gala.G5c.2", says="Q0/u + u S <= 2 max{sqrt(Q0 S), Q0/eta_max} at u = min{sqrt(Q0/S), eta_max}", method="decision",
        check=best_comparator, uses=("gala.G5c.1",), assumes=("Q0 > 0", "S > 0", "u is deterministic: Q0 and S are means"),
        control=Control("the factor 1.9", lambda: best_comparator(Q(19, 10))),
    ),
    Step(
        id="gala.G5c.3", says="momentum_closed_bound is (2/T) max{sqrt(Q0 S), Q0/eta_max}, linear_bound is (Q0/u + u S)/T",
        method="algebra",
        check=closed_formula, formulas=(momentum_closed_bound, linear_bound), uses=("gala.G5c.2",),
        control=Control("twice the maximum", lambda: closed_formula(2)),
    ),
    Step(
        id="gala.G5c.4", says="eta_max >= sqrt(Q0/S): the maximum is sqrt(Q0 S)", method="decision", check=smaller_maximum,
        uses=("gala.G5c.2",),
        assumes=("Q0 > 0", "S > 0"), control=Control("nine tenths of it", lambda: smaller_maximum(NINE_TENTHS)),
    ),
    Step(
        id="gala.G5c.5", says="sqrt(Q0 S) <= sqrt(Q0 delta/2) + sqrt(Q0 T L_avg) + sqrt(2 Q0 T kappa Lt_avg)", method="decision",
        check=roots_apart,
        uses=("gala.G5c.4",), control=Control("nine tenths of the last root", lambda: roots_apart(NINE_TENTHS)),
    ),
    Step(
        id="gala.G5c.6", says="alpha = 1/(sigma sqrt T) <= 1 gives kappa = (1-alpha)/alpha <= sigma sqrt T", method="decision",
        check=smaller_kappa,
        formulas=(momentum_weight,),
        assumes=("sigma sqrt T >= 1",), control=Control("twice kappa", lambda: smaller_kappa(2)),
    ),
    Step(
        id="gala.G5c.7",
        says="momentum_explicit_bound is (2/T)[these three roots, kappa replaced by sigma sqrt T] + 2 sigma (1/(alpha T) + sqrt(alpha)): "
        "the T^(-1/4) form",
        method="algebra", check=explicit_terms, formulas=(momentum_explicit_bound, momentum_noise_bound),
        uses=("gala.G5c.3", "gala.G5c.5", "gala.G5c.6"), assumes=("sigma sqrt T >= 1", "eta_max >= sqrt(Q0/S)"),
        control=Control("twice the roots", lambda: explicit_terms(2)),
    ),
    Step(
        id="gala.G5c.8", says="sigma = 0, alpha = 1, kappa = 0: what is left is 2 sqrt(Q0 L_avg/T) + sqrt(2 delta Q0)/T", method="algebra",
        check=explicit_noiseless, formulas=(momentum_explicit_bound, momentum_noise_bound), uses=("gala.G5c.3", "gala.G5c.5"),
        assumes=("eta_max >= sqrt(Q0/S)",), control=Control("twice the roots", lambda: explicit_noiseless(2)),
    ),
]  # fmt: skip


# --- G5r, G5d ----------------------------------------------------------------------------------------------------------------------------
def exponent(power: int, noisy: bool) -> Outcome:
    """T^(power/4)/sqrt(log T) times the bound with Q0 = K log T: no term grows with r = T^(1/4) or m = sqrt(log T)."""
    r, m, k, smooth, along, delta, level = reals("r m K L Lt delta sigma", positive=True)
    bound = symbolic(momentum_explicit_bound)(k * m**2, smooth, along, delta, level if noisy else sp.Integer(0), r**4)
    terms = sp.Add.make_args(sp.expand(bound * r**power / m))
    growing = [term for term in terms if any(term.as_powers_dict()[x] > 0 for x in (r, m))]
    if growing:
        return Outcome(Result.REFUTED, {"growing term": str(growing[0])})
    return Outcome(Result.PROVED, None, f"{len(terms)} terms, none of which grows")


def logarithm(factor: int = 1) -> Outcome:
    """A + C log T <= (A + C) log T for log T >= 1."""
    real = Reals()
    start, growth, log = real("start growth log")
    return real.always(start + growth * log <= (factor * start + growth) * log, [start >= 0, growth >= 0, log >= 1])


RATES_ASSUMED = ("E sum (b_t eta_t - a_t)^2/(2 B_{t+1}) = O(log T): measured", "eta_max >= sqrt(Q0/S)", "L_avg and Lt_avg bounded in T")
G5R = [
    Step(
        id="gala.G5r.1", says="Q0 = A + C log T <= (A + C) log T for T >= e", method="decision", check=logarithm, assumes=RATES_ASSUMED[:1],
        control=Control("C log T", lambda: logarithm(0)),
    ),
    Step(
        id="gala.G5r.2", says="with Q0 = K log T no term of T^(1/4)/sqrt(log T) times the bound grows with T: T^(-1/4) up to a logarithm",
        method="algebra", check=lambda: exponent(1, True), formulas=(momentum_explicit_bound,), uses=("gala.G5r.1", "gala.G5c.7"),
        assumes=(*RATES_ASSUMED, "sigma sqrt T >= 1"), control=Control("T^(1/2)", lambda: exponent(2, True)),
    ),
    Step(
        id="gala.G5d.1", says="sigma = 0: no term of T^(1/2)/sqrt(log T) times the bound grows with T: T^(-1/2) up to a logarithm",
        method="algebra", check=lambda: exponent(2, False), formulas=(momentum_explicit_bound,), uses=("gala.G5r.1", "gala.G5c.8"),
        assumes=RATES_ASSUMED, control=Control("T^(3/4)", lambda: exponent(3, False)),
    ),
]  # fmt: skip

STEPS = [*G5C, *G5R]
