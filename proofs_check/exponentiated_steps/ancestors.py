"""The ancestors: hypergradient descent as in the paper and as in its Adam code, Almeida's rule, delta-bar-delta."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from experiments.exponentiated_claims.runs import witness
from lra_ref.arithmetic import power, quotient
from lra_ref.directions.exponentiated import sign_agreement
from lra_ref.formulas import average, clip
from lra_ref.methods import make_method
from lra_ref.rates.coordinatewise import almeida_begin, almeida_rate, almeida_terms, bar_begin, bar_rate, bar_terms, mean_decide, mean_rate
from lra_ref.rates.hypergradient import added, hypergradient_decide, hypergradient_terms, keep_direction, penalized
from proofs_check.algebra import holds_at, identities, identity, reals, same, symbolic, whole
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, counted, opposite

ETA, LR, GAMMA, WD, RHO, BETA, KAPPA, PHI, THETA, HIGH = reals("eta lr gamma wd rho beta kappa phi theta a_max", positive=True)


# --- hypergradient descent -----------------------------------------------------------------------------------------------------------
def rates_of(blocks: int, in_turn: int, t: int = 1) -> tuple[Any, Any, Any]:
    """Kernels on blocks of one coordinate: the rate of every block and the recorded one, the rate kept for the next step, the signals."""
    scal, coef = np.zeros((1, 3), dtype=object), np.zeros((blocks, 1), dtype=object)
    scal[0, 1] = ETA
    sums, signals = np.zeros((blocks, 2), dtype=object), []
    for k in range(blocks):
        x, g, d = (np.array([reals(f"{name}{k}")]) for name in "xgd")
        column = np.zeros((2, 1), dtype=object)
        symbolic(hypergradient_terms)(0, 0, 1, 0, x, g, None, None, d[None, :], None, column)
        sums[k] = column[:, 0]
        signals.append((g[0] + WD * x[0]) * d[0])
    rate = symbolic(hypergradient_decide)(0, blocks, t, 0, sums, scal, (LR, GAMMA, WD, in_turn), coef)
    return ([*coef[:, 0], rate] if in_turn else [rate]), scal[0, 1], signals


def additive(weight: int = 1) -> Outcome:
    """The paper's rule: all blocks move with eta + gamma (h_1 + ... + h_K), h with the L2 penalty; from lr in the first step."""
    out = []
    for t, before in ((0, LR), (1, ETA)):
        for blocks in (1, 2, 3):
            moved, kept, h = rates_of(blocks, 0, t)
            out += [identity(rate, before + weight * GAMMA * sum(h)) for rate in (*moved, kept)]
    xs, d, kept_d = np.array(reals("x0 x1")), np.array(reals("d0 d1")), np.zeros((1, 2), dtype=object)
    symbolic(keep_direction)(0, 0, 2, 0, xs, d, d, None, kept_d, np.array([[ETA]], dtype=object), None)
    out.append(identities([*zip(xs, np.array(reals("x0 x1")) - ETA * d, strict=True), *zip(kept_d[0], d, strict=True)]))
    return counted(out)


def in_turn(shift: int = 0) -> Outcome:
    """The published Adam code: block k moves with eta + gamma (h_1 + ... + h_k), the next step starts from all of them."""
    out = []
    for blocks in (2, 3):
        moved, kept, h = rates_of(blocks, 1)
        # the recorded rate, the last one, is that of the first block
        out += [identity(rate, ETA + GAMMA * sum(h[: k + 1 + shift])) for k, rate in zip((*range(blocks), 0), moved, strict=True)]
        out.append(identity(kept, ETA + GAMMA * sum(h)))
    return counted(out)


def one_rate(form: int) -> Outcome:
    """The statement under refutation: all blocks move with the same rate, the one that is kept."""
    moved, kept, _ = rates_of(2, form)
    return identities((rate, kept) for rate in moved)


