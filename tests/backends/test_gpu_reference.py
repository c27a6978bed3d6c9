"""Array in, array out: the references on arrays that are not NumPy's, and formulas under the array API standard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest

from lra_ref.arithmetic import hypotenuse, quotient
from lra_ref.directions.adam import adam_direction
from lra_ref.directions.norms import norm_root, norm_scale, unit
from lra_ref.engine.reference import Stepper
from lra_ref.formulas import average, clip, descend, read, square
from lra_ref.learners.formulas import ftrl, ogd, ratio
from lra_ref.methods import Method, make_method
from lra_ref.parts import Seen
from lra_ref.rates.gala import cancelled, curvature, secant, segment_point
from tests.backends.foreign import Foreign
from tests.backends.gpu_cases import methods

DIM, ONE, TWO = 30, (0, 30), (0, 5, 30)
#: long enough for a method that learns every few steps to do so
STEPS = 12
#: the forms and shapes of hdm that take a way of their own
VARIANTS: list[dict[str, Any]] = [
    {"shape": "scalar"},
    {"shape": "full", "dim": DIM},
    {"form": "lookahead", "L": 1.0},
    {"form": "heavy_ball"},
    {"form": "eg", "L": 1.0, "eta": 0.1, "delta": 1.0},
]


def points(method: Method, offsets: tuple[int, ...], kind: Callable[[Any], Any]) -> list[Any]:
    """The points of some steps on noise, in arrays of this kind."""
    rng, stepper = np.random.default_rng(0), Stepper(method, np.array(offsets))
    x = kind(rng.normal(size=(3, DIM)))
    state, made = stepper.init(x), []
    for t in range(STEPS):
        count = len(stepper.points(state)) if t > 0 or stepper.aims else 0
        q = tuple(kind(rng.normal(size=(3, DIM))) for _ in range(count))
        f, *fq = (kind(rng.uniform(1, 2, size=(3, 1))) for _ in range(count + 1))
        u = kind(rng.uniform(size=(3, 1)))
        seen = Seen(t=t, x=x, g=kind(rng.normal(size=(3, DIM))), f=f, offsets=np.array(offsets), q=q, fq=tuple(fq), u=u)
        aimed, d = stepper.aim(state, seen) if stepper.aims else (state, None)
        after, info = stepper.look(aimed, seen, d)
        state, x = stepper.move(after, seen, info)
        made.append(x)
    return made


def variants() -> list[Method]:
    """Configurations with arithmetic of their own."""
    return [make_method("hdm", **values) for values in VARIANTS]


@pytest.mark.parametrize("offsets", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize("method", [*methods(), *variants()], ids=lambda m: m.name)
def test_a_reference_on_foreign_arrays(method: Method, offsets: tuple[int, ...]) -> None:
    """The same bits, in arrays of the kind that was handed over, never converted behind one's back."""
    for ours, theirs in zip(points(method, offsets, Foreign), points(method, offsets, np.asarray), strict=True):
        assert isinstance(ours, Foreign)
        assert np.array_equal(ours.array, theirs, equal_nan=True)


def test_foreign_arrays_refuse_to_mix() -> None:
    with pytest.raises(TypeError, match="Unsupported type"):
        Foreign(np.ones(3)) + np.ones(3)
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(Foreign(np.ones(3)))


@pytest.mark.parametrize(
    ("formula", "count"),
    [
        (average, 4), (descend, 3), (square, 1), (clip, 3), (quotient, 2), (hypotenuse, 2), (adam_direction, 5), (unit, 3), (norm_root, 3),
        (ratio, 3), (ftrl, 7), (ogd, 5), (secant, 2), (curvature, 5), (segment_point, 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_formulas_keep_to_the_array_api(formula: Any, count: int, dtype: Any) -> None:
    """Read over the strict namespace of the standard: the same bits, or an error for anything beyond it."""
    rng = np.random.default_rng(2)
    values = [np.abs(rng.normal(size=50)).astype(dtype) for _ in range(count)]
    values[-1][:5] = 0
    with np.errstate(all="ignore"):
        ours = read(formula, strict)(*map(strict.asarray, values))
        theirs = formula(*values)
    if dtype is np.float64:
        assert ours.dtype == strict.float64
    assert np.array_equal(np.asarray(ours), theirs, equal_nan=True)


@pytest.mark.parametrize(("formula", "count"), [(norm_scale, 2), (cancelled, 4)])
def test_a_select_between_two_numbers_is_beyond_the_standard(formula: Any, count: int) -> None:
    """The standard has no ``where`` without an array among its branches; CuPy, like NumPy, has."""
    with pytest.raises(TypeError, match=r"Two scalars not allowed"):
        read(formula, strict)(*(strict.asarray([1.0, 2.0]) for _ in range(count)))


def test_what_is_beyond_the_standard_is_noticed() -> None:
    def beyond(a: Any) -> Any:
        return np.cbrt(a)

    with pytest.raises(AttributeError, match="cbrt"):
        read(beyond, strict)(strict.asarray([1.0]))
