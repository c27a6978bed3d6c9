"""The compiler: fingerprints that see everything, a cache that is never stale, and life without a cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends import cpu
from lra_ref.backends.cpu import compiled, fingerprint, reached
from lra_ref.formulas import bits_of, float_of, where

FORMULA = """
import numpy as np
SCALE = 3.0
TABLE = np.array([1.0, 2.0])

def inner(x, k=2.0):
    return k * x

def formula(x):
    return inner(x) + 1
"""
KERNEL = """
from formulas_of_test import SCALE, TABLE, formula

def kernel(x):
    def nested(y):
        return SCALE * y
    return nested(formula(x)) + TABLE[1]
"""


def program(formulas: str = FORMULA, kernel: str = KERNEL, **names: Any) -> types.FunctionType:
    """The function ``kernel`` of one file that imports its formula and constants from another."""
    module = types.ModuleType("formulas_of_test")
    exec(compile(formulas, "formulas_of_test.py", "exec"), vars(module))
    scope: dict[str, Any] = {**{k: v for k, v in vars(module).items() if not k.startswith("__")}, **names, "__name__": "kernel_of_test"}
    exec(compile(kernel.replace("from formulas_of_test import SCALE, TABLE, formula", ""), "kernel_of_test.py", "exec"), scope)
    made = scope["kernel"]
    assert isinstance(made, types.FunctionType)
    return made


def test_reached_lists_callees_first_and_once() -> None:
    assert [f.__name__ for f in reached(program())] == ["inner", "formula", "kernel"]


def test_the_same_program_has_the_same_fingerprint() -> None:
    assert fingerprint(program(), "s") == fingerprint(program(), "s")


@pytest.mark.parametrize(
    "changed",
    [
        program(FORMULA.replace("+ 1", "- 1")),
        program(FORMULA.replace("+ 1", "+ 2")),
        program(FORMULA.replace("return k * x", "return k * x * x")),
        program(FORMULA.replace("k=2.0", "k=2.5")),
        program(FORMULA.replace("SCALE = 3.0", "SCALE = 3.0000000000000004")),
        program(FORMULA.replace("[1.0, 2.0]", "[1.0, 2.5]")),
        program(FORMULA.replace("[1.0, 2.0]", "[1.0, 2.0, 3.0]")),
        program(FORMULA.replace("SCALE = 3.0", "SCALE = 3")),
        program(FORMULA.replace("SCALE = 3.0", "SCALE = np.float64(3.0)")),
        program(kernel=KERNEL.replace("SCALE * y", "SCALE + y")),
        program(kernel=KERNEL.replace("TABLE[1]", "TABLE[0]")),
    ],
    ids=[
        "operator",
        "constant",
        "indirect callee",
        "default",
        "global number",
        "table",
        "table shape",
        "type",
        "numpy type",
        "nested",
        "own code",
    ],
)
def test_everything_that_is_reached_changes_the_fingerprint(changed: types.FunctionType) -> None:
    assert fingerprint(changed) != fingerprint(program())


def test_signature_and_options_change_the_fingerprint() -> None:
    kernel = program()
    assert len({fingerprint(kernel, "a"), fingerprint(kernel, "b"), fingerprint(kernel, "a", {**cpu.OPTIONS, "fastmath": True})}) == 3


def test_what_is_not_reached_does_not_matter() -> None:
    assert fingerprint(program(FORMULA + "\ndef other(x):\n    return x\nUNUSED = 1\n")) == fingerprint(program())


def test_changed_globals_of_the_running_program_are_seen() -> None:
    kernel = program()
    before = fingerprint(kernel)
    kernel.__globals__["SCALE"] = 4.0
    assert fingerprint(kernel) != before


def test_no_option_may_reorder_or_contract() -> None:
    assert "fastmath" not in cpu.OPTIONS
    assert cpu.OPTIONS["error_model"] == "numpy"
    assert "parallel" not in cpu.OPTIONS


# --- compiled code ------------------------------------------------------------------------------------------------------------------
def select(x: Any, y: Any) -> Any:
    """Uses every function that the compiler is taught."""
    return where(x > 0, float_of(bits_of(x) ^ bits_of(y)), y / x)


def test_house_functions_compile_to_what_they_mean() -> None:
    kernel = compiled(select, "float64(float64, float64)")
    for x, y in ((1.5, 2.5), (-1.0, 3.0), (0.0, 1.0), (0.0, 0.0), (-0.0, 1.0)):
        with np.errstate(all="ignore"):
            expected = select(np.float64(x), np.float64(y))
        assert np.array_equal(kernel(x, y), expected, equal_nan=True), (x, y)


def contractible(x: Any, y: Any) -> Any:
    """x * y - 1: with a fused multiply-add the rounding error of the product would appear."""
    return x * y - 1


def test_products_are_rounded_before_they_are_added() -> None:
    x, y = 1 + 2.0**-30, 1 - 2.0**-30
    assert x * y == 1.0
    assert compiled(contractible, "float64(float64, float64)")(x, y) == 0.0


def successor(x: Any) -> Any:
    """x + 1."""
    return x + 1


def test_compiling_twice_is_once() -> None:
    assert compiled(successor, "float64(float64)") is compiled(successor, "float64(float64)")


# --- the folder ---------------------------------------------------------------------------------------------------------------------
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from kernel_of_test import kernel
from lra_ref.backends.cpu import compiled
first = compiled(kernel, "float64(float64)")
compiled(kernel, "float64(float64)")
print(first(2.0), sum(first.stats.cache_hits.values()), sum(first.stats.cache_misses.values()))
"""


