"""The face of a one-dimensional online learner: play, observe, and an exact account of its regret and of its bound.

Losses are l_t(eta) = -a_t eta + b_t eta^2 / 2 with b_t >= 0; linear losses have b_t = 0 (a coin c_t is a_t = -c_t).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.checks import real
from lra_ref.learners.bounds import BOUNDS
from lra_ref.learners.formulas import CODES, SLOPE_CODES, learn, loss
from lra_ref.parameters import Choice, Parameters, Range, parameter, shown, unknown
from lra_ref.readings import ball, bits, over_balls
from lra_ref.typing import Array

REAL, POSITIVE = Range(ends="()"), Range(0, ends="()")
LEARNERS = {**CODES, **SLOPE_CODES}


@dataclass(frozen=True, kw_only=True)
class LearnerParameters(Parameters):
    """Hyper-parameters of all learners; each uses those that its formula names."""

    eta_0: float = parameter(0.1, REAL, "first play")
    delta: float = parameter(1.0, Range(0, ends="[)"), "weight of the regulariser")
    low: float = parameter(-np.inf, Range(), "left end of the set of plays")
    high: float = parameter(np.inf, Range(), "right end of the set of plays")
    center: str = parameter("eta_0", Choice(("eta_0", "zero")), "centre of the regulariser")
    gamma: float = parameter(0.01, POSITIVE, "step of ogd_constant and eg")
    bound: float = parameter(1.0, POSITIVE, "G of kt: coins are l'/G")
    wealth: float = parameter(1.0, POSITIVE, "initial wealth of kt")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise ValueError(f"low must be less than high, got {self.low:g} and {self.high:g}")


@dataclass(frozen=True)
class History:
    """What was played and seen so far: losses (a, b), plays (one more than losses), memory and wealth of the learner."""

    a: Array
    b: Array
    plays: Array
    wealth: float

    def regret(self, u: float) -> float:
        """sum_t l_t(eta_t) - l_t(u)."""
        return float(np.sum(loss(self.plays[:-1], self.a, self.b) - loss(u, self.a, self.b)))


class Learner:
    """One learner of rates; ``play()``, ``observe(a, b)``, ``regret(u)``, ``bound(u)``.

    Examples
    --------
    >>> learner = make_learner("ftrl", eta_0=0.5, low=0.0, high=2.0)
    >>> learner.observe(a=1.0, b=2.0)
    >>> round(learner.play(), 12), learner.regret(0.5) <= learner.bound(0.5)
    (0.5, True)
    """

    def __init__(self, name: str, **values: Any) -> None:
        if not isinstance(name, str) or name not in LEARNERS:
            raise ValueError(unknown("learner", name, LEARNERS))
        self.name = name
        self.parameters: LearnerParameters = LearnerParameters.build(name, values)
        p = self.parameters
        if name == "eg" and not (p.low > 0 and p.eta_0 > 0):
            raise ValueError(f"the learner eg needs low > 0 and eta_0 > 0, got {p.low:g} and {p.eta_0:g}")
        if name == "ogd_adagrad" and not (np.isfinite(p.high) and 0 <= p.low):
            raise ValueError(f"the learner ogd_adagrad needs an interval 0 <= low < high < inf, got {p.low:g} and {p.high:g}")
        if name == "adagrad" and not (np.isfinite(p.high - p.low) and p.low <= p.eta_0 <= p.high):
            raise ValueError(f"the learner adagrad needs finite low <= eta_0 <= high, got {p.low:g}, {p.eta_0:g}, {p.high:g}")
        self._a: list[Any] = []
        self._b: list[Any] = []
        self._plays: list[Any] = [p.eta_0 if bits() is None else ball(p.eta_0)]
        self._sums = (0.0, 0.0)
        self._memory, self._wealth = 0.0, p.wealth

    def play(self) -> float:
        """The present play eta_t."""
        return self._plays[-1]  # type: ignore[no-any-return]

    def observe(self, a: float, b: float = 0.0) -> None:
        """Suffer l(eta) = -a eta + b eta^2 / 2 and choose the next play.

        Raises ``ValueError`` for a loss that is not finite or not convex, for a coin above 1 (kt) and where the next play would not be
        finite; nothing changes then.
        """
        certified = bits() is not None
        if not (certified or (REAL.accepts(a) and REAL.accepts(b) and b >= 0)):
            raise ValueError(f"the loss needs finite a and finite b >= 0, got a = {shown(a)}, b = {shown(b)}")
        number: Any = ball if certified else float
        a, b = number(a), number(b)
        p = self.parameters
        sums = (self._sums[0] + a, self._sums[1] + b)
        anchor = p.eta_0 if p.center == "eta_0" else 0.0
        hyp = tuple(map(number, (p.delta, anchor, p.low, p.high, p.gamma, p.bound, p.eta_0)))
        state = (*sums, number(self._memory), number(self._wealth))
        step = over_balls(learn) if certified else learn
        with np.errstate(all="ignore"):
            eta, memory, wealth, coin = step(LEARNERS[self.name], len(self._a) + 1, a, b, number(self.play()), *state, hyp)
        if abs(coin) > 1:
            raise ValueError(f"the learner kt needs |l'| <= G = {p.bound:g}, got {coin * p.bound!r}")
        if not (eta.isfinite() if certified else np.isfinite(eta)):
            raise ValueError(f"the next play would not be finite after a = {a!r}, b = {b!r}")
        self._a.append(a)
        self._b.append(b)
        self._plays.append(number(eta))
        self._sums, self._memory, self._wealth = sums, number(memory), number(wealth)

    def history(self) -> History:
        """The account so far."""
        return History(np.array(self._a), np.array(self._b), np.array(self._plays), self._wealth)

    def regret(self, u: float) -> float:
        """Regret against the constant play ``u``, exactly as suffered."""
        with np.errstate(all="ignore"):
            return self.history().regret(_comparator(u))

    def bound(self, u: float) -> float:
        """The learner's own bound of ``regret(u)``; its statement is in :mod:`lra_ref.learners.bounds`."""
        u = _comparator(u)
        if not self.parameters.low <= u <= self.parameters.high:
            raise ValueError(f"u must be in [{self.parameters.low:g}, {self.parameters.high:g}], got {u!r}")
        try:
            with np.errstate(all="ignore"):
                return float(BOUNDS[self.name](self.parameters, self.history(), u))
        except OverflowError:
            return float("inf")  # no number is a bound


def _comparator(u: Any) -> Any:
    """A comparator as a finite number; a ball as it is in a certified computation."""
    if bits() is not None and not isinstance(u, int | float):
        return u
    number = real("u", u)
    if not np.isfinite(number):
        raise ValueError(f"u must be finite, got {number:g}")
    return number


def make_learner(name: str, **parameters: Any) -> Learner:
    """Learner by name: ftrl, ogd, ogd_adagrad, ogd_constant, eg, kt, adagrad; unknown names list the nearest."""
    return Learner(name, **parameters)
