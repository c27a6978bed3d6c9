"""Claims of the one-dimensional online learners: ``lra-ref verify learners``.

A case is a family of coin sequences; the plays come from the learner itself, fed one loss at a time, the sums of the statement from the
coins and the plays. Statements and proofs are on the theory page ``docs/theory/learners.md``; all are derived (our own), unless a row
says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.learner_claims.searches import SEARCHES
from lra_ref.learners import make_learner
from lra_ref.learners.bounds import betting_bound, slope_adagrad_bound
from lra_ref.learners.formulas import relative_entropy
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings
from lra_ref.verify.falsify import searched


def coins(kind: str, steps: int, generator: np.random.Generator) -> Any:
    """Losses c_t in [-1, 1]: fair, biased, uniform, one-sided, alternating, of growing size, with a change in the middle, with a given "
    "net sum."""
    t = np.arange(steps)
    signs = generator.choice([-1.0, 1.0], steps)
    return {
        "fair": lambda: signs,
        "biased": lambda: np.where(generator.random(steps) < 0.7, -1.0, 1.0),
        "uniform": lambda: generator.uniform(-1, 1, steps),
        "one-sided": lambda: -np.ones(steps),
        "alternating": lambda: np.where(t % 2 == 0, 1.0, -1.0),
        "growing": lambda: signs * (t + 1) / steps,
        "change": lambda: np.where(t < steps // 2, -1.0, 1.0),
        # net sum sqrt(24 T): where the bound of betting is nearly attained
        "net": lambda: np.where((t < steps - int(np.sqrt(24 * steps))) & (t % 2 == 0), 1.0, -1.0),
    }[kind]()


def drawn(case: CaseView, steps: int, seeds: Any, settings: Settings) -> Any:
    """The coins of every seed, of the case's kind or the list that it gives, (seeds, T)."""
    if not isinstance(case["coins"], str):
        return np.tile(np.array(case["coins"], dtype=float), (len(seeds), 1))
    return np.stack([coins(case["coins"], steps, np.random.default_rng([settings.seed, int(seed)])) for seed in seeds])


KINDS = ("fair", "biased", "uniform", "one-sided", "alternating", "growing", "change")


def played(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Coins (seeds, T), plays (seeds, T + 1), last wealth of the case's learner."""
    steps, made = case["T"], []
    c = drawn(case, steps, seeds, settings)
    for row in c:
        learner = make_learner(case["learner"], **case["parameters"])
        for coin in row:
            learner.observe(-float(coin))
        made.append(learner.history())
    return {"c": c, "plays": np.stack([h.plays for h in made]), "wealth": np.array([h.wealth for h in made]), "p": case["parameters"]}


def regret(e: dict[str, Any], u: Any) -> Any:
    """sum c_t (s_t - u) at every prefix; u a number or one per prefix."""
    return np.cumsum(e["c"] * e["plays"][:, :-1], axis=1) - u * np.cumsum(e["c"], axis=1)


def size(e: dict[str, Any], u: Any) -> Any:
    """Sum of the absolute values of its terms."""
    return np.cumsum(np.abs(e["c"]) * (np.abs(e["plays"][:, :-1]) + np.abs(u)), axis=1)


def operations(e: dict[str, Any]) -> Any:
    """A running sum of T terms, each of a few roundings."""
    return (2 * np.arange(1.0, e["c"].shape[1] + 1) + 16)[None, :, None]


Parts = Callable[[dict[str, Any], Any], tuple[Any, Any]]


def against(terms: Parts, comparators: tuple[float, ...], *, last: bool = False, identity: bool = False, inside: bool = False) -> Any:
    """Sides of ``regret(u) <= rhs(u)`` for fixed comparators, and for the last play; ``terms`` returns (rhs, sum of its absolute terms).

    ``inside``: comparators outside of the learner's interval are moved to its ends.
    """

    def sides(e: dict[str, Any]) -> Any:
        low, high = (e["p"].get("low", -np.inf), e["p"].get("high", np.inf)) if inside else (-np.inf, np.inf)
        us = [*(min(max(u, low), high) for u in comparators), *([e["plays"][:, 1:]] if last else [])]
        shape = e["c"].shape
        parts = [terms(e, u) for u in us]
        return (Identity if identity else Bound)(
            lhs=np.stack([regret(e, u) for u in us], -1), rhs=np.stack([np.broadcast_to(rhs, shape) for rhs, _ in parts], -1),
            scale=np.stack([size(e, u) + np.broadcast_to(extra, shape) for u, (_, extra) in zip(us, parts, strict=True)], -1),
            operations=operations(e),
        )  # fmt: skip

    return sides


def squares(e: dict[str, Any]) -> Any:
    """sum c_t^2 at every prefix."""
    return np.cumsum(e["c"] ** 2, axis=1)


def ogd_terms(weight: float, exact: bool) -> Parts:
    """O1: (s_1-u)^2/(2 eta) [- (s_{T+1}-u)^2/(2 eta)] + weight (eta/2) sum c^2."""

    def terms(e: dict[str, Any], u: Any) -> tuple[Any, Any]:
        eta, first = e["p"]["gamma"], (e["plays"][:, :1] - u) ** 2 / (2 * e["p"]["gamma"])
        tail = (e["plays"][:, 1:] - u) ** 2 / (2 * eta)
        drift = weight * eta / 2 * squares(e)
        # every play is rounded once: the squares of its distances change by macheps |s_t| |s_t - u| / eta
        rounded = np.cumsum(np.abs(e["plays"][:, 1:]) * np.abs(e["plays"][:, 1:] - u), axis=1) / eta
        return (first - tail if exact else first) + drift, first + tail + drift + rounded

    return terms


def ftrl_terms(weight: float) -> Parts:
    """O2: u^2/(2 eta) + weight (eta/2) sum c^2, eta = 1/delta."""

    def terms(e: dict[str, Any], u: Any) -> tuple[Any, Any]:
        rhs = u**2 * e["p"]["delta"] / 2 + weight / e["p"]["delta"] / 2 * squares(e)
        return rhs, np.abs(rhs) + np.cumsum(np.abs(e["plays"][:, 1:]), axis=1)

    return terms


def adagrad_terms(factor: float) -> Parts:
    """O3: sqrt2 D sqrt(sum c^2), the bound as the library states it."""

    def terms(e: dict[str, Any], u: Any) -> tuple[Any, Any]:
        rhs = factor * slope_adagrad_bound(-e["c"], np.zeros_like(e["c"]), e["plays"], e["p"]["high"] - e["p"]["low"])
        return rhs, rhs + np.cumsum(np.abs(e["plays"][:, 1:]), axis=1)

    return terms


def eg_terms(weight: float, exact: bool) -> Parts:
    """O4: E1 (``exact``) and E2 for the learner eg."""

    def terms(e: dict[str, Any], u: Any) -> tuple[Any, Any]:
        gamma, before, after = e["p"]["gamma"], e["plays"][:, :-1], e["plays"][:, 1:]

        curved = before * (np.expm1(-gamma * e["c"]) + gamma * e["c"])
        last = relative_entropy(u, after) if exact else 0.0
        tail = np.cumsum(curved if exact else weight * gamma**2 * before * e["c"] ** 2, axis=1)
        ends = 2 * u + before[:, :1] + after + np.abs(u * np.log(np.where(u > 0, u, 1.0))) + np.abs(u * np.log(after))
        rhs = (relative_entropy(u, before[:, :1]) - last + (weight if exact else 1.0) * tail) / gamma
        return rhs, (ends + np.cumsum(before + u + np.abs(curved), axis=1)) / gamma

    return terms


def betting_terms(factor: float) -> Parts:
    """O6: |u| sqrt(T ln(1 + 24 T^2 u^2/w^2)) + w."""

    def terms(e: dict[str, Any], u: Any) -> tuple[Any, Any]:
        rhs = factor * betting_bound(np.arange(1.0, e["c"].shape[1] + 1)[None, :], 1.0, e["p"]["wealth"], u)
        return rhs, np.abs(rhs) + np.cumsum(np.abs(e["plays"][:, 1:]), axis=1)

    return terms


def wealth(factor: float = 1.0) -> Any:
    """Wealth_T against w - sum c s."""

    def sides(e: dict[str, Any]) -> Identity:
        gains = e["c"] * e["plays"][:, :-1]
        lost = factor * gains.sum(axis=1)
        scale = e["wealth"] + e["p"]["wealth"] + np.abs(gains).sum(axis=1)
        return Identity(
            lhs=e["wealth"][:, None], rhs=(e["p"]["wealth"] - lost)[:, None], scale=scale[:, None], operations=2.0 * gains.shape[1] + 8
        )

    return sides


def log_space(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Plays of gradient descent on ln s (as exp of the plays of OGD) and of EG fed with ``s^power c``."""
    steps, power = case["T"], case["power"]
    c = drawn(case, steps, seeds, settings)
    gamma, rows = case["gamma"], []
    for row in c:
        log = make_learner("ogd_constant", eta_0=0.0, gamma=gamma)
        eg = make_learner("eg", eta_0=1.0, gamma=gamma, low=1e-12, high=1e12)
        for coin in row:
            log.observe(-float(coin) * float(np.exp(log.play())))
            eg.observe(-float(coin) * eg.play() ** power)
        rows.append([np.exp(log.history().plays[1:]), eg.history().plays[1:]])
    both = np.array(rows)
    return {"log": both[:, 0], "eg": both[:, 1], "gamma": gamma, "c": c}


def same_plays(e: dict[str, Any]) -> Identity:
    """Both plays at every round; a rounding of s changes the later ones by a factor up to exp(gamma sum |c|) < e^3."""
    steps = np.arange(1.0, e["log"].shape[1] + 1)[None, :]
    growth = np.exp(e["gamma"] * np.cumsum(np.abs(e["c"]) * (e["log"] + 1), axis=1))
    return Identity(lhs=e["log"], rhs=e["eg"], scale=(e["log"] + e["eg"]) * growth, operations=8 * steps)


def cases(learner: str, parameters: dict[str, Any], kinds: tuple[str, ...] = KINDS, label: str = "", **more: Any) -> tuple[Case, ...]:
    """One case per kind of coins; ``label`` is added to its name."""
    sizes = {"smoke": {"T": 400, "seeds": 1}, "quick": {"T": 400, "seeds": 3}, "full": {"T": 1000, "seeds": 16}}
    return tuple(
        Case(kind + label, **sizes, common={"learner": learner, "parameters": parameters, "coins": kind, **more}) for kind in kinds
    )  # type: ignore[arg-type]


def unclipped(low: float, high: float) -> Assumption:
    """Measured: the plays stay inside."""

    def inside(e: dict[str, Any]) -> Measured:
        least, most = float(np.min(e["plays"])), float(np.max(e["plays"]))
        return Measured(low < least and most < high, most, f"plays in [{least:.3g}, {most:.3g}]")

    return Assumption("no clip", "range of the plays", inside)


def small_exponents(e: dict[str, Any]) -> Measured:
    """Measured: gamma |c_t| <= 1."""
    largest = float(e["p"]["gamma"] * np.max(np.abs(e["c"])))
    return Measured(largest <= 1, largest, "largest gamma |c_t|")


REAL, INSIDE = (-2.0, 0.0, 0.3, 1.0, 5.0), (0.0, 0.5, 2.0)
STAKES = (-30.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0, 50.0, 100.0, 200.0, 400.0)
SUM = r"$\sum c_t(s_t-u)$"
FREE, BOX = {"eta_0": 0.3, "gamma": 0.05}, {"eta_0": 0.3, "gamma": 0.05, "low": 0.0, "high": 2.0}
FTRL = {"eta_0": 0.0, "delta": 8.0, "center": "zero"}
EG = {"eta_0": 1.0, "gamma": 0.05, "low": 1e-12, "high": 1e12}

CLAIMS = searched([
    Claim(
        id="learners.O1", title="OGD, unprojected", kind="identity", label="tight", provenance="derived",
        statement=SUM + r" $=[(s_1-u)^2-(s_{T+1}-u)^2]/(2\eta)+\frac{\eta}{2}\sum c_t^2$, every real $u$",
        cases=cases("ogd_constant", FREE), run=played, sides=against(ogd_terms(1.0, True), REAL, identity=True),
        control=Control("the last sum halved", sides=against(ogd_terms(0.5, True), REAL, identity=True)),
    ),
    Claim(
        id="learners.O1p", title="OGD, projected", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq[(s_1-u)^2-(s_{T+1}-u)^2]/(2\eta)+\frac{\eta}{2}\sum c_t^2$, $u$ inside",
        cases=cases("ogd_constant", BOX), run=played, sides=against(ogd_terms(1.0, True), INSIDE, inside=True),
        control=Control("the last sum halved", sides=against(ogd_terms(0.5, True), INSIDE, inside=True)),
    ),
    Claim(
        id="learners.O2", title="FTRL", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq u^2/(2\eta)+\frac{\eta}{2}\sum c_t^2$, $s_t=\mathrm{Proj}(-\eta\sum_{i<t}c_i)$, $u$ inside",
        cases=(*cases("ftrl", FTRL),
        *cases("ftrl", {**FTRL, "low": -1.0, "high": 2.0}, label=", projected")),
        run=played, sides=against(ftrl_terms(1.0), (-1.0, 0.0, 0.3, 2.0), last=True, inside=True),
        control=Control("without the sum of squares", sides=against(ftrl_terms(0.0), (0.0,), last=True, inside=True)),
    ),
    Claim(
        id="learners.O3", title="OGD with AdaGrad's rate", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq\sqrt{2}\,D\sqrt{\sum c_t^2}$, rate $(D/\sqrt{2})/\sqrt{\sum_{i\leq t}c_i^2}$ on $[0,D]$",
        cases=cases("adagrad", {"eta_0": 0.3, "low": 0.0, "high": 2.0}), run=played, sides=against(adagrad_terms(1.0), INSIDE, inside=True),
        control=Control("a quarter of the bound", sides=against(adagrad_terms(0.25), INSIDE, inside=True), cases=KINDS),
    ),
    Claim(
        id="learners.O4", title="EG identity", kind="identity", label="tight", provenance="derived",
        statement=r"$\gamma$ " + SUM + r" $=D(u,s_1)-D(u,s_{T+1})+\sum s_t(e^{-\gamma c_t}-1+\gamma c_t)$, $u\geq 0$ (E1 on coins)",
        cases=cases("eg", EG), run=played, sides=against(eg_terms(1.0, True), (0.0, 0.3, 1.0, 5.0), identity=True),
        assumptions=(unclipped(1e-12, 1e12),),
        control=Control("the last sum dropped", sides=against(eg_terms(0.0, True), (0.0, 0.3, 1.0, 5.0), identity=True)),
    ),
    Claim(
        id="learners.O4r", title="EG regret", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq D(u,s_1)/\gamma+\gamma\sum s_tc_t^2$ for $|\gamma c_t|\leq 1$, also clipped, $u$ inside (E2, E3 on coins)",
        cases=(*cases("eg", EG),
        *cases("eg", {**EG, "low": 0.5, "high": 2.0}, label=", clipped")),
        run=played, sides=against(eg_terms(1.0, False), (0.5, 1.0, 2.0), last=True, inside=True),
        assumptions=(Assumption(r"|gamma c_t| <= 1", "largest gamma |c_t| of the case", small_exponents),),
        control=Control("the sum of squares dropped", sides=against(eg_terms(0.0, False), (1.0,), last=True, inside=True)),
    ),
    Claim(
        id="learners.O5", title="Descent on the logarithm", kind="identity", label="tight", provenance="derived",
        statement=r"gradient descent on $\ln s$ is EG with the gradient $s_tc_t$ in place of $c_t$",
        cases=cases("", {}, ("fair", "uniform", "alternating"), gamma=0.01, power=1), run=log_space, sides=same_plays,
        control=Control("EG with c itself", cases=cases("", {}, ("fair",), gamma=0.01, power=0)),
    ),
    Claim(
        id="learners.O6w", title="Wealth of the bettor", kind="identity", label="tight", provenance="derived",
        statement=r"$\mathrm{Wealth}_T=w-\sum c_ts_t$, $|c_t|\leq 1$",
        cases=cases("kt", {"eta_0": 0.0, "wealth": 1.0}), run=played, sides=wealth(),
        control=Control("half the gains", sides=wealth(0.5)),
    ),
    Claim(
        id="learners.O6", title="Krichevsky-Trofimov betting", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq|u|\sqrt{T\ln(1+24T^2u^2/w^2)}+w$, every real $u$",
        cases=(*cases("kt", {"eta_0": 0.0, "wealth": 1.0}, (*KINDS, "net")),
        *cases("kt", {"eta_0": 0.0, "wealth": 0.25}, label=", w = 1/4")),
        run=played, sides=against(betting_terms(1.0), STAKES),
        control=Control("0.9 of the bound", sides=against(betting_terms(0.9), STAKES), cases=("net",)),
    ),
], SEARCHES)  # fmt: skip
