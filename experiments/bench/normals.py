"""P8b: normal numbers on one core against NumPy's generator, and their largest error.

The error is counted in units in the last place of float64 against Box and Muller's formula in 50 digits, on words drawn here; the tests
hold the bound of 3 ulp also on the worst words that a search of 2e7 found. Needs mpmath.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np

from lra_ref.backends.cpu import compiled
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.timing import Contestant, alternate
from lra_ref.oracles.additive import draw_gaussian
from lra_ref.oracles.base import DRAW
from lra_ref.oracles.variates import box_muller

SIZE = 100_000


def measure(plan: Plan) -> Iterator[Row]:
    """Speed, then error."""
    fill, par, z = compiled(draw_gaussian, DRAW), np.ones(1), np.ones(SIZE)
    made = Row(
        "P8b", "normals", f"{SIZE:.0e}".replace("+0", ""), "float64", 1, unit="s each", peer="numpy Generator", peer_version=np.__version__
    )
    if lacking := plan.lacks("numpy"):
        yield Row(**{**vars(made), "note": lacking}).judged(Goal("ratio", least=6))
    else:
        generator, room = np.random.default_rng(0), np.ones(SIZE)
        times = alternate(
            {
                "ours": Contestant(lambda: fill(np.uint64(1), 2, 3, np.uint64(0), par, z), work=SIZE),
                "numpy": Contestant(lambda: generator.standard_normal(out=room), work=SIZE),
            },
            plan.effort,
        )
        yield Row(**{**vars(made), "value": times["ours"].median, "ratio": times["ours"].over(times["numpy"])}).judged(
            Goal("ratio", least=6)
        )
    if importlib.util.find_spec("mpmath") is None:
        yield Row("P8b", "largest error of a normal", unit="ulp", note="not measured: mpmath not installed")
    else:
        yield Row("P8b", "largest error of a normal", value=largest_error(200 if plan.quick else 5000), unit="ulp").judged(
            Goal("value", most=3)
        )


def largest_error(count: int) -> float:
    """In ulp, over ``count`` pairs of words."""
    import mpmath

    words = np.random.default_rng(0).integers(0, 2**32, size=(count, 2), dtype=np.uint64)
    pairs = box_muller(words[:, 0], words[:, 1])
    worst = 0.0
    with mpmath.workdps(50):
        for (a, b), first, second in zip(words.tolist(), *pairs, strict=True):
            radius = mpmath.sqrt(-2 * mpmath.log((a + mpmath.mpf(0.5)) / 2**32))
            angle = 2 * (b + mpmath.mpf(0.5)) / 2**32
            for got, true in ((first, radius * mpmath.cospi(angle)), (second, radius * mpmath.sinpi(angle))):
                worst = max(worst, float(abs(mpmath.mpf(float(got)) - true) / float(np.spacing(abs(float(true))))))
    return worst
