"""X5: the rate rises exactly when the norm of the gradient falls: for fisher with SGD, and for no other member."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
import z3

from experiments.gradient_variation_claims.variation import CURVATURE_REFUTED, EMA_REFUTED
from lra_ref.directions.sign import sign_map
from lra_ref.rates import gradient_variation as gv
from lra_ref.verify import Case
from proofs_check.algebra import identity, reals
from proofs_check.decision import Reals
from proofs_check.gradient_variation_steps.kernels import EPS_F, PAIRS, Path, exact, machine, parabola, run
from proofs_check.steps import Control, Outcome, Result, Step, counted, opposite

P = "gradient_variation"
HALF = sp.Rational(1, 2)


def inverse_difference(power: int = 1) -> Outcome:
    """1/eta_t - 1/eta_{t-1} = |g_t|^2 - |g_{t-1}|^2, both rates by the kernel of fisher."""
    eps, before, now = reals("eps before now", positive=True)
    rates = []
    for moment in (before, now):
        at = machine("sgd", "fisher", hyp={EPS_F: eps})
        rates.append(at.decide(np.array([[moment]], dtype=object)))
    return identity(1 / rates[1] - 1 / rates[0], now**power - before**power)


def equivalence(member: int = 0) -> Outcome:
    """eta_t > eta_{t-1} iff |g_t| < |g_{t-1}|, the applied rates without a cap; member 1: fisher_ema with c = 1/2."""
    real = Reals()
    eps, before, now, v, previous, high = real("eps before now v previous high")
    moments = (before * before, now * now) if member == 0 else (v, (v + now * now) / 2)
    choose, applied = real.reading(gv.fisher_member), real.reading(gv.applied_rate)
    rates = []
    for moment in moments:
        raw, usable = choose(member, True, moment, moment, moment, eps)
        rates.append((applied(raw, usable, 1, z3.RealVal(0), high, previous)[0], raw))
    uncapped = [high >= raw for _, raw in rates]
    claim = (rates[1][0] > rates[0][0]) == (now < before)
    return real.always(claim, [eps > 0, before >= 0, now >= 0, v >= 0, previous > 0, *uncapped])


def stored(case: Case, member: str) -> Path:
    """The exact run of a stored counterexample."""
    values = case.parameters("quick") or {}
    at = machine(values["direction"], member, **values["parameters"])
    spectrum = [exact(value) for value in values["problem_parameters"]["spectrum"]]
    return run(at, [exact(value) for value in values["x0"]], parabola(*spectrum), values["T"])


def obeys(path: Path) -> Outcome:
    """On every step of an exact run the rate rises if and only if the norm of the gradient falls."""
    norms = path.norms2
    for t in range(1, len(path.eta)):
        rises, falls = bool(path.eta[t] > path.eta[t - 1]), bool(norms[t] < norms[t - 1])
        if rises != falls:
            numbers = {"|g_t|": sp.sqrt(norms[t]), "|g_{t-1}|": sp.sqrt(norms[t - 1]), "eta_t": path.eta[t], "eta_{t-1}": path.eta[t - 1]}
            witness: dict[str, Any] = {"t": t, **{name: f"{sp.N(value, 6)}" for name, value in numbers.items()}}
            return Outcome(Result.REFUTED, witness, "the rate does not rise" if falls else "the rate rises")
    return Outcome(Result.PROVED, None, f"{len(path.eta) - 1} steps")


def constant_rate(theta: Any = HALF) -> Outcome:
    """On F = x^2/2 every curvature member returns theta on every step while the gradient is halved."""
    out = []
    for member in PAIRS:
        path = stored(CURVATURE_REFUTED, member)
        out += [identity(eta, theta) for eta in path.eta]
        out += [identity(2 * after[0], before[0]) for before, after in zip(path.g, path.g[1:], strict=False)]
    return counted(out)


def numbers_of_the_average(shift: int = 0) -> Outcome:
    """|g| falls from 7.9 to 6.6 while v rises from 6.2 to 10.0, to the digits printed, in the run of X5ema."""
    path = stored(EMA_REFUTED, "fisher_ema")
    t = len(path.eta) - 1 - shift
    norms, v, half = path.norms2, path.moments, sp.Rational(1, 20)
    for number, text, root in ((norms[t - 1], "7.9", True), (norms[t], "6.6", True), (v[t - 1], "6.2", False), (v[t], "10.0", False)):
        low, high = sp.Rational(text) - half, sp.Rational(text) + half
        if not (low**2 <= number <= high**2 if root else low <= number <= high):
            return Outcome(Result.REFUTED, {"printed": text, "is": str(sp.N(sp.sqrt(number) if root else number, 6))})
    return Outcome(Result.PROVED, None, "exact evaluation")


def average_rises(strict: bool = True) -> Outcome:
    """Why: v_t > v_{t-1} iff |g_t|^2 > v_{t-1}, whatever |g_{t-1}| was."""
    real = Reals()
    v, moment, c, before = real("v moment c before")
    after = real.reading(gv.average)(v, moment, c, 1 - c)
    return real.always((after > v) == (moment > (v if strict else before)), [v >= 0, moment >= 0, before >= 0, c >= 0, c < 1])


def along_others(eps: Any = 1) -> Outcome:
    """Along m or sign(g) fisher depends on more than |g|: two gradients of a fall of the norm with rates that fall."""
    out = []
    plus = np.array([sp.Integer(2), sp.Integer(0)], dtype=object), np.array([sp.Integer(1), sp.Integer(1)], dtype=object)
    for direction in ("sign", "momentum"):
        at = machine(direction, "fisher", 2, hyp={EPS_F: sp.sympify(eps)})
        rates = []
        for g in plus:
            rates.append(at.decide(at.summands(g, g, at.aim(g, g), g)))
            at.t += 1
        out.append(obeys(Path([], list(plus), rates, [])))
    return counted(opposite(outcome) for outcome in out)


X5 = [
    Step(
        id=f"{P}.X5.1", says="1/eta_t - 1/eta_{t-1} = |g_t|^2 - |g_{t-1}|^2 for the rates of the kernel", method="algebra",
        check=inverse_difference, formulas=(gv.fisher_decide, gv.fisher_member, gv.fisher_gradient, gv.applied_rate),
        assumes=("SGD", "theta = 1", "no cap", "exact arithmetic"),
        control=Control("|g|^4 in place of |g|^2", lambda: inverse_difference(2)),
    ),
    Step(
        id=f"{P}.X5.2", says="so eta_t > eta_{t-1} if and only if |g_t| < |g_{t-1}|", method="decision", check=equivalence,
        formulas=(gv.fisher_member, gv.fisher_gradient, gv.applied_rate), uses=(f"{P}.X5.1",),
        assumes=("SGD", "theta = 1", "the rates are within the caps", "eps_f > 0"),
        control=Control("fisher_ema with c = 1/2", lambda: equivalence(1)),
    ),
    Step(
        id=f"{P}.X5curvature.1", says="F = x^2/2, theta = 1/2: the kernels return 1/2 on every step, and g is halved", method="algebra",
        check=constant_rate, formulas=(gv.pair_decide, gv.pair_member, gv.secant, gv.long_step, gv.short_step),
        control=Control("the rate 1/3", lambda: constant_rate(sp.Rational(1, 3))),
    ),
    Step(
        id=f"{P}.X5curvature.2",
        says="REFUTED for every curvature member: the rate rises if and only if |g| falls (the stored counterexample)", method="algebra",
        check=lambda: counted(opposite(obeys(stored(CURVATURE_REFUTED, member))) for member in PAIRS), formulas=(gv.pair_decide,),
        uses=(f"{P}.X5curvature.1",),
        control=Control("fisher, for which it is true", lambda: opposite(obeys(stored(CURVATURE_REFUTED, "fisher")))),
    ),
    Step(
        id=f"{P}.X5ema.1", says="v_t > v_{t-1} if and only if |g_t|^2 > v_{t-1}", method="decision", check=average_rises,
        formulas=(gv.average,), assumes=("0 <= c < 1",), control=Control("iff |g_t| > |g_{t-1}|", lambda: average_rises(False)),
    ),
    Step(
        id=f"{P}.X5ema.2", says="REFUTED for fisher_ema: the rate rises if and only if |g| falls (F = x^2/2, x_0 = 1/8, exact run)",
        method="algebra", check=lambda: opposite(obeys(stored(EMA_REFUTED, "fisher_ema"))),
        formulas=(gv.fisher_decide, gv.fisher_member, gv.average), uses=(f"{P}.X5ema.1",),
        control=Control("fisher, for which it is true", lambda: opposite(obeys(stored(EMA_REFUTED, "fisher")))),
    ),
    Step(
        id=f"{P}.X5ema.3", says="in that run |g| falls from 7.9 to 6.6 at the third step (t = 2) while v rises from 6.2 to 10.0",
        method="algebra", check=numbers_of_the_average, formulas=(gv.fisher_decide, gv.average),
        control=Control("one step earlier", lambda: numbers_of_the_average(1)),
    ),
    Step(
        id=f"{P}.X5share.1", says="REFUTED: fisher obeys on every step also with SGDM and SIGNSGD (g = (2, 0), then (1, 1), eps_f = 1)",
        method="algebra", check=along_others, formulas=(gv.fisher_along, gv.fisher_decide, sign_map),
        control=Control("the same gradients along SGD, where it does", lambda: opposite(obeys_along_gradient())),
    ),
]  # fmt: skip


def obeys_along_gradient() -> Outcome:
    """The two gradients of :func:`along_others` along SGD."""
    at = machine("sgd", "fisher", 2, hyp={EPS_F: sp.Integer(1)})
    gradients = [np.array([sp.Integer(2), sp.Integer(0)], dtype=object), np.array([sp.Integer(1), sp.Integer(1)], dtype=object)]
    return obeys(Path([], gradients, [at.decide(at.summands(g, g, g, g)) for g in gradients], []))


STEPS = X5
THEOREMS = {
    f"{P}.X5": "fisher, SGD, theta = 1, no cap: 1/eta_t - 1/eta_{t-1} = |g_t|^2 - |g_{t-1}|^2, so the rate rises iff the norm falls",
    f"{P}.X5curvature": "refuted: the rate of a curvature member rises iff the norm of the gradient falls",
    f"{P}.X5ema": "refuted: the rate of fisher_ema rises iff the norm of the gradient falls",
    f"{P}.X5share": "refuted: fisher obeys on every step also with SGDM and SIGNSGD; the shares themselves are measured, no proof exists",
}
