"""Methods: compositions of a direction and a rate under one name, and the named configurations."""

from lra_ref import directions, rates
from lra_ref.methods import clara, exponentiated, gala, gradient_variation
from lra_ref.methods.base import METHODS, Method, compose, make_method, method_names

__all__ = [
    "METHODS",
    "Method",
    "clara",
    "compose",
    "directions",
    "exponentiated",
    "gala",
    "gradient_variation",
    "make_method",
    "method_names",
    "rates",
]
