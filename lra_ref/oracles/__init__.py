"""Stochastic first-order oracles, and the counter-based random numbers that they draw from."""

from __future__ import annotations

from lra_ref.oracles.additive import Gaussian, Student
from lra_ref.oracles.base import ORACLES, Oracle, as_oracle, make_oracle
from lra_ref.oracles.exact import Exact
from lra_ref.oracles.minibatch import Minibatch
from lra_ref.oracles.multiplicative import Multiplicative
from lra_ref.oracles.philox import FRESH, PRESENT, RANDOM, START

__all__ = [
    "FRESH",
    "ORACLES",
    "PRESENT",
    "RANDOM",
    "START",
    "Exact",
    "Gaussian",
    "Minibatch",
    "Multiplicative",
    "Oracle",
    "Student",
    "as_oracle",
    "make_oracle",
]