def overflow(signal: float = np.inf) -> Outcome:
    """The kernel in double: a signal that is not finite gives status 2 and leaves rate and signal as they were, in both forms."""
    out = []
    for form in (0.0, 1.0):
        scal, coef = np.array([[0.0, 3.0, 0.5]]), np.zeros((1, 1))
        rate = hypergradient_decide(0, 1, 1, 0.0, np.array([[signal, 0.0]]), scal, (0.25, 0.5, 0.0, form), coef)
        out += [*zip((*scal[0], rate), (2, 3, 0.5, 3), strict=True)]
    return identities((sp.Rational(found), sp.Rational(expected)) for found, expected in out)


# --- Almeida -------------------------------------------------------------------------------------------------------------------------
def almeida_run(gradients: Any, hyp: Any) -> list[Any]:
    """The kernels of ``almeida`` on one coordinate: the rate after every gradient; ``hyp`` as the library's."""
    vec, coef, out, rates = np.zeros((3, 1), dtype=object), np.zeros((1, 8), dtype=object), np.zeros((2, 1), dtype=object), []
    for t, g in enumerate(gradients):
        symbolic(almeida_begin)(0, 1, t, 0, None, None, hyp, coef)
        coef[0] = [whole(value) for value in coef[0]]
        out[...] = 0
        symbolic(almeida_terms)(0, 0, 1, 0, None, np.array([g], dtype=object), None, None, vec, coef, out)
        vec[2, 0] = g
        rates.append(vec[0, 0])
        if (out[0, 0], out[1, 0]) != (vec[0, 0], 1):
            raise ArithmeticError(f"the summands of the mean are {out.T}")
    return rates


def exact_hyper(form: str, parameters: dict[str, Any]) -> list[Any]:
    """The library's hyper-parameters of a form in exact numbers; decimals as they are written."""
    own = make_method("almeida_sgd", **{**parameters, "form": form}).rate.hyper()
    return [(sp.oo if v > 0 else -sp.oo) if np.isinf(v) else sp.Rational(str(v)) for v in own]


def almeida_update(factor: int = 1) -> Outcome:
    """v <- rho v + (1 - rho) g_prev^2, a <- a clip(1 + beta g g_prev/w), w = v or v/(1 - rho^t), for three gradients that are not 0."""
    pairs = []
    gradients = reals("g0 g1 g2", positive=True)
    half, two = sp.Rational(1, 2), sp.Integer(2)
    for corrected, low, high in ((0, -sp.oo, sp.oo), (1, half, two), (1, -sp.oo, sp.oo), (0, half, two)):
        a, v, last = LR, sp.Integer(0), sp.Integer(0)
        for t, (g, found) in enumerate(zip(gradients, almeida_run(gradients, (LR, RHO, BETA, corrected, low, high)), strict=True)):
            v = RHO * v + (1 - RHO) * last**2
            w = v / (1 - RHO**t) if corrected and t else v
            a = a * sp.Min(sp.Max(1 + factor * BETA * (g * last) / w, low), high) if t else a
            last = g
            pairs.append((found, a))
    total_, count = reals("sum n", positive=True)
    mean = symbolic(mean_decide)(0, 2, 0, 0, np.array([[total_, count], [2 * total_, 3]], dtype=object), None, None, None)
    return both(same(pairs), identity(mean, 3 * total_ / (count + 3)))


def stored_rates(form: str) -> list[Any]:
    """The rates of the stored gradients 1, -1, in exact numbers."""
    case = witness("exponentiated.almeida").parameters("quick")
    assert case is not None
    parameters = case["parameters"] if form == "thesis" else {"lr": case["parameters"]["lr"]}
    return almeida_run([sp.Integer(int(g)) for g in case["gradients"]], exact_hyper(form, parameters))


def stays_positive(form: str = "thesis") -> Outcome:
    """The statement under refutation: the rates of the stored gradients stay positive."""
    return counted(holds_at(rate > 0) for rate in stored_rates(form))


