"""The check values of the published EGDD code, computed by ``egdd_momentum``.

Source: unit test ``egdd_test.py`` of tensorflow/lingvo ("Exponentiated Gradient Delta-Delta", published): lr 0.1, mu 0.9, beta 0.1,
gamma_p 0.01, gamma_s 0.001, start (0.5, 1), gradients (0.1, -0.5) and (-1, -1.5), with the gains' signal as a product and as a sign;
values to 4 decimals, which the unit test compares with an absolute tolerance of 1e-4 because it computes in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.reproductions.frame import Column, Judgement, Reproduction, Row
from experiments.reproductions.page import markdown
from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import make_method

GRADIENTS = ((0.1, -0.5), (-1.0, -1.5))
LR = 0.1
#: half a unit of the last printed digit: closer than the published test's own tolerance of 1e-4
HALF_A_DIGIT = 0.5e-4
PUBLISHED: dict[str, tuple[dict[str, tuple[float, ...]], ...]] = {
    "product": (
        {"x": (0.49, 1.05), "momentum": (0.01, -0.05), "gain": (1.0, 1.0), "scale": (1.0,)},
        {"x": (0.5810, 1.2463), "momentum": (-0.0909, -0.1961), "gain": (0.9990, 1.0075), "scale": (1.0007,)},
    ),
    "sign": (
        {"x": (0.49, 1.05), "momentum": (0.01, -0.05), "gain": (1.0, 1.0), "scale": (1.0,)},
        {"x": (0.5801, 1.2466), "momentum": (-0.0900, -0.1965), "gain": (0.9900, 1.0101), "scale": (1.0007,)},
    ),
}


def computed(signal: str) -> Iterator[dict[str, tuple[float, ...]]]:
    """State after every step; the published momentum holds lr, ours does not."""
    method = make_method("egdd_momentum", lr=LR, momentum=0.9, beta=0.1, gamma_p=0.01, gamma_s=0.001, use_signs=signal == "sign")
    optimizer = Optimizer(method, [0.5, 1.0])
    for g in GRADIENTS:
        optimizer.tell([(0.0, list(g))])
        state = optimizer.state_dict()
        yield {
            "x": tuple(optimizer.x.tolist()),
            "momentum": tuple((LR * state["direction.momentum_buffer"]).tolist()),
            "gain": tuple(state["direction.gains"].tolist()),
            "scale": tuple(state["rate.scale"].tolist()),
        }


def compute(signal: str) -> Iterator[dict[str, str]]:
    """One row per number, as text: what is computed with all its digits."""
    for step, (theirs, ours) in enumerate(zip(PUBLISHED[signal], computed(signal), strict=True), start=1):
        for quantity, values in theirs.items():
            for i, (published, value) in enumerate(zip(values, ours[quantity], strict=True)):
                yield {
                    "gains_signal": signal, "step": str(step), "quantity": quantity, "coordinate": str(i), "published": f"{published:.4f}",
                    "computed": repr(value),
                }  # fmt: skip


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """Every published value to its last digit, for each form of the signal."""
    judged = []
    for signal in dict.fromkeys(row["gains_signal"] for row in rows):
        gaps = [abs(float(row["computed"]) - float(row["published"])) for row in rows if row["gains_signal"] == signal]
        close = sum(gap <= HALF_A_DIGIT for gap in gaps)
        agrees = "yes" if close == len(gaps) else "partly" if close else "no"
        measured = f"{close} of {len(gaps)} to the last printed digit, largest difference {max(gaps):.1e}"
        judged.append(Judgement(f"the {len(gaps)} check values with the gains' signal as a {signal}", measured, agrees))
    return judged


def tables(rows: Sequence[Row]) -> str:
    """All values."""
    names = ("gains_signal", "step", "quantity", "coordinate", "published", "computed")
    lines = [[row[name] for name in names[:-1]] + [f"{float(row['computed']):.8f}"] for row in rows]
    return markdown([name.replace("_", " ") for name in names], lines)


REPRODUCTION = Reproduction(
    name="eg_check_values",
    title="Check values of the published EGDD code",
    source="unit test of tensorflow/lingvo's EGDD (published)",
    columns=(
        *(Column(name, "key") for name in ("gains_signal", "step", "quantity", "coordinate")),
        Column("published"),
        Column("computed", "number", rtol=1e-14, why="two steps: some 20 roundings, and an exp that may differ in its last bit"),
    ),
    tasks=lambda preset: list(PUBLISHED),
    compute=compute,
    judge=judge,
    tables=tables,
    quick=lambda row: True,
)
