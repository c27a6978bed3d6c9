"""GALA's named configurations: which direction, point, samples, feedback and clip go together.

============================  ==================================  ======================================================================
name                          direction                           what
============================  ==================================  ======================================================================
``gala_sgd``                  sgd                                 the theory form: random point, fresh sample, rate in [0, eta_max]
``gala_sgd_practical``        sgd (momentum with ``momentum=``)   published eq. 11: end point, next batch, unclipped, delta = 0
``gala_nsgdm``                normalized_momentum                 the analysed form, with the momentum curvature 2 kappa Lt_t
``gala_adam``                 adam                                derived: the theory form along Adam's direction
============================  ==================================  ======================================================================

Every default of a configuration can be overridden by keyword.
"""

from __future__ import annotations

import math
from typing import Any

from lra_ref.methods.base import METHODS, Method, compose
from lra_ref.parameters import Range

PRACTICAL = {"point": "end", "samples": "same", "feedback": "gradient", "clip": False, "delta": 0.0}


def _named(name: str, direction: str, parameters: dict[str, Any], notes: str) -> Method:
    made = compose(direction, "gala", **parameters)
    return Method(name, made.direction, made.rate, notes)


@METHODS.register("gala_sgd")
def gala_sgd(**parameters: Any) -> Method:
    """SGD-GALA, theory form (direction derived from the paper's analysis; statements G1-G4)."""
    return _named("gala_sgd", "sgd", parameters, "theory form: random point, independent sample, clipped")


@METHODS.register("gala_sgd_practical")
def gala_sgd_practical(momentum: float = 0.0, **parameters: Any) -> Method:
    """The practical rule (published eq. 11); ``momentum`` > 0 moves x along a heavy-ball buffer while a_t, b_t stay gradient-based."""
    direction, extra = ("momentum", {"momentum": momentum}) if momentum else ("sgd", {})
    return _named("gala_sgd_practical", direction, {**PRACTICAL, **extra, **parameters}, "end point, next batch, unclipped, delta = 0")


@METHODS.register("gala_nsgdm")
def gala_nsgdm(alpha: float | None = None, sigma: float | None = None, steps: int | None = None, **parameters: Any) -> Method:
    """Normalized SGD with momentum and GALA, the analysed form: kappa = (1 - alpha) / alpha.

    Give ``alpha`` in (0, 1], or ``sigma`` and ``steps`` for alpha = min(1 / (sigma sqrt(steps)), 1) (1 if sigma = 0); default alpha 0.1.
    """
    if (sigma is None) != (steps is None):
        raise ValueError("gala_nsgdm takes sigma and steps together, they give alpha")
    if alpha is not None and sigma is not None:
        raise ValueError("gala_nsgdm takes alpha, or sigma and steps, not both")
    if alpha is None:
        alpha = 0.1 if sigma is None or steps is None else momentum_weight(sigma, steps)
    made = {"alpha": alpha, **parameters}
    checked = compose("normalized_momentum", alpha=alpha).direction.parameters.alpha
    return _named(
        "gala_nsgdm",
        "normalized_momentum",
        {"kappa": (1 - checked) / checked, **made},
        "random point, independent sample, momentum curvature",
    )


@METHODS.register("gala_adam")
def gala_adam(**parameters: Any) -> Method:
    """GALA along Adam's bias-corrected direction (derived)."""
    return _named("gala_adam", "adam", parameters, "derived: theory form along Adam's direction")


def momentum_weight(sigma: float, steps: int) -> float:
    """alpha = min(1 / (sigma sqrt T), 1), and 1 without noise."""
    if not (Range(0, ends="[)").accepts(sigma) and Range(1, ends="[)").accepts(steps)):
        raise ValueError(f"sigma must be in [0, inf) and steps at least 1, got {sigma!r} and {steps!r}")
    return 1.0 if sigma == 0 else min(1.0 / (sigma * math.sqrt(steps)), 1.0)
