"""Runs of ``egdd_momentum`` over Arb balls: every number of the kernels with a rigorous bound of its error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from flint import arb

from experiments.reproductions.eg_check_values import GRADIENTS, LR, PUBLISHED
from lra_ref.directions.exponentiated import eg_momentum_begin, eg_momentum_map
from lra_ref.formulas import read
from lra_ref.methods import make_method
from lra_ref.rates.exponentiated import exponentiated_decide, exponentiated_move
from proofs_check.intervals import Decided, ball, encloses
from proofs_check.steps import Outcome, counted


class Balls(Decided):
    """Balls; the only conditions of the kernels read here are ``== 0``, and an undecided one leaves a ball that is not finite."""

    @staticmethod
    def where(condition: Any, v: Any, w: Any) -> Any:
        """By a decided condition."""
        return v if condition else w


def zeros(*shape: int) -> Any:
    """Exact zeros."""
    return np.full(shape, arb(0), dtype=object)


def enclosed_run(
    parameters: dict[str, Any], gradient: Callable[[int, Any], Any], start: Sequence[Any], steps: int, lr: Any
) -> Iterator[dict[str, Any]]:
    """State after every step: point, direction, gains, scale; ``lr`` is a ball, the other parameters are taken as doubles are."""
    method = make_method("egdd_momentum", **parameters)
    hyp = [ball(v) if np.isfinite(v) else v for v in method.rate.hyper()]
    hyp[0] = lr if isinstance(lr, arb) else ball(lr)
    own = [ball(v) for v in method.direction.hyper()]
    names = (eg_momentum_begin, eg_momentum_map, exponentiated_decide, exponentiated_move)
    begin, gained, decide, move = (read(kernel, Balls()) for kernel in names)
    x, dim = np.array(start, dtype=object), len(start)
    vec, kept, late, scal, row = zeros(3, dim), zeros(1, dim), zeros(1, dim), zeros(1, 3), zeros(1, 9)
    for t in range(steps):
        g, d, coef = gradient(t, x), zeros(dim), zeros(1, 4)
        begin(0, 1, t, 0, None, None, own, row)
        gained(0, 0, dim, 0, None, g, d, None, vec, row, None)
        decide(0, 1, t, 0, np.array([[g @ kept[0], g @ g, sum(late[0])]], dtype=object), scal, hyp, coef)
        late[...] = arb(0)
        move(0, 0, dim, 0, x, g, d, None, kept, coef, late)
        yield {"x": x.copy(), "momentum": hyp[0] * vec[0], "gain": vec[1].copy(), "scale": scal[:, 1].copy()}


def listed(t: int, x: Any) -> Any:
    """The gradients of the published test."""
    return np.array([ball(str(v)) for v in GRADIENTS[t]], dtype=object)


def published_values(lr: Any = LR) -> Outcome:
    """Both signals, both steps: every printed value within 1e-4, the tolerance of the published test."""
    out = []
    for signal, expected in PUBLISHED.items():
        parameters = {"momentum": 0.9, "beta": 0.1, "gamma_p": 0.01, "gamma_s": 0.001, "use_signs": signal == "sign"}
        made = enclosed_run(
            parameters, lambda t, x: np.array([ball(str(v)) for v in GRADIENTS[t]]), [ball("1/2"), arb(1)], 2, ball(str(lr))
        )
        for found, printed in zip(made, expected, strict=True):
            for name, values in printed.items():
                for value, number in zip(found[name], values, strict=True):
                    middle, room = ball(str(number)), ball("1e-4")
                    out.append(encloses(lambda value=value: value, middle - room, middle + room))  # type: ignore[misc]
    return counted(out)
