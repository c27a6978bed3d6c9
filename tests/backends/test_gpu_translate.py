"""Kernels as C++: what the subset means, what is refused, and every registered kernel bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.arithmetic import exponential
from lra_ref.backends.cpu import compiled, reached
from lra_ref.backends.cuda.translate import Program
from lra_ref.backends.cuda.types import BOOL, F32, F64, I64, U64, Array, Untranslatable, literal, of_value, unify
from lra_ref.directions.norms import add_squares
from lra_ref.engine.loop import ELEMENT
from lra_ref.formulas import bits_of, float_of, where
from tests.backends.gpu_cases import (
    ELEMENTS,
    SCALAR,
    SCALARS,
    Callable_,
    compile_with_nvcc,
    copies,
    element_arguments,
    element_kinds,
    kernels,
    needs_cxx,
    needs_nvcc,
    same,
)  # fmt: skip

V = Array(F64, 1)
TABLE = ((np.float64(4.0), 3), (np.float64(2.0), 5))
SWITCH = False


# --- what the subset means -------------------------------------------------------------------------------------------------------
def whole_numbers(a: Any, b: Any) -> Any:
    return 1000 * (a // b) + a % b


def real_numbers(a: Any, b: Any) -> Any:
    return 1000 * (a // b) + a % b


def extremes(a: Any, b: Any) -> Any:
    return np.maximum(a, b) + 3 * np.minimum(a, b) + 7 * np.sign(a) + 11 * abs(b)


def counted_truths(a: Any, b: Any) -> Any:
    truths = (a > 0) + (b > 0)
    return truths - (a == b) + 10 * min(a, b, 3) + 100 * max(float(a), b)


def exchange(x: Any) -> Any:
    x[0], x[1] = x[1], x[0]
    a, b = x[0], x[-1]
    a, b = b, a
    return a - 2 * b


def unrolled(a: Any) -> Any:
    total = 0.0
    for factor, n in TABLE:
        total = total * factor + n * a
    return total + TABLE[1][0]


def control(x: Any) -> Any:
    total, i = 0.0, 0
    while True:
        i += 1
        if i > x.size:
            break
        if x[i - 1] < 0 or not (x[i - 1] == x[i - 1]):
            continue
        total += x[i - 1] if i % 2 == 0 else 2 * x[i - 1]
    for k in range(x.size - 1, 0, -2):
        total -= x[k]
    if SWITCH:
        return x
    return total


def counted(x: Any) -> Any:
    scratch = np.zeros((2, x.size))
    for i in range(x.size):
        scratch[1, i] = x[i]
    view = scratch[1, 1:]
    view[:2] = x[1:3]
    rows, columns = scratch.shape
    return view[0] + rows * columns + scratch.size


def selected(a: Any, b: Any) -> Any:
    return float_of(bits_of(where(a > 0, 1, b)) ^ bits_of(b)) + where((a > 0) & (b > 0), a, 2)


CASES: list[tuple[Any, tuple[Any, ...], list[tuple[Any, ...]]]] = [
    (whole_numbers, (I64, I64), [(a, b) for a in (-7, -6, 0, 6, 7) for b in (-3, 3, 2)]),
    (real_numbers, (F64, F64), [(a, b) for a in (-7.0, -6.0, 0.0, 6.5, 1e300) for b in (-3.0, 3.0, 0.5)]),
    (extremes, (F64, F64), [(a, b) for a in (-1.5, 0.0, 2.0, np.nan) for b in (-np.inf, 1.0, np.nan)]),
    (counted_truths, (I64, I64), [(a, b) for a in (-1, 2, 7) for b in (-2, 2, 5)]),
    (unrolled, (F64,), [(1.5,), (-0.1,)]),
    (selected, (F64, F64), [(a, b) for a in (-1.0, 0.0, 3.0) for b in (0.5, 2.0, -1.0)]),
    (exponential, (F64,), [(a,) for a in (-800.0, -745.0, -1.1, 0.0, 0.3, 709.7, 711.0, np.nan)]),
    (exchange, (V,), [(np.array([1.0, 2.0, 3.0]),)]),
    (control, (V,), [(np.array([1.0, -2.0, 3.0, np.nan, 5.5]),)]),
    (counted, (V,), [(np.array([1.0, -2.0, 3.0, 0.25]),)]),
]


@needs_cxx
def test_what_the_subset_means() -> None:
    made = Callable_([(function, kinds) for function, kinds, _ in CASES])
    for function, kinds, rows in CASES:
        for row in rows:
            with np.errstate(all="ignore"):
                expected = function(*(np.float64(a) if isinstance(a, float) else a.copy() if isinstance(a, np.ndarray) else a for a in row))
            assert same((made(function, kinds, copies(row)),), (expected,)), (function.__name__, row)


@needs_cxx
def test_products_are_rounded_before_they_are_added() -> None:
    def contractible(x: Any, y: Any) -> Any:
        return x * y - 1

    assert Callable_([(contractible, (F64, F64))])(contractible, (F64, F64), (1 + 2.0**-30, 1 - 2.0**-30)) == 0.0


def test_types_mix_as_in_compiled_kernels() -> None:
    assert unify(I64, F32) is F64
    assert unify(F32, F64) is F64
    assert unify(BOOL, F32) is F32
    assert unify(BOOL, I64) is I64
    with pytest.raises(Untranslatable, match="do not mix"):
        unify(I64, U64)
    with pytest.raises(Untranslatable, match="do not mix"):
        unify(V, F64)


def test_constants_keep_every_bit() -> None:
    for value in (0.1, -1e-310, 2.0**-1074, 1.7976931348623157e308, -0.0):
        text = literal(np.float64(value)).strip("()")
        assert float(text).hex() == float(value).hex()
    assert literal(np.uint64(2**64 - 1)) == "18446744073709551615ull"
    assert literal(np.float64("-inf")) == "double(-INFINITY)"
    assert of_value((1, 2.0)).c == "T_id_"


# --- what is refused, by function and line ------------------------------------------------------------------------------------------
def unknown_function(x: Any) -> Any:
    return np.cumsum(x)


def unknown_statement(x: Any) -> Any:
    with x:
        return 1


def strided(x: Any) -> Any:
    return x[::2]


def changed_counter(x: Any) -> Any:
    for i in range(3):
        i += 1
    return x


def early(x: Any) -> Any:
    y = z + x  # type: ignore[used-before-def]  # noqa: F821
    z = 1
    return y + z


def endless(x: Any) -> Any:
    return endless(x)


def two_types(x: Any) -> Any:
    y = x
    y = 1
    return y


def test_what_has_no_text_is_refused() -> None:
    scope: dict[str, Any] = {}
    exec("def typed_in(x):\n    return x\n", scope)
    with pytest.raises(Untranslatable, match=r"^typed_in has no source text to translate$"):
        Program().add(scope["typed_in"], (V,))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (unknown_function, "np.cumsum"),
        (unknown_statement, "a statement of kind With"),
        (strided, "a slice that is not the last index, or has a step"),
        (changed_counter, "the counter i of a loop is changed"),
        (early, "z is read before it is assigned"),
        (endless, "endless calls itself"),
        (two_types, "do not mix"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_place(function: Any, message: str) -> None:
    with pytest.raises(Untranslatable, match=message) as caught:
        Program().add(function, (V,))
    assert f"{function.__name__}" in str(caught.value)
    line = function.__code__.co_firstlineno
    assert any(f"in line {k}" in str(caught.value) for k in range(line, line + 4))


# --- every registered kernel ---------------------------------------------------------------------------------------------------------
@needs_cxx
def test_every_element_kernel_in_float64() -> None:
    kinds = element_kinds(np.float64)
    found = kernels(ELEMENTS)
    made = Callable_([(kernel, kinds) for kernel, _ in found])
    assert made.program.library == set()
    for kernel, part in found:
        for seed in range(3):
            arguments = element_arguments(part, np.float64, seed)
            ours, theirs = copies(arguments), copies(arguments)
            with np.errstate(all="ignore"):
                kernel(*theirs)
            made(kernel, kinds, ours)
            assert same(ours, theirs), (part, kernel.__name__, seed)
            assert any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(theirs[4:], arguments[4:], strict=True)), kernel


@needs_cxx
def test_every_scalar_kernel() -> None:
    found = kernels(SCALARS)
    made = Callable_([(kernel, SCALAR) for kernel, _ in found])
    assert made.program.library == set()
    for kernel, part in found:
        rng = np.random.default_rng(1)
        for t in (0, 1, 2, 7):
            columns = len(getattr(part, "columns", part.scalars)) or 1
            scal = rng.uniform(0.5, 2, size=(2, columns))
            scal[:, 0] = 0 if hasattr(part, "columns") else scal[:, 0]
            arrays = (
                rng.uniform(0.5, 2, 2 + len(getattr(part, "points", ())) + 1),
                rng.uniform(0.5, 2, (2, part.sums + len(part.late) + 1)),
            )
            arguments = (0, 2, t, *arrays, scal, np.array([*part.hyper(), 0.0]), rng.uniform(0.5, 2, (2, max(part.coefficients, 1))))
            ours, theirs = copies(arguments), copies(arguments)
            with np.errstate(all="ignore"):
                expected = kernel(*theirs)
            answer = made(kernel, SCALAR, ours)
            assert same((*ours, answer), (*theirs, expected)), (part, kernel.__name__, t)


@needs_cxx
@pytest.mark.slow
def test_every_element_kernel_in_float32() -> None:
    """Against the compiled kernels, whose promotion rules the translation follows."""
    kinds = element_kinds(np.float32)
    found = kernels(ELEMENTS)
    made = Callable_([(kernel, kinds) for kernel, _ in found])
    for kernel, part in found:
        # the sums stay float64
        signature = "float64".join(ELEMENT.replace("float64", "float32").rsplit("float32", 1))
        compiled_kernel = compiled(kernel, signature)
        for seed in range(3):
            arguments = element_arguments(part, np.float32, seed)
            if add_squares in reached(kernel):
                # the CPU does not look up the class of a float32, which only an infinite one has another of
                arguments = tuple(np.where(np.isinf(a), a.dtype.type(3), a) if isinstance(a, np.ndarray) else a for a in arguments)
            ours, theirs = copies(arguments), copies(arguments)
            compiled_kernel(*theirs)
            made(kernel, kinds, ours)
            assert same(ours, theirs), (part, kernel.__name__, seed)


@needs_nvcc
def test_nvcc_takes_every_kernel_and_contracts_nothing(tmp_path: Path) -> None:
    """Every registered kernel in one program, called by one kernel of the device, so that code is made for it."""
    program, lines = Program(), []
    for which, kinds, text in (
        (ELEMENTS, element_kinds(np.float64), "0, lo, lo + 1, lo, X, X, X, Q, Q, Q, Q"),
        (ELEMENTS, element_kinds(np.float32), "0, lo, lo + 1, lo, X32, X32, X32, Q32, Q32, Q32, Q"),
        (SCALARS, SCALAR, "0, 1, lo, X, Q, Q, X, Q"),
    ):
        for kernel, _ in kernels(which):
            name, _, allocates = program.add(kernel, kinds)
            lines.append(f"{name}({'work, ' if allocates else ''}{text});")
    views = "const A1<double> X{x, n}; const A2<double> Q{x, n, n}; const A1<float> X32{y, n}; const A2<float> Q32{y, n, n};"
    body = f"const i64 lo = threadIdx.x; {views} Work work{{x, x, x + n, short_}};\n" + "\n".join(lines)
    source = program.source() + f'extern "C" __global__ void all(double *x, float *y, i64 n, i64 *short_) {{ {body} }}'
    ptx = compile_with_nvcc(source, tmp_path)
    assert "mul.rn.f64" in ptx
    assert "fma." not in ptx


@needs_nvcc
def test_a_contraction_would_be_seen(tmp_path: Path) -> None:
    source = Program().source() + 'extern "C" __global__ void k(double *x) { x[0] = x[1] * x[2] + x[3]; }'
    assert "fma." not in compile_with_nvcc(source, tmp_path)
    assert "fma." in compile_with_nvcc(source, tmp_path, "-fmad=true")
