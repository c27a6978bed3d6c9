"""Falsification: search for the instance on which a statement fails, or comes closest to failing."""

from lra_ref.verify.falsify.dimensions import Integer, OneOf, Real, Reals
from lra_ref.verify.falsify.outcome import Outcome, falsify
from lra_ref.verify.falsify.space import Search, searched

__all__ = ["Integer", "OneOf", "Outcome", "Real", "Reals", "Search", "falsify", "searched"]
