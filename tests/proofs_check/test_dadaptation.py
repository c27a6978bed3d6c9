"""D-Adaptation and Prodigy: the runs through the kernels are those of the library."""

from __future__ import annotations

import numpy as np
import sympy as sp

from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.methods.dadaptation_sgd import DAdaptSGD
from lra_ref.problems import make_problem
from proofs_check.dadaptation_steps.forms import HEAVY
from proofs_check.dadaptation_steps.kernels import exact_run
from proofs_check.dadaptation_steps.universal import certificate_problem
from proofs_check.worst_case import solve


def test_the_exact_run_is_the_run_of_the_library() -> None:
    rows = exact_run(DAdaptSGD, [sp.S(1), HEAVY, sp.S(0), sp.Rational(1, 2), sp.oo], lambda x: x, [sp.S(1)], 5)
    made = run(make_method("dadapt_sgd", momentum=0.9, d_0=0.5), make_problem("quadratic", spectrum=(1.0,)), steps=5, x0=[1.0])
    # five steps of a few roundings each
    assert np.allclose([float(row["d"]) for row in rows], made.records["d"][0, :5], rtol=1e-14, atol=0)
    assert sp.sympify(rows[4]["d"]).is_Rational
    assert 2.30 < float(rows[4]["d"]) < 2.31


def test_the_universal_certificate_is_attained() -> None:
    primal, dual = solve(lambda: certificate_problem((1, 2, 4)))
    assert abs(primal - 1) < 1e-6
    assert abs(dual - 1) < 1e-6
