"""Loops that are compiled once for any kernels: handed over by address, with phases that are compiled when they are needed."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends import cpu
from lra_ref.backends.cpu import Code, compiled, compiled_loop
from tests.backends.test_cpu import successor


def twice(f: Any, x: Any) -> None:
    """Applies a kernel that is given as an argument."""
    x[0] = f(f(x[0]))


def test_loops_take_kernels_as_arguments() -> None:
    unary = "float64(float64)"
    x = np.array([3.0])
    for _ in range(2):
        compiled_loop(twice, (unary,), ("float64[::1]",))(compiled(successor, unary), x)
    assert x[0] == 7.0


def rise(f: Any, x: Any, n: Any) -> None:
    """A phase that is given a kernel."""
    for i in range(n):
        x[i] = f(x[i])


def fall(x: Any, n: Any) -> None:
    """A phase that is given none."""
    x[n] -= 1


def phased(f: Any, x: Any, up: Any) -> None:
    """Comes to one phase or to the other."""
    if up > 0:
        rise(f, x, up)
    else:
        fall(x, 0)


def test_phases_are_compiled_when_they_are_needed() -> None:
    unary, vector, x = "float64(float64)", "float64[::1]", np.array([3.0, 5.0])
    phases = ((rise, (Code(unary), vector, "int64")), (fall, (vector, "int64")))
    loop, known = compiled_loop(phased, (unary,), (vector, "int64"), phases), cpu._phase.cache_info().currsize
    kernel = compiled(successor, unary)
    loop(kernel, x, 2, needed=(rise,))
    assert np.array_equal(x, [4, 6])
    assert cpu._phase.cache_info().currsize == known + 1
    loop(kernel, x, 0, needed=(rise, fall))
    assert np.array_equal(x, [3, 6])
    assert cpu._phase.cache_info().currsize == known + 2


KEPT = """
import numpy as np
from lra_ref.backends.cpu import Code, compiled, compiled_loop
from tests.backends.test_compiled_loop import phased, rise, fall
from tests.backends.test_cpu import successor
unary, vector, x = "float64(float64)", "float64[::1]", np.array([3.0, 5.0])
phases = ((rise, (Code(unary), vector, "int64")), (fall, (vector, "int64")))
compiled_loop(phased, (unary,), (vector, "int64"), phases)(compiled(successor, unary), x, 2, needed=(rise, fall))
print(*x)
"""


def test_phases_are_kept_for_other_processes(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        settings = {**os.environ, "LRA_REF_CACHE": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", KEPT], check=True, capture_output=True, text=True, env=settings)
        assert done.stdout.split() == ["4.0", "6.0"]
        found.append({file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*.nbc")})
    # the loop, two phases and the kernel, and none of them again
    assert len(found[0]) == 4
    assert found[0] == found[1]


@pytest.mark.parametrize("collects", [True, False])
def test_the_search_for_garbage_goes_on_as_it_was(collects: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(KeyError), cpu._uncollected():
            {}[gc.isenabled()]
        assert gc.isenabled() is collects
        with cpu._uncollected():
            assert not gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()


def absent(x: Any) -> Any:
    """Where a loop never calls a kernel."""
    raise AssertionError


def test_what_stands_in_is_not_compiled() -> None:
    unary, x = "float64(float64)", np.array([3.0, 5.0])
    cpu.stand_in(absent)
    try:
        assert compiled(absent, unary) is absent
        phases = ((fall, ("float64[::1]", "int64")), (rise, (Code(unary), "float64[::1]", "int64")))
        compiled_loop(phased, (unary,), ("float64[::1]", "int64"), phases)(absent, x, 0, needed=(fall,))
        assert np.array_equal(x, [2, 5])
    finally:
        cpu._STAND_INS.discard(absent)
