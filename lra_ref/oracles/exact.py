"""The exact oracle: F and its gradient, without noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lra_ref.oracles.base import ORACLES, Oracle
from lra_ref.parameters import Parameters
from lra_ref.problems.base import Known, Problem
from lra_ref.typing import Array


def no_variance(oracle: Oracle, x: Array) -> Array:
    """Zero at every point."""
    return np.zeros(len(x))


@ORACLES.register("exact")
@dataclass(frozen=True, kw_only=True)
class Exact(Parameters):
    """No noise: every sample is the function itself."""

    def oracle(self, problem: Problem) -> Oracle:
        """The oracle over ``problem``."""
        return Oracle("exact", problem, sigma2=Known(0.0, source="there is no noise"), row_variance=no_variance, parameters=self)
