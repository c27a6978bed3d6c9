"""Importing the package is cheap, and every public name is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lra_ref

HEAVY = ("numpy", "scipy", "numba", "matplotlib", "sklearn", "rich", "cupy")


def test_importing_loads_none_of_the_dependencies() -> None:
    code = f"import sys, lra_ref; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


def test_making_parts_loads_no_compiler() -> None:
    code = """
import sys, lra_ref
lra_ref.make_method("gala_sgd"), lra_ref.make_oracle("gaussian", lra_ref.make_problem("sphere")), lra_ref.make_learner("ftrl"), lra_ref.run
lra_ref.Optimizer(lra_ref.make_method("adam"), [1.0]).tell([(1.0, [1.0])])
print([name for name in ("numba", "matplotlib", "sklearn", "rich") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", lra_ref.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(lra_ref, name) is not None
    assert name in dir(lra_ref)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'lra_ref' has no attribute 'rnu'"):
        _ = lra_ref.rnu  # type: ignore[attr-defined]