def minus_four(value: int = -4) -> Outcome:
    """rho = 0.99, beta = 0.05, gradients 1, -1: v = 0.01, factor 1 - 0.05/0.01 = -4, exactly."""
    return identities(zip(stored_rates("thesis"), (1, value), strict=True))


def safe_range(top: int = 2) -> Outcome:
    """Ours: a/2 <= a' <= 2a for all gradients, so the rates stay positive; the factor is 1 where v is 0."""
    own = make_method("almeida_sgd").rate.hyper()
    real = Reals()
    a, g, last, v, beta, correction = real("a g last v beta correction")
    f = real.reading(almeida_rate)
    given = [a > 0, v >= 0, beta >= 0, correction > 0, correction <= 1]
    after = f(a, g, last, v, beta, correction, exact_fraction(own[4]), exact_fraction(own[5]))
    idle = f(a, g, last, 0, beta, 1, exact_fraction(own[4]), exact_fraction(own[5]))
    return both(real.always(2 * after >= a, given), real.always(after <= top * a, given), real.always(idle == a, given))


def exact_fraction(value: float) -> Any:
    """A float as the exact fraction that z3 takes."""
    import z3

    return z3.Q(*value.as_integer_ratio())


# --- delta-bar-delta -----------------------------------------------------------------------------------------------------------------
def bar_update(share: Any = 1) -> Outcome:
    """Kernels on three gradients of known sign (agreement, disagreement, 0) against the equations, the average kept."""
    pairs = []
    up, down = reals("g h", positive=True)
    # positive; positive again (agreement); negative (disagreement with a positive average); zero (no change)
    vec, coef, out = np.zeros((2, 1), dtype=object), np.zeros((1, 7), dtype=object), np.zeros((2, 1), dtype=object)
    mean, rate = sp.Integer(0), LR
    theta = sp.Rational(7, 10)
    for t, g in enumerate((up, down, -up, sp.Integer(0))):
        symbolic(bar_begin)(0, 1, t, 0, None, None, (LR, KAPPA, PHI, theta, HIGH), coef)
        out[...] = 0
        symbolic(bar_terms)(0, 0, 1, 0, None, np.array([g], dtype=object), None, None, vec, coef, out)
        product = sp.sign(g) * sp.sign(sp.expand(mean)) if t < 2 else (None if t == 2 else 0)
        if t == 2:
            # the sign of the average of two positive gradients
            product = sp.sign(g) * sp.sign(mean)
        rate = sp.Min(rate + share * KAPPA, HIGH) if product == 1 else (1 - PHI) * rate if product == -1 else rate
        mean = theta * mean + (1 - theta) * g
        pairs += [(vec[0, 0], rate), (sp.expand(vec[1, 0]), sp.expand(mean)), (out[0, 0], rate), (out[1, 0], 1)]
    return same(pairs)


def bar_range(top: int = 1) -> Outcome:
    """0 < a' <= a_max: agreement adds at most up to a_max, disagreement takes a share."""
    real = Reals()
    a, e, kappa, keep, high = real("a e kappa keep a_max")
    after = real.reading(bar_rate)(a, e, kappa, keep, high)
    given = [a > 0, a <= high, kappa >= 0, keep > 0, keep <= 1]
    return both(
        real.always(after > 0, given),
        real.always(after <= (high if top else a), given),
        real.always(after == real.where(e > 0, real.minimum(a + kappa, high), real.where(e < 0, keep * a, a)), given),
    )


THEOREMS = {
    "exponentiated.HG": "hypergradient descent: every block moves with eta + gamma <g_t + wd x_t, d_{t-1}>, summed over all blocks",
    "exponentiated.HGadam": "refutation: the published Adam code is not the paper's rule: tensor k moves with the signals of the tensors "
    "1..k",
    "exponentiated.almeida": "refutation: Almeida's rates as published do not stay positive (rho .99, beta .05, gradients 1, -1: a = "
    "-4); ours stay within [a/2, 2a]",
    "exponentiated.deltabar": "delta-bar-delta adds kappa on agreement, keeps 1 - phi on disagreement; the rates stay in (0, a_max]",
}

