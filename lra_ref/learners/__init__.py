"""One-dimensional online learners with exact regret accounts."""

from lra_ref.learners.base import History, Learner, LearnerParameters, make_learner
from lra_ref.learners.formulas import CODES

__all__ = ["CODES", "History", "Learner", "LearnerParameters", "make_learner"]
