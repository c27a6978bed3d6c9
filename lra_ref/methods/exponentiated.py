"""Named configurations of exponentiated-gradient step sizes, and hypergradient descent on Adam.

======================  ======================  ==========================================================================
name                    direction               rate
======================  ======================  ==========================================================================
``egdd_momentum``       eg_momentum             exponentiated: the published EGDD ("Funnel"), lr 1e-2, mu 0.9
``egdd_adam``           eg_adam                 exponentiated, lr 1e-3 (derived)
``egdd_adagrad``        eg_adagrad              exponentiated, lr 1e-2 (derived)
``hypergradient_adam``  adam_epsilon_hat        hypergradient with gamma 1e-8 (published code, but for its rate per tensor)
======================  ======================  ==========================================================================

Every default can be overridden by keyword.  ``weight_decay`` of the egdd methods is the decoupled decay ``wd`` of the rate.
"""

from __future__ import annotations

from typing import Any

from lra_ref.methods.base import METHODS, Method, compose


def _egdd(around: str, lr: float, parameters: dict[str, Any], notes: str) -> Method:
    if "weight_decay" in parameters:
        parameters = {**parameters, "wd": parameters["weight_decay"]}
        del parameters["weight_decay"]
    made = compose(f"eg_{around}", "exponentiated", **{"lr": lr, **parameters})
    return Method(f"egdd_{around}", made.direction, made.rate, notes)


@METHODS.register("egdd_momentum")
def egdd_momentum(**parameters: Any) -> Method:
    """EGDD as published: gains before the heavy ball, a scale behind it."""
    return _egdd("momentum", 1e-2, parameters, "published code; form='paper' for the paper's equations")


@METHODS.register("egdd_adam")
def egdd_adam(**parameters: Any) -> Method:
    """Gains and scale around Adam (derived)."""
    return _egdd("adam", 1e-3, parameters, "derived: gains behind Adam's direction")


@METHODS.register("egdd_adagrad")
def egdd_adagrad(**parameters: Any) -> Method:
    """Gains and scale around AdaGrad (derived)."""
    return _egdd("adagrad", 1e-2, parameters, "derived: gains behind AdaGrad's direction")


@METHODS.register("hypergradient_adam")
def hypergradient_adam(**parameters: Any) -> Method:
    """Hypergradient descent on the rate of Adam, one rate for all; ``in_turn=True`` is the published code's rate per tensor."""
    made = compose("adam_epsilon_hat", "hypergradient", **{"gamma": 1e-8, **parameters})
    return Method("hypergradient_adam", made.direction, made.rate, "eps before the bias correction")