STEPS = [
    Step(
        id="exponentiated.HG.1",
        says="kernels: eta + gamma sum_k <g_k + wd x_k, d_k> for all blocks, from lr in the first step; x - eta d; d is kept",
        method="algebra", check=additive, formulas=(hypergradient_decide, hypergradient_terms, penalized, added, keep_direction),
        assumes=("exact arithmetic",), control=Control("twice gamma", lambda: additive(2)),
    ),
    Step(
        id="exponentiated.HG.2",
        says="a signal that is not finite: status 2, rate and signal as before (the kernel in double, exact comparison)", method="algebra",
        check=overflow, formulas=(hypergradient_decide,), control=Control("a finite signal", lambda: overflow(1.0)),
    ),
    Step(
        id="exponentiated.HGadam.1",
        says="in_turn: block k moves with eta + gamma (h_1 + ... + h_k); the next step starts from eta + gamma (h_1 + ... + h_K)",
        method="algebra", check=in_turn, formulas=(hypergradient_decide, penalized, added),
        control=Control("with h_{k+1} too", lambda: in_turn(1)),
    ),
    Step(
        id="exponentiated.HGadam.2", says="in_turn: two blocks move with different rates (refutes: one rate for all)", method="algebra",
        check=lambda: opposite(one_rate(1)), formulas=(hypergradient_decide,), uses=("exponentiated.HGadam.1",),
        control=Control("the paper's rule, which has one rate", lambda: opposite(one_rate(0))),
    ),
    Step(
        id="exponentiated.almeida.1",
        says="kernels: v <- rho v + (1-rho) g_prev^2, a <- a clip(1 + beta g g_prev/w), w = v or v/(1 - rho^t)", method="algebra",
        check=almeida_update, formulas=(almeida_begin, almeida_terms, almeida_rate, average, quotient, clip, power, mean_decide, mean_rate),
        assumes=("three gradients that are not 0",), control=Control("twice beta", lambda: almeida_update(2)),
    ),
    Step(
        id="exponentiated.almeida.2", says="published form, rho = 0.99, beta = 0.05, gradients 1, -1: a = 1 - 0.05/0.01 = -4 exactly",
        method="algebra", check=minus_four, formulas=(almeida_begin, almeida_terms, almeida_rate, average),
        control=Control("-3", lambda: minus_four(-3)),
    ),
    Step(
        id="exponentiated.almeida.3", says="so the rates do not stay positive (refutation, stored counterexample)", method="algebra",
        check=lambda: opposite(stays_positive()), formulas=(almeida_rate,), uses=("exponentiated.almeida.2",),
        control=Control("ours, for which they do", lambda: opposite(stays_positive("safe"))),
    ),
    Step(
        id="exponentiated.almeida.4", says="ours: a/2 <= a' <= 2a for all gradients; a' = a where v = 0", method="decision",
        check=safe_range, formulas=(almeida_rate, clip, quotient), assumes=("a > 0", "v >= 0"),
        control=Control("a' <= a", lambda: safe_range(1)),
    ),
    Step(
        id="exponentiated.deltabar.1",
        says="kernels on an agreement, a disagreement, a zero: min(a + kappa, a_max), (1 - phi) a, a; the average of the gradients",
        method="algebra", check=bar_update, formulas=(bar_begin, bar_terms, bar_rate, sign_agreement, average),
        control=Control("twice kappa", lambda: bar_update(2)),
    ),
    Step(
        id="exponentiated.deltabar.2", says="0 < a' <= a_max", method="decision", check=bar_range, formulas=(bar_rate,),
        assumes=("0 < a <= a_max", "0 <= phi < 1", "kappa >= 0"), control=Control("a' <= a", lambda: bar_range(0)),
    ),
]  # fmt: skip
