"""H9: a constant step of a scalar P on a parabola."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.hdm_claims.runs import Evidence, played, smoothness
from lra_ref.verify import Assumption, Case, Claim, Control, Identity, Measured

#: squares and their products of at least this size have no subnormal parts
NORMAL = 2.0**-960


def geometric(e: Evidence, shift: float = 0.0) -> Identity:
    """alpha_k = 1/a + (1 - eta a)^k (alpha_0 - 1/a)."""
    a, eta, alpha = smoothness(e["problem"]), e["case"]["parameters"]["eta"], e["P"]
    k = np.arange(alpha.shape[1])[None, :]
    q = 1 - eta * a + shift
    rhs = 1 / a + q**k * (alpha[:, :1] - 1 / a)
    # each step rounds alpha and r = -(1 - a alpha) anew, and what was lost is multiplied by q from then on
    lost = np.abs(alpha) + eta * (1 + a * np.abs(alpha))
    growth = np.array([[np.sum(np.abs(q) ** (n - np.arange(n + 1)) * row[: n + 1]) for n in range(alpha.shape[1])] for row in lost])
    steps_back = np.abs(rhs) + np.abs(q) ** k * k * np.abs(alpha[:, :1] - 1 / a)
    return Identity(lhs=alpha, rhs=rhs, scale=growth + steps_back, operations=2.0 * e["problem"].dim + 16)


def alive(e: Evidence) -> Measured:
    """Measured: x did not reach the minimum, where nothing is learned, and |g|^2 stays a normal number, whose rounding is macheps."""
    smallest = float(np.min(e["norm2"]))
    return Measured(bool(np.all(e["ok"])) and smallest >= NORMAL, smallest, "smallest |g|^2")


def one_eigenvalue(e: Evidence) -> Measured:
    """Measured: F = a|x|^2/2."""
    dim = e["problem"].dim
    A = e["problem"].hvp(np.zeros((dim, dim)), np.eye(dim))
    off = float(np.max(np.abs(A - smoothness(e["problem"]) * np.eye(dim))))
    return Measured(off == 0, off, "largest entry of the Hessian minus a I")


def cases() -> tuple[Case, ...]:
    """eta a below, at and above 1 and 2; alpha may leave [0, 1/a] but stays positive."""
    out = []
    for share, K in ((0.1, 15), (0.5, 8), (1.5, 8), (2.0, 40), (2.05, 40)):
        for dim in (1, 3):
            common = {"problem": "quadratic", "problem_parameters": {"spectrum": [4.0] * dim}, "K": K}
            parameters = {"form": "lookahead", "shape": "scalar", "eta": share / 4.0, "p_0": 0.24}
            sizes: dict[str, Any] = {"smoke": {"seeds": 1}, "quick": {"seeds": 4}, "full": {"seeds": 64}}
            out.append(Case(f"eta a = {share:g}, D = {dim}", **sizes, common={**common, "parameters": parameters}))
    return tuple(out)


CLAIMS = [
    Claim(
        id="hdm.H9", title="Scalar P on a parabola", kind="identity", label="tight", provenance="derived",
        statement=r"$F=a|x|^2/2$, constant $\eta$: $\alpha_k=1/a+(1-\eta a)^k(\alpha_0-1/a)$; it converges if and only if $\eta a<2$",
        cases=cases(), run=played, sides=geometric, assumptions=(
            Assumption("g does not vanish", "status, and |g|^2 above 2^-960", alive),
            Assumption("one eigenvalue", "Hessian", one_eigenvalue),
        ),
        control=Control("the factor 1 - eta a + 0.01", sides=lambda e: geometric(e, 0.01)),
        explain="The plays of the lookahead without projection; the recursion is that of every form with a constant step inside its set. "
        "At eta a = 2 alpha alternates between alpha_0 and 2/a - alpha_0, beyond it the distance to 1/a grows.",
    ),
]  # fmt: skip
