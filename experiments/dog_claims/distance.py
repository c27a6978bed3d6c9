"""DG1 to DG4: regret against any vectors, convex functions, the largest ratio of sums, growth on a cone."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.dog_claims.runs import RAMP, RULES, VALUES, comparators, pieces, played
from lra_ref.rates.dog_bounds import TRIBONACCI, doubled_reach, growth_factor, near_limit, ratio_of_sums
from lra_ref.verify import Assumption, Bound, Case, Claim, Control, Identity, Measured


# --- DG1, DG2 ------------------------------------------------------------------------------------------------------------------------
def reach(e: dict[str, Any]) -> Any:
    """rbar_t of every step: dowg keeps its square."""
    return np.sqrt(e["weight"]) if e["squared"] else e["weight"]


def regret(factor: float = 1.0, own: bool = True) -> Any:
    """Sides of DG1 for every rate of the run and every comparator; ``own=False``: dbar_t left out."""

    def sides(e: dict[str, Any]) -> Bound:
        rows = []
        for piece in pieces(e):
            p = {**piece, "squared": e["squared"]}
            x, g, w, total, r_bar = p["x"], p["g"][:, :-1], p["weight"][:, :-1], p["sum"][:, :-1], reach(p)[:, 1:]
            for u in comparators(x, np.einsum("nt,ntd->nd", w, g)):
                far = np.linalg.norm(x - u[:, None], axis=2)
                terms = w[:, :, None] * g * (x[:, :-1] - u[:, None])
                farthest = np.maximum.accumulate(far, axis=1)[:, 1:]
                rhs = factor * doubled_reach(r_bar, farthest if own else 0 * farthest) * np.sqrt(total)
                # every point is rounded once, which changes |x - u|^2 by macheps |x| |x - u| in the sum over sqrt(G)
                rounded = np.sqrt(total) * np.cumsum(np.max(np.abs(x[:, 1:]), axis=2) * far[:, 1:], axis=1)
                size = np.cumsum(np.sum(np.abs(terms), axis=2), axis=1)
                rows.append((np.cumsum(np.sum(terms, axis=2), axis=1), rhs, size + np.abs(rhs), rounded))
        lhs, rhs, scale, rounded = (np.stack(values, axis=-1) for values in zip(*rows, strict=True))
        count = (np.arange(1.0, lhs.shape[1] + 1) + 4 * e["x"].shape[2] + 16)[None, :, None]
        return Bound(lhs=lhs, rhs=rhs, scale=scale, operations=count * (1 + rounded / np.where(scale > 0, scale, 1.0)))

    return sides


def suboptimality(factor: float = 1.0) -> Any:
    """Sides of DG2 at every prefix: the weighted mean of the points on a convex function with minimum 0 at the center."""

    def sides(e: dict[str, Any]) -> Bound:
        x, w, total, center = e["x"], e["distance"][:, :-1, 0], e["sum"][:, :-1, 0], e["center"][:, None]
        weight = np.cumsum(w, axis=1)
        mean = np.cumsum(w[:, :, None] * x[:, :-1], axis=1) / weight[:, :, None]
        lhs = VALUES[e["rule"]](mean, center)
        farthest = np.maximum.accumulate(np.linalg.norm(x - center, axis=2), axis=1)[:, 1:]
        rhs = factor * doubled_reach(e["distance"][:, 1:, 0], farthest) * np.sqrt(total) / weight
        # the mean is rounded: the value changes by the slope times macheps |x|
        slope = np.maximum.accumulate(np.linalg.norm(e["g"], axis=2), axis=1)[:, :-1]
        rounded = slope * np.sqrt(x.shape[2]) * np.maximum.accumulate(np.max(np.abs(x), axis=2), axis=1)[:, :-1]
        scale, count = np.abs(lhs) + np.abs(rhs), 2 * np.arange(1.0, lhs.shape[1] + 1)[None, :] + 4 * x.shape[2] + 16
        return Bound(lhs=lhs, rhs=rhs, scale=scale, operations=count * (1 + rounded / scale))

    return sides


def cases(method: str, rules: Any, label: str = "", **common: Any) -> tuple[Case, ...]:
    """One case per rule."""
    sizes = {"smoke": {"T": 60, "seeds": 1}, "quick": {"T": 120, "seeds": 3}, "full": {"T": 300, "seeds": 16}}
    made = {"method": method, "dim": 4, **common}
    return tuple(Case(rule + label, **sizes, common={**made, "rule": rule}) for rule in rules)  # type: ignore[arg-type]


def worst(method: str, **common: Any) -> Case:
    """The vectors on which DG1 is nearly attained."""
    made = {"method": method, "dim": 4, "rule": "worst", "T": RAMP + 80, "parameters": {"square_eps": 0.0, "reps_rel": 0.1}, **common}
    return Case.everywhere("worst", **made)


KINDS = [rule for rule in RULES if rule != "worst"]
MOST = [rule for rule in KINDS if rule not in VALUES]
BLOCKS = {"offsets": [0, 1, 4]}
COARSE = {"parameters": {"reps_rel": 0.1}}
BOUND = r"\bar r_t(2\bar d_t+\bar r_t)\sqrt{G_{t-1}}"


# --- DG3 -----------------------------------------------------------------------------------------------------------------------------
def largest_ratio(logarithm: bool = True) -> Any:
    """Sides of DG3: the bound on the left, the largest ratio on the right."""

    def sides(e: dict[str, Any]) -> Bound:
        r = e["distance"][:, :, 0]
        steps = np.arange(1.0, r.shape[1])[None, :]
        before = np.cumsum(r, axis=1)[:, :-1]
        largest = np.maximum.accumulate(before / r[:, 1:], axis=1)
        lhs = ratio_of_sums(steps, r[:, 1:] / r[:, :1] if logarithm else np.ones_like(before))
        return Bound(lhs=lhs, rhs=largest, scale=np.abs(lhs) + largest, operations=steps + 16)

    return sides


# --- DG4 -----------------------------------------------------------------------------------------------------------------------------
def lengths(e: dict[str, Any]) -> Any:
    """|x_n|, n = 0, 1, ..., (n, T + 1)."""
    return np.linalg.norm(e["x"], axis=2)


def closed_form(share: float = 1.0) -> Any:
    """|x_n| against r_eps prod_{j=2..n} (1 + 1/sqrt(j)); ``share`` weighs the factors."""

    def sides(e: dict[str, Any]) -> Identity:
        x, n = lengths(e), np.arange(1.0, e["x"].shape[1])
        rhs = e["distance"][:, :1, 0] * np.cumprod(np.where(n > 1, share * growth_factor(n), 1.0))
        return Identity(lhs=x[:, 1:], rhs=rhs, scale=x[:, 1:] + rhs, operations=(24 * n)[None])

    return sides


def near_tribonacci(limit: float = TRIBONACCI) -> Any:
    """|x_{n+1}/x_n - limit| against 0.3 2^(1-n), n = 1, 2, ..."""

    def sides(e: dict[str, Any]) -> Bound:
        ratio = lengths(e)[:, 2:] / lengths(e)[:, 1:-1]
        n = np.arange(1.0, ratio.shape[1] + 1)[None, :]
        rhs = near_limit(n)
        return Bound(lhs=np.abs(ratio - limit), rhs=rhs, scale=ratio + limit + rhs, operations=24 * n + 16)

    return sides


def before_the_hit(e: dict[str, Any]) -> Measured:
    """Measured: the center was not reached."""
    last, center = float(lengths(e).max()), float(np.linalg.norm(e["center"]))
    return Measured(last < center, last, f"|x| up to {last:.3g}, the center at {center:.3g}")


HIT = Assumption("before the center is reached", "largest |x|", before_the_hit)
ORIGIN = {"dim": 2, "rule": "cone", "G": 3.0, "parameters": {"square_eps": 0.0}}
SLOW = Case("cone", smoke={"T": 30}, quick={"T": 100}, full={"T": 300}, common={**ORIGIN, "method": "dog_sgd", "D": 1e12})
FAST = Case("cone", smoke={"T": 24}, quick={"T": 40}, full={"T": 48}, common={**ORIGIN, "method": "dowg_sgd", "D": 1e12})
EXACT = Assumption("F convex, g_t a subgradient at x_t, minimum 0 at the center", "norm, sum of absolute values, quadratic")

CLAIMS = [
    Claim(
        id="dog.DG1", title="DoG against arbitrary vectors", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$\sum_{k<t}\bar r_k\langle g_k,x_k-x_*\rangle\leq " + BOUND + r"$, any vectors $g_k$, any $x_*$; also along directions",
        cases=(worst("dog_sgd"), *cases("dog_sgd", KINDS), *cases("dog_sgd", MOST, ", r_eps large", **COARSE),
        *cases("dog_momentum", ("random", "turning"), ", momentum"), *cases("dog_adam", ("random", "outward"), ", adam")),
        run=played, sides=regret(), control=Control("nine tenths of the bound", sides=regret(0.9), cases=("worst",)),
    ),
    Claim(
        id="dog.DG1l", title="LDoG, block by block", kind="pathwise bound", label="upper", provenance="derived",
        statement="DG1 for every block with its own distance, sum and comparator",
        cases=(worst("ldog_sgd", **BLOCKS), *cases("ldog_sgd", KINDS, **BLOCKS)), run=played, sides=regret(),
        control=Control("nine tenths of the bound", sides=regret(0.9), cases=("worst",)),
    ),
    Claim(
        id="dog.DG1w", title="DoWG against arbitrary vectors", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$\sum_{k<t}\bar r_k^2\langle g_k,x_k-x_*\rangle\leq\bar r_t(2\bar d_t+\bar r_t)\sqrt{v_{t-1}}$, any $g_k$, $x_*$",
        cases=(worst("dowg_sgd"), *cases("dowg_sgd", KINDS), *cases("dowg_sgd", MOST, ", r_eps large", **COARSE)),
        run=played, sides=regret(),
        control=Control("nine tenths of the bound", sides=regret(0.9), cases=("worst",)),
    ),
    Claim(
        id="dog.DG2", title="DoG on convex functions", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$F(\hat x_t)-F_*\leq " + BOUND + r"/\sum_{k<t}\bar r_k$, $\hat x_t=\sum\bar r_kx_k/\sum\bar r_k$",
        cases=(*cases("dog_sgd", VALUES), *cases("dog_sgd", VALUES, ", r_eps large", **COARSE)), run=played, sides=suboptimality(),
        assumptions=(EXACT,), control=Control("two fifths of the bound", sides=suboptimality(0.4), cases=("cone",)),
    ),
    Claim(
        id="dog.DG3", title="The best prefix", kind="pathwise bound", label="lower", provenance="derived",
        statement=r"$\max_{t\leq T}\sum_{i<t}\bar r_i/\bar r_t\geq\frac{1}{e}\left(\frac{T}{1+\ln(\bar r_T/r_\epsilon)}-1\right)$",
        cases=(*cases("dog_sgd", KINDS), *cases("dog_sgd", ("outward", "cone"), ", far", far=1e6)), run=played, sides=largest_ratio(),
        control=Control("without the logarithm", sides=largest_ratio(False), cases=("outward", "cone, far")),
    ),
    Claim(
        id="dog.DG4", title="DoG on a cone", kind="identity", label="tight", provenance="derived",
        statement=r"$F=G|x-D|$, $x_0=0$, square_eps 0: $|x_n|=r_\epsilon\prod_{j=2}^n(1+1/\sqrt{j})$ before the hit",
        cases=(SLOW,), run=played, sides=closed_form(), assumptions=(HIT,),
        control=Control("factors 1e-6 larger", sides=closed_form(1 + 1e-6)),
    ),
    Claim(
        id="dog.DG4w", title="DoWG on a cone", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"the same $F$ for DoWG: $|x_{n+1}/x_n-1.8392867552\ldots|\leq 0.3\cdot 2^{1-n}$, the root of $q^3=q^2+q+1$",
        cases=(FAST,), run=played, sides=near_tribonacci(), assumptions=(HIT,),
        control=Control("the limit 1.8393", sides=near_tribonacci(1.8393)),
    ),
]  # fmt: skip
