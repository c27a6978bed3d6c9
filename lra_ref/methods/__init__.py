"""Methods: compositions of a direction and a rate under one name, and the named configurations."""

from lra_ref import directions, rates
from lra_ref.methods import (
    autogd,
    autosgd,
    clara,
    cma,
    dadaptation,
    dadaptation_adam,
    dadaptation_sgd,
    exponentiated,
    gala,
    gradient_variation,
    hdm,
    hdm_best,
    layerwise,
    mlr_snet,
    prodigy,
)
from lra_ref.methods.base import METHODS, Method, compose, make_method, method_names

__all__ = [
    "METHODS",
    "Method",
    "autogd",
    "autosgd",
    "clara",
    "cma",
    "compose",
    "dadaptation",
    "dadaptation_adam",
    "dadaptation_sgd",
    "directions",
    "exponentiated",
    "gala",
    "gradient_variation",
    "hdm",
    "hdm_best",
    "layerwise",
    "make_method",
    "method_names",
    "mlr_snet",
    "prodigy",
    "rates",
]
