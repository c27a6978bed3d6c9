"""H3: AdaGrad on the feedback, with the projection and without."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx

from experiments.hdm_claims.runs import WITNESSES
from lra_ref.formulas import read
from lra_ref.methods.hdm_formulas import accepts, accumulated, adagrad_step, feedback, hypergradient
from lra_ref.verify import Case
from proofs_check.algebra import identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.intervals import Decided, ball, certain
from proofs_check.steps import Control, Outcome, Result, Step, both

P, U, r = reals("P u r")
D = reals("D", positive=True)
#: bits of the balls of the counterexample
BITS = 4096


def adagrad_distance(weight: Any = 1) -> Outcome:
    """2 a r (P - u)/w = (P - u)^2 - (P - a r/w - u)^2 + a^2 r^2/w^2, w = sqrt(G + r^2) without eps."""
    a, G = reals("a G", positive=True)
    grown = symbolic(accumulated)(G, r)
    free = symbolic(adagrad_step)(P, r, grown, a, 0)
    w = sp.sqrt(G + r**2)
    return identity(2 * a * r * (P - U) / w, (P - U) ** 2 - (free - U) ** 2 + weight * a**2 * r**2 / w**2)


def added_eps() -> Outcome:
    """With eps the weight is the root of G + eps."""
    a, G, eps = reals("a G eps", positive=True)
    return identity(symbolic(adagrad_step)(P, r, G, a, eps), P - a * r / sp.sqrt(G + eps))


def abel(factor: int = 1) -> Outcome:
    """w_k d_k - w_k d_{k+1} added up is at most w_K D^2: (w_k - w_{k-1}) d_k <= (w_k - w_{k-1}) D^2."""
    real = Reals()
    w0, w1, d, size = real("w0 w1 d D2")
    return real.always(factor * (w1 - w0) * d <= (w1 - w0) * size, given=[w0 >= 0, w1 >= w0, d >= 0, d <= size])


def roots(weight: int = 2) -> Outcome:
    """r^2/w_k <= 2 (w_k - w_{k-1}) with w_k^2 = w_{k-1}^2 + r^2."""
    real = Reals()
    w0, w1, s = real("w0 w1 r")
    return real.always(s * s <= weight * (w1 - w0) * w1, given=[w0 >= 0, w1 > 0, w1 * w1 == w0 * w0 + s * s])


def best_weight(factor: Any = 1) -> Outcome:
    """w D^2/(2a) + a w = sqrt2 D w at a = D/sqrt2."""
    w, a = reals("w", positive=True), D / sp.sqrt(2)
    return identity(w * D**2 / (2 * a) + a * w, factor * sp.sqrt(2) * D * w)


def witness_regret(projected: bool = False) -> tuple[arb, arb]:
    """Regret of V1 against u = 0 and u = D and the bound, on the stored counterexample, over balls."""
    case = Case.from_witness(WITNESSES / "hdm.H3v1.json").parameters("quick")
    assert case is not None
    edge, a = ball(case["edge"]), (ball(1) / 2).sqrt() * ball(case["edge"])
    x, alpha, G, total, other = ball(case["x0"][0]), ball(0), ball(0), ball(0), [ball(0), ball(0)]
    step = read(adagrad_step, Decided())
    for _ in range(case["K"]):
        value, g = huber(x)
        tested, gp = huber(x - alpha * g)
        total += feedback_of(tested, value, g)
        for k, u in enumerate((ball(0), edge)):
            other[k] += feedback_of(huber(x - u * g)[0], value, g)
        s = signal_of(gp * g, g)
        G = accumulated(G, s)
        y = x - alpha * g
        alpha = step(alpha, s, G, a, ball(0))
        if projected:
            alpha = ball(0) if certain(ball(0), alpha) else edge if certain(alpha, edge) else alpha
        if strictly(tested, value):
            x = y
    smallest = other[0] if certain(other[1], other[0]) else other[1]
    return total - smallest, ball(2).sqrt() * edge * G.sqrt()


def strictly(tested: Any, value: Any) -> bool:
    """The null step over balls; balls that overlap without being equal are refused."""
    if (tested - value).contains(0) and not (tested - value).is_zero():
        raise ValueError("the acceptance of a step is not decided")
    return bool(accepts(tested, value, 0))


def feedback_of(tested: Any, value: Any, g: Any) -> Any:
    """h over balls."""
    return read(feedback, Chosen())(tested, value, g * g)


def signal_of(inner: Any, g: Any) -> Any:
    """r over balls."""
    return read(hypergradient, Chosen())(inner, g * g)


class Chosen(Decided):
    """With case distinctions whose condition is decided."""

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """One of the two."""
        return a if condition else b


def huber(x: Any) -> tuple[Any, Any]:
    """Value and derivative of Huber's function of slope 1."""
    if certain(ball(1), x * x):
        return x * x / 2, x
    size = x if certain(x, ball(0)) else -x
    return size - ball(Fraction(1, 2)), ball(1) if size is x else ball(-1)


