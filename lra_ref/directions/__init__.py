"""Directions, one file per family; importing this package registers all of them in ``DIRECTIONS``."""

from lra_ref.directions import adagrad, adam, adam_epsilon_hat, exponentiated, momentum, normalized, rmsprop, sgd, sign
from lra_ref.parts import DIRECTIONS, Direction

__all__ = [
    "DIRECTIONS",
    "Direction",
    "adagrad",
    "adam",
    "adam_epsilon_hat",
    "exponentiated",
    "momentum",
    "normalized",
    "rmsprop",
    "sgd",
    "sign",
]
