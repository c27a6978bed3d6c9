"""PH1-PH3: the Page-Hinkley test."""

from __future__ import annotations

from typing import Any

import z3

from lra_ref.rates.page_hinkley import page_hinkley, smoothed
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, counted, opposite


def first_loss(least: int = 0) -> Outcome:
    """From zeros: (f, f, 0, 0, 1) and no alarm, if the threshold is a tenth of f >= 0."""
    real = Reals()
    f, r = real("f r")
    alarm, kept = real.reading(page_hinkley)(f, (0, 0, 0, 0, 0), r, f / 10)
    wanted = [a == b for a, b in zip(kept, (f, f, 0, 0, 1), strict=True)]
    return real.always(z3.And(z3.Not(alarm), *wanted), given=[r > 0, r <= 1, f >= least])


def falling_loss(room: int = 0) -> Outcome:
    """Kept by a loss that is not above the last one: last <= ph <= mean, U = ph_min; and no alarm."""
    real = Reals()
    loss, last, ph, mean, total, n, r, threshold = real("loss last ph mean U n r threshold")
    alarm, kept = real.reading(page_hinkley)(loss, (ph, mean, total, total, n), r, threshold)
    after = [z3.Not(alarm), loss <= kept[0], kept[0] <= kept[1], kept[2] == kept[3], kept[2] <= total, kept[4] == n + 1]
    given = [r > 0, r <= 1, n >= 1, threshold >= 0, last <= ph, ph <= mean, loss <= last + room]
    return real.always(z3.And(*after), given=given)


def homogeneous(power: int = 1) -> Outcome:
    """The test on s loss, s state, s threshold: the same alarm, and s times the new state; s > 0."""
    real = Reals()
    s, loss, ph, mean, total, low, n, r, threshold = real("s loss ph mean U low n r threshold")
    read = real.reading(page_hinkley)
    alarm, kept = read(loss, (ph, mean, total, low, n), r, threshold)
    again, scaled = read(s * loss, (s * ph, s * mean, s * total, s * low, n), r, s**power * threshold)
    return real.always(z3.And(alarm == again, *(s * a == b for a, b in zip(kept[:4], scaled[:4], strict=True)), kept[4] == scaled[4]),
                       given=[s > 0, r > 0, r <= 1, n >= 0])  # fmt: skip


def two_losses(first: Any, second: Any, alarms: tuple[bool, bool]) -> Outcome:
    """Whether the test alarms at the first and at the second loss, for every batch ratio r in (0, 1]."""
    real = Reals()
    r, state, found = real("r"), (0, 0, 0, 0, 0), []
    for loss in (first, second):
        alarm, state = real.reading(page_hinkley)(z3.RealVal(loss), state, r, z3.RealVal(first) / 10)
        found.append(alarm)
    return real.always(z3.And(*(a == z3.BoolVal(b) for a, b in zip(found, alarms, strict=True))), given=[r > 0, r <= 1])


TEST = (page_hinkley, smoothed)
STEPS = [
    Step(
        id="clara.PH1.1", says="the first loss f >= 0 gives no alarm and leaves ph = mean = f, U = ph_min = 0, n = 1", method="decision",
        check=first_loss, formulas=TEST, assumes=("0 < r <= 1", "threshold = f/10"),
        control=Control("f >= -1: a negative first loss alarms at once", lambda: first_loss(-1)),
    ),
    Step(
        id="clara.PH1.2",
        says="a loss that is not above the last one keeps loss <= ph <= mean and U = ph_min, U does not rise, and there is no alarm",
        method="decision", check=falling_loss, formulas=TEST, uses=("clara.PH1.1",), assumes=("0 < r <= 1", "n >= 1", "threshold >= 0"),
        control=Control("a loss that may rise by 1", lambda: falling_loss(1)),
    ),
    Step(
        id="clara.PH2.1",
        says="for s > 0 the test on s f with threshold s lambda alarms when that on f does, and its state is s times that of f (n is "
        "the same)",
        method="decision", check=homogeneous, formulas=TEST,
        assumes=("s > 0", "0 < r <= 1", "lambda is a tenth of the first loss, so it scales"),
        control=Control("a threshold of s^2 lambda", lambda: homogeneous(2)),
    ),
    Step(
        id="clara.PH3.1",
        says="NOT: f + const has the same alarms. The losses 1, 2 alarm at the second, 11, 12 at neither, for every r in (0, 1]",
        method="decision",
        check=lambda: counted([
            two_losses(1, 2, (False, True)), two_losses(11, 12, (False, False)), opposite(two_losses(11, 12, (False, True))),
        ]),
        formulas=TEST, control=Control("11, 12 alarm at the second too", lambda: two_losses(11, 12, (False, True))),
    ),
]  # fmt: skip
THEOREMS = {
    "clara.PH1": "Losses that never rise give no alarm if the first one is >= 0",
    "clara.PH2": "The alarm times of a fixed sequence of losses are the same for s f, s > 0",
    "clara.PH3": "NOT for f + const: the losses 1, 2 alarm at the second, 11, 12 never",
}
