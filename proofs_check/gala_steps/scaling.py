"""G11: what F -> cF does to the feedback, the learner and the point, in exact and in binary arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.directions.norms import unit
from lra_ref.formulas import average, descend, read
from lra_ref.learners.formulas import ftrl
from lra_ref.rates.gala import cancelled, curvature, pair_summands, secant, segment_point
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import SCALED_ROUNDING
from proofs_check.gala_steps.readings import pair, vector
from proofs_check.graded import GRADED, graded, homogeneous
from proofs_check.steps import Control, Outcome, Step


def feedback(normalized: bool, wrong: int = 0) -> Outcome:
    """a_t, L_t, b_t of the scaled problem: gradients times c, points as before, the direction times c (SGD) or as before."""
    c, eta, change, moved = reals("c eta change moved", positive=True)
    gw, gx, x, d = (vector(name) for name in ("gw", "gx", "x", "d"))
    way = 1 if normalized else c
    after = symbolic(descend)(x, eta / way, way * d)
    one, two = pair(gw, gx, x, x - d, d), pair(c * gw, c * gx, x, x - d, way * d)
    smooth, kappa, along = reals("L kappa Lt", positive=True)
    b, n = symbolic(curvature), d @ d
    degree = (1 if normalized else 3) + wrong
    return identities([
        *zip(after, symbolic(descend)(x, eta, d), strict=True),
        (two[0], way * c * one[0]), (two[1], c**2 * one[1]), (two[2], one[2]), (two[3], c**2 * one[3]), (two[4], c**2 * one[4]),
        (symbolic(secant)(c**2 * change, moved), c * symbolic(secant)(change, moved)),
        (b(c * smooth, c * along, way**2 * n, 1, kappa), c**degree * b(smooth, along, n, 1, kappa)),
    ])  # fmt: skip


def learner(normalized: bool, delta_power: int | None = None) -> Outcome:
    """The clipped play of the scaled losses: eta/c (SGD) or eta (normalized)."""
    real = Reals()
    c, e, anchor, delta, sum_a, sum_b, top = real("c e anchor delta sum_a sum_b top")
    f = real.reading(ftrl)
    first = f(e, anchor, delta, sum_a, sum_b, 0, top)
    known = [c > 0, delta > 0, sum_b >= 0, top > 0]
    if normalized:
        weight = c if delta_power is None else 1
        return real.always(f(e, anchor, weight * delta, c * sum_a, c * sum_b, 0, top) == first, known)
    weight = c * c * c if delta_power is None else 1
    # eta_0/c and eta_max/c by products: low * c = value
    small, low = real("small low")
    second = f(e, small, weight * delta, c * c * sum_a, c * c * c * sum_b, 0, low)
    return real.always(c * second == first, [*known, small * c == anchor, low * c == top])


def same_bits(method: str, delta: int | None = None) -> Outcome:
    """Every formula of a step takes operands of one degree and gives the degree of the scaled problem, on every path.

    ``delta`` is the power of c by which delta is multiplied; by default that of G11.
    """
    sgd = method == "gala_sgd"
    way, rate, weight = (1, -1, 3) if sgd else (0, 0, 1)
    given = weight if delta is None else delta
    wanted = [
        (descend, (0, rate, way), 0), (segment_point, (0, 0, 0), 0), (average, (1, 1, 0, 0), 1), (unit, (1, 0, 1), 0),
        (secant, (2, 0), 1), (curvature, (1, 1, 2 * way, 0, 0), weight), (cancelled, (2, 2, 2, 0), 0),
        (ftrl, (rate, rate, given, 1 + way, weight, rate, rate), rate),
    ]  # fmt: skip

    def run() -> list[tuple[str, Any, int]]:
        out = [(f.__name__, read(f, GRADED)(*map(graded, powers)), power) for f, powers, power in wanted]
        sums = np.zeros((5, 1), dtype=object)
        read(pair_summands, GRADED)(*(graded(power, 1) for power in (1, 1, 0, 0, way)), sums)
        return [*out, *zip([f"summand {k}" for k in range(5)], sums[:, 0], (1 + way, 2, 0, 2, 2), strict=True)]

    return homogeneous(run)


SCALED = ("c > 0", "the noise scales with F: every sample gradient is multiplied by c")
PAIR = (descend, pair_summands, secant, curvature)
G11 = [
    Step(
        id="gala.G11.1", says="SGD, eta/c: the same points; a_t -> c^2 a_t, L_t -> c L_t, b_t -> c^3 b_t", method="algebra",
        check=lambda: feedback(False),
        formulas=PAIR, assumes=SCALED, control=Control("b_t -> c^4 b_t", lambda: feedback(False, 1)),
    ),
    Step(
        id="gala.G11.2", says="normalized directions, the same eta: the same points; a_t -> c a_t, L_t -> c L_t, Lt_t -> c Lt_t, b_t -> c "
        "b_t",
        method="algebra", check=lambda: feedback(True), formulas=PAIR, assumes=SCALED,
        control=Control("b_t -> c^2 b_t", lambda: feedback(True, 1)),
    ),
    Step(
        id="gala.G11.3", says="SGD: eta_0/c, eta_max/c, c^3 delta give eta_t/c, clipped or not; so all x_t are the same by induction",
        method="decision",
        check=lambda: learner(False), formulas=(ftrl,), uses=("gala.G11.1",), assumes=(*SCALED, "delta > 0"),
        control=Control("delta left as it is", lambda: learner(False, 0)),
    ),
    Step(
        id="gala.G11.4", says="gala_nsgdm, alpha fixed: c delta gives the same eta_t; m_t -> c m_t leaves m_t/|m_t|", method="decision",
        check=lambda: learner(True), formulas=(ftrl,), uses=("gala.G11.2",), assumes=(*SCALED, "delta > 0"),
        control=Control("delta left as it is", lambda: learner(True, 0)),
    ),
    Step(
        id="gala.G11.5",
        says="c a power of 2: in every formula of a gala_sgd step sums and comparisons take numbers that scale alike, roots even powers: "
        "the same bits",
        method="algebra", check=lambda: same_bits("gala_sgd"), formulas=(*PAIR, segment_point, cancelled, ftrl), facts=(SCALED_ROUNDING,),
        uses=("gala.G11.3",), assumes=(*SCALED, "no overflow or underflow"), control=Control("c delta", lambda: same_bits("gala_sgd", 1)),
    ),
    Step(
        id="gala.G11.6", says="the same for a gala_nsgdm step, with the average and the unit vector", method="algebra",
        check=lambda: same_bits("gala_nsgdm"),
        formulas=(*PAIR, segment_point, cancelled, ftrl), facts=(SCALED_ROUNDING,), uses=("gala.G11.4",),
        assumes=(*SCALED, "no overflow or underflow", "elements in the ordinary range of the norm, which are not scaled"),
        control=Control("delta left as it is", lambda: same_bits("gala_nsgdm", 0)),
    ),
]  # fmt: skip

STEPS = G11
