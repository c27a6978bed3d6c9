"""The check values of the published EGDD code, computed by ``egdd_momentum``.

    python experiments/reproductions/eg_check_values.py            print the table
    python experiments/reproductions/eg_check_values.py --write    write eg_check_values.csv beside this file
    python experiments/reproductions/eg_check_values.py --check    compare with the published values and with the committed file

Published: unit test ``egdd_test.py`` of tensorflow/lingvo ("Exponentiated Gradient Delta-Delta"): lr 0.1, mu 0.9, beta 0.1, gamma_p 0.01,
gamma_s
0.001, start (0.5, 1), gradients (0.1, -0.5) and (-1, -1.5), with the gains' signal as a product and as a sign; values to 4 decimals, which
the unit test compares with an absolute tolerance of 1e-4 because it computes in float32.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import make_method

FILE = Path(__file__).with_name("eg_check_values.csv")
COLUMNS = ("gains_signal", "step", "quantity", "coordinate", "published", "computed")
GRADIENTS = ((0.1, -0.5), (-1.0, -1.5))
LR = 0.1
#: the published test's own tolerance, and that of the committed file: 17 digits, another machine computes the same bits
PUBLISHED_TOLERANCE = 1e-4
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


def table() -> list[dict[str, str]]:
    """One row per number, as text."""
    rows = []
    for signal, steps in PUBLISHED.items():
        for step, (theirs, ours) in enumerate(zip(steps, computed(signal), strict=True), start=1):
            for quantity, values in theirs.items():
                for i, (published, value) in enumerate(zip(values, ours[quantity], strict=True)):
                    texts = (signal, str(step), quantity, str(i), f"{published:.4f}", repr(value))
                    rows.append(dict(zip(COLUMNS, texts, strict=True)))
    return rows


def differences(rows: list[dict[str, str]], committed: list[dict[str, str]]) -> list[str]:
    """What is wrong, one line each; empty if nothing is."""
    wrong = [
        f"{' '.join(row[name] for name in COLUMNS[:4])}: published {row['published']}, computed {row['computed']}"
        for row in rows
        if abs(float(row["computed"]) - float(row["published"])) > PUBLISHED_TOLERANCE
    ]
    if rows != committed:
        wrong.append(f"the table differs from {FILE.name}; look at it and run with --write")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Print, write or check the table; 1 if a check fails."""
    parser = argparse.ArgumentParser(description="The check values of the published EGDD code.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="compare with the published values and the committed CSV")
    group.add_argument("--write", action="store_true", help="write the CSV")
    options = parser.parse_args(argv)
    rows = table()
    if options.check:
        with FILE.open(newline="", encoding="utf-8") as file:
            wrong = differences(rows, list(csv.DictReader(file)))
        for line in wrong:
            print(line, file=sys.stderr)
        print(f"{len(rows)} values, {len(wrong)} differences")
        return 1 if wrong else 0
    with FILE.open("w", newline="", encoding="utf-8") if options.write else nullcontext(sys.stdout) as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
