"""Named configurations of CLARA and of SALERA's family.

==================  ===========  ==========================================================================
name                direction    what
==================  ===========  ==========================================================================
``clara_sgd``       sgd          CLARA on SGD, lr 1e-3
``clara_adam``      adam         CLARA on Adam, published learning rate 1.0
``agadam``          adam_epsilon_hat     the path of the gradients, the step along Adam's direction with one rate per block
==================  ===========  ==========================================================================

Every other direction goes by composition: ``make_method("clara_momentum")``, ``make_method("salera_sgd")``.
"""

from __future__ import annotations

from typing import Any

from lra_ref.methods.base import METHODS, Method, compose


@METHODS.register("clara_sgd")
def clara_sgd(**parameters: Any) -> Method:
    """CLARA on SGD (published)."""
    return compose("sgd", "clara", **parameters)


@METHODS.register("clara_adam")
def clara_adam(**parameters: Any) -> Method:
    """CLARA on Adam (published), learning rate 1.0."""
    return compose("adam", "clara", **{"lr": 1.0, **parameters})


@METHODS.register("agadam")
def agadam(**parameters: Any) -> Method:
    """AgAdam (published): ALERA's rates along Adam's direction, eps not bias-corrected."""
    made = compose("adam_epsilon_hat", "alera", **parameters)
    return Method("agadam", made.direction, made.rate, "path of the gradients, step along Adam's direction")
