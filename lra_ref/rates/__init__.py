"""Rates, one file per family; importing this package registers all of them in ``RATES``."""

from lra_ref.parts import RATES, Rate
from lra_ref.rates import (
    armijo,
    clara,
    clara_reference,
    constant,
    coordinatewise,
    dog,
    exponentiated,
    gala,
    gradient_variation,
    hypergradient,
    mechanic,
    page_hinkley,
    polyak,
    salera,
    schedules,
    spalera,
    sps,
)

__all__ = [
    "RATES",
    "Rate",
    "armijo",
    "clara",
    "clara_reference",
    "constant",
    "coordinatewise",
    "dog",
    "exponentiated",
    "gala",
    "gradient_variation",
    "hypergradient",
    "mechanic",
    "page_hinkley",
    "polyak",
    "salera",
    "schedules",
    "spalera",
    "sps",
]