def in_a_process(folder: Path, cache: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Compile and call the kernel of ``folder`` in a new process."""
    settings = {**os.environ, "LRA_REF_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], check=True, capture_output=True, text=True, env=settings)


def write(folder: Path, formulas: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "formulas_of_test.py").write_text(formulas)
    (folder / "kernel_of_test.py").write_text(KERNEL)


def test_the_cache_hits_across_processes_and_is_never_stale(tmp_path: Path) -> None:
    folder, cache = tmp_path / "source", tmp_path / "cache"
    write(folder, FORMULA)
    assert in_a_process(folder, cache).stdout.split() == ["17.0", "0", "1"]
    assert in_a_process(folder, cache).stdout.split() == ["17.0", "1", "0"]
    # a formula in ANOTHER file, then a global constant there: both compile anew
    write(folder, FORMULA.replace("+ 1", "+ 2"))
    assert in_a_process(folder, cache).stdout.split() == ["20.0", "0", "1"]
    write(folder, FORMULA.replace("SCALE = 3.0", "SCALE = 4.0"))
    assert in_a_process(folder, cache).stdout.split() == ["22.0", "0", "1"]
    # going back finds the first one again
    write(folder, FORMULA)
    assert in_a_process(folder, cache).stdout.split() == ["17.0", "1", "0"]
    assert len(list(cache.iterdir())) == 3


THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
sys.path.insert(0, sys.argv[1])
import kernel_of_test
from lra_ref.backends import cpu
made = [type(cpu.interpreted)(kernel_of_test.kernel.__code__, vars(kernel_of_test), f"kernel_{k}") for k in range(8)]
gate = Barrier(8)
def work(k):
    gate.wait()
    return cpu.compiled(made[k // 2], "float64(float64)")
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(work, range(8)))
print(*(f(2.0) for f in found), len(set(map(id, found))))
"""


def test_threads_that_compile_at_once_share_one_folder_and_one_result(tmp_path: Path) -> None:
    folder, cache, here = tmp_path / "source", tmp_path / "cache", tmp_path / "here"
    write(folder, FORMULA)
    here.mkdir()
    settings = {**os.environ, "LRA_REF_CACHE": str(cache)}
    call = [sys.executable, "-c", THREADS, str(folder)]
    done = subprocess.run(call, check=True, capture_output=True, text=True, env=settings, cwd=here)
    assert done.stdout.split() == ["17.0"] * 8 + ["4"]
    assert not list(here.iterdir()), "machine code outside the cache folder"


def test_an_unwritable_folder_is_said_once_and_works(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    write(folder, FORMULA)
    (tmp_path / "file").write_text("no folder")
    done = in_a_process(folder, tmp_path / "file" / "cache")
    assert done.stdout.split()[0] == "17.0"
    assert done.stderr.count("lra_ref: no compile cache (") == 1
    assert done.stderr.count("\n") == 1
    assert "every process compiles anew" in done.stderr


def test_interpreting_needs_no_compiler(tmp_path: Path) -> None:
    write(tmp_path, FORMULA)
    code = SCRIPT.replace("print(first(2.0)", "print('numba' in sys.modules, first is kernel, first(2.0)").split(", sum(")[0] + ")"
    settings = {**os.environ, "LRA_REF_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True, env=settings)
    assert done.stdout.split() == ["False", "True", "17.0"]


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cpu.cache_folder.__wrapped__
    monkeypatch.setenv("LRA_REF_CACHE", str(tmp_path / "mine"))
    assert folder() == tmp_path / "mine"
    monkeypatch.delenv("LRA_REF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert folder() == tmp_path / "xdg" / "lra_ref"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert folder() == tmp_path / "home" / ".cache" / "lra_ref"


def test_the_compilers_own_setting_is_put_back(tmp_path: Path) -> None:
    import numba

    before = numba.config.CACHE_DIR
    compiled(contractible, "float64(float64, float64)")
    assert before == numba.config.CACHE_DIR