def exceeds(times: int, projected: bool = False) -> Outcome:
    """regret > times * bound on the stored counterexample."""
    # the steps across the minimum multiply an error by up to alpha: 500 steps need the digits
    with ctx.workprec(BITS):
        regret, bound = witness_regret(projected)
    answer = regret > times * bound
    detail = f"regret {regret.str(8)}, bound {bound.str(8)}"
    return Outcome(Result.PROVED if answer else Result.REFUTED, {"regret": regret.str(8), "bound": bound.str(8)}, detail)


H3 = [
    Step(
        id="hdm.H3.1", says="2 a r (P - u)/w = (P - u)^2 - (P - a r/w - u)^2 + a^2 r^2/w^2 with w = sqrt(G + r^2)", method="algebra",
        check=lambda: both(adagrad_distance(), added_eps()), formulas=(adagrad_step, accumulated),
        assumes=("eps = 0; else w = sqrt(G + eps)",),
        control=Control("the last term doubled", lambda: adagrad_distance(2)),
    ),
    Step(
        id="hdm.H3.2", says="w_k (d_k - d_{k+1}) summed is at most w_K D^2 for 0 <= d <= D^2 and growing w (summation by parts)",
        method="decision",
        check=abel, uses=("hdm.H2.1",), assumes=("P and u in [0, D]: this is where the projection is needed",),
        control=Control("twice the increments", lambda: abel(2)),
    ),
    Step(
        id="hdm.H3.3", says="r^2/w_k <= 2 (w_k - w_{k-1})", method="decision", check=roots, control=Control("once the difference",
        lambda: roots(1)),
    ),
    Step(
        id="hdm.H3.4", says="w_K D^2/(2a) + a w_K = sqrt2 D w_K at a = D/sqrt2, w_K = sqrt(sum r^2): per coordinate, then summed",
        method="algebra",
        check=best_weight, uses=("hdm.H1.5", "hdm.H3.1", "hdm.H3.2", "hdm.H3.3"), control=Control("D w_K",
        lambda: best_weight(sp.sqrt(2) / 2)),
    ),
    Step(
        id="hdm.H3v1.1", says="V1 does not project: Huber's function, x_1 = 1000.3, D = 1, a = D/sqrt2, K = 501: its regret is more "
        "than 13 times the bound",
        method="intervals", check=lambda: exceeds(13), formulas=(feedback, hypergradient, adagrad_step, accumulated, accepts),
        assumes=("exact arithmetic with eps = 0",),
        control=Control("with the projection on [0, D]: more than once the bound", lambda: exceeds(1, True)),
    ),
]  # fmt: skip

THEOREMS = {
    "hdm.H3": "AdaGrad projected on [0, D] with a = D/sqrt2: sum h_k - sum h_{x_k}(P) <= sqrt2 D sqrt(sum r_k^2), per coordinate",
    "hdm.H3v1": "refuted without the projection",
}
STEPS = H3
