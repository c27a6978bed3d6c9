"""Normals and Student t: accuracy against 50 digits, equal bits in every reading, laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import mpmath
import numpy as np
import pytest
from scipy import stats

from lra_ref.backends.cpu import compiled
from lra_ref.formulas import bits_of, float_of
from lra_ref.oracles import variates
from lra_ref.oracles.philox import real
from lra_ref.oracles.variates import box_muller, exp_minus_one, fill_normals, fill_student, minus_log, normals, student_t, students
from tests.oracles.test_philox import ALL_ONES, LEVEL, strict_reading

FILL_NORMALS = "void(uint64, int64, int64, int64, float64[::1])"
FILL_STUDENT = "void(uint64, int64, int64, int64, float64, float64[::1])"
KEYS = [(0, 0, 0, 0), (2**64 - 1, 2**32 - 1, 2**48 - 1, 2**16 - 1), (11, 7, 2**33 + 5, 3)]
#: words at which something could go wrong: ends, powers of two, quarter and eighth turns, with their neighbours
CENTRES = [*(2**k for k in range(33)), *(k * 2**29 for k in range(8)), round(2**31.5)]
EDGES = sorted({(centre + off) % 2**32 for centre in CENTRES for off in range(-3, 3)})
#: the worst words that a search over 2e7 of each kind found, with the formulas as they are (2.86 ulp) and with pi/2 in one part only (3.11)
WORST = [
    (2470352370, 2687183854), (2473956283, 1614745776), (2445381551, 2687183854), (2507168189, 1609744111),
    (2470352370, 539382865), (2458295519, 2678008014), (2450343486, 539974606), (2445381551, 2682157776), (2474091601, 2686963972),
]  # fmt: skip


def interpolant(f: Callable[[Any], Any], low: Any, high: Any, count: int) -> list[float]:
    """Coefficients, lowest power first, of the polynomial through f at the Chebyshev points of [low, high]."""
    points = [(low + high) / 2 + (high - low) / 2 * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    matrix = mpmath.matrix([[x**j for j in range(count)] for x in points])
    return [float(c) for c in mpmath.lu_solve(matrix, mpmath.matrix([f(x) for x in points]))]


def artanh_rest(z: Any) -> Any:
    s = mpmath.sqrt(z)
    return (mpmath.log((1 + s) / (1 - s)) - 2 * s) / s**3


def test_coefficients_are_the_chebyshev_interpolants() -> None:
    with mpmath.workdps(60):
        quarter, root = mpmath.pi / 2, mpmath.sqrt(2)
        zero, turn, half_log = mpmath.mpf(0), mpmath.mpf(1) / 4, mpmath.log(2) / 2
        tables = [
            (variates.LOG, artanh_rest, zero, ((root - 1) / (root + 1)) ** 2),
            (variates.SIN, lambda y: (mpmath.sin(quarter * mpmath.sqrt(y)) / mpmath.sqrt(y) - quarter) / y, zero, turn),
            (variates.COS, lambda y: (mpmath.cos(quarter * mpmath.sqrt(y)) - 1) / y, zero, turn),
            (variates.EXP, lambda r: (mpmath.expm1(r) - r) / r**2, -half_log, half_log),
        ]
        for table, f, low, high in tables:
            # rounded once from 60 digits; the interval's ends were written with fewer digits, which may move a last bit
            np.testing.assert_array_max_ulp(np.array(table), np.array(interpolant(f, low, high, len(table))), maxulp=8)
        assert float(quarter) == variates.QUARTER_HIGH
        assert float(quarter - mpmath.mpf(float(quarter))) == variates.QUARTER_LOW
        assert float(mpmath.log(2) - mpmath.mpf(float(variates.LN2_HIGH))) == variates.LN2_LOW
    assert float(variates.LN2_HIGH) * 2**40 == int(float(variates.LN2_HIGH) * 2**40)


def ulps(value: Any, truth: Any) -> float:
    """Distance in units of the spacing of float64 at the true value."""
    return float(abs(mpmath.mpf(float(value)) - truth) / mpmath.mpf(float(np.spacing(abs(float(truth))))))


def pairs() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(0)
    edges = np.array(EDGES, dtype=np.uint64)
    drawn = rng.integers(0, 2**32, (2000, 2), dtype=np.uint64)
    near_one = np.column_stack([ALL_ONES - rng.integers(0, 2 ** rng.integers(1, 32, 400)), rng.integers(0, 2**32, 400)])
    near_zero = np.column_stack([rng.integers(0, 2**32, 400), (rng.integers(0, 4, 400) * 2**30 + rng.integers(-50, 50, 400)) % 2**32])
    mixed = [np.column_stack([edges, rng.permutation(edges)]) for _ in range(4)]
    return np.vstack([drawn, near_one.astype(np.uint64), near_zero.astype(np.uint64), *mixed, np.array(WORST, dtype=np.uint64)])


def test_normals_are_box_muller_within_three_ulp() -> None:
    words = pairs()
    first, second = box_muller(words[:, 0], words[:, 1])
    worst = 0.0
    with mpmath.workdps(50):
        for (a, b), z0, z1 in zip(words.tolist(), first, second, strict=True):
            radius = mpmath.sqrt(-2 * mpmath.log((a + mpmath.mpf(0.5)) / 2**32))
            angle = 2 * (b + mpmath.mpf(0.5)) / 2**32
            worst = max(worst, ulps(z0, radius * mpmath.cospi(angle)), ulps(z1, radius * mpmath.sinpi(angle)))
    # half an ulp each for the root and the product, half of one for the logarithm, about one for the turn, and up to twice that
    # where the factors lie high and the product low between powers of two
    assert worst <= 3


def test_logarithm_is_within_one_ulp() -> None:
    u = np.concatenate([(pairs()[:, 0] + 0.5) / 2.0**32, 2.0 ** -np.arange(1, 1000.0), 1 - 2.0 ** -np.arange(1, 54.0)])
    with mpmath.workdps(50):
        assert max(ulps(value, -mpmath.log(mpmath.mpf(float(x)))) for value, x in zip(minus_log(u), u, strict=True)) <= 1
    assert minus_log(np.float64(1)) == 0


def test_exponential_is_within_the_error_of_its_argument() -> None:
    a = np.concatenate([2.0 ** -np.arange(0, 1000.0, 7), np.random.default_rng(2).uniform(0, 350, 2000), np.arange(1, 500) * np.log(2) / 2])
    with mpmath.workdps(50):
        for value, x in zip(exp_minus_one(a), a, strict=True):
            # half an ulp for each of the last two sums, doubled where the result lies a power of two lower; the rest is small against them
            assert ulps(value, mpmath.expm1(mpmath.mpf(float(x)))) <= 3
    assert exp_minus_one(np.float64(0)) == 0


@pytest.mark.parametrize("df", [variates.LEAST_DF, 1.0, 2.1, 3.0, 50.0, 1e9])
def test_student_is_baileys_formula(df: float) -> None:
    words = np.column_stack([pairs(), pairs()[::-1]])[::7]
    t = student_t(words[:, 0], words[:, 1], words[:, 2], np.float64(df))
    assert np.all(np.isfinite(t))
    with mpmath.workdps(50):
        for (a, b, c, _), value in zip(words.tolist(), t, strict=True):
            u = mpmath.mpf(float((np.float64((a << 30) | (b >> 2)) + 0.5) * 2.0**-62))
            exponent = -2 / mpmath.mpf(df) * mpmath.log(u)
            truth = mpmath.sqrt(df * mpmath.expm1(exponent)) * mpmath.cospi(2 * (c + mpmath.mpf(0.5)) / 2**32)
            # relative error, in roundings of 2^-53: exponent 4 (amplified by max(1, exponent), halved by the root), exp - 1: 6, halved;
            # df times, root, turn, product: 6
            assert abs(value - truth) <= (2 * max(1, exponent) + 3 + 6) * mpmath.mpf(2) ** -53 * abs(truth)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 31, 1000])
def test_numpy_interpreted_and_compiled_normals_are_equal(key: tuple[int, int, int, int], size: int) -> None:
    reference = normals(*key, size)
    fast, plain = np.zeros(size), np.zeros(min(size, 40))
    compiled(fill_normals, FILL_NORMALS)(np.uint64(key[0]), *key[1:], fast)
    fill_normals(*key, plain)
    assert fast.tobytes() == reference.tobytes()
    assert plain.tobytes() == reference[: plain.size].tobytes()
    assert normals(*key, 1001)[:size].tobytes() == reference.tobytes()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("df", [variates.LEAST_DF, 2.5, 30.0])
def test_numpy_interpreted_and_compiled_students_are_equal(key: tuple[int, int, int, int], df: float) -> None:
    reference = students(*key, df, 301)
    fast, plain = np.zeros(301), np.zeros(20)
    compiled(fill_student, FILL_STUDENT)(np.uint64(key[0]), *key[1:], df, fast)
    fill_student(*key, np.float64(df), plain)
    assert fast.tobytes() == reference.tobytes()
    assert plain.tobytes() == reference[:20].tobytes()


def test_compiled_and_numpy_normals_are_equal_at_a_million_words() -> None:
    fast = np.zeros(2**20 + 3)
    compiled(fill_normals, FILL_NORMALS)(np.uint64(99), 1, 2, 3, fast)
    assert fast.tobytes() == normals(99, 1, 2, 3, fast.size).tobytes()


def test_normals_in_the_strict_array_namespace() -> None:
    """The standard has no reinterpretation of bits and no mixing of whole and real numbers: those three conversions are handed in."""
    conversions = {
        real: lambda word: strict.astype(word, strict.float64),
        bits_of: lambda x: strict.asarray(np.asarray(x).view(np.uint64)),
        float_of: lambda bits: strict.asarray(np.asarray(bits).view(np.float64)),
    }
    words = pairs()
    answers = strict_reading(box_muller, conversions)(*(strict.asarray(np.ascontiguousarray(column)) for column in words.T))
    for got, want in zip(answers, box_muller(words[:, 0], words[:, 1]), strict=True):
        assert np.asarray(got).tobytes() == want.tobytes()


def test_batches_of_trajectories_hold_the_single_ones() -> None:
    together = normals(np.array([[3], [4]]), np.arange(5), 17, 1, 9)
    assert together.shape == (2, 5, 9)
    for i, seed in enumerate((3, 4)):
        for j in range(5):
            assert together[i, j].tobytes() == normals(seed, j, 17, 1, 9).tobytes()


def test_the_largest_normal() -> None:
    corners = box_muller(np.zeros(2, dtype=np.uint64), np.array([0, 2**30], dtype=np.uint64))
    largest = np.sqrt(66 * np.log(2))
    # ln 2, the product and the root of the bound are rounded, too: 3 ulp of the normal and 1 of the bound
    np.testing.assert_array_max_ulp(np.max(np.abs(corners), axis=1), np.full(2, largest), maxulp=4)


def test_moments_and_law_of_the_normals() -> None:
    z = normals(1, np.arange(256), 0, 0, 4096)
    n = z.size
    # mean, variance, skewness, kurtosis: variances 1, 2, 6, 24 over n (moments about the known mean 0 and variance 1: 1, 2, 15, 96)
    scores = [np.mean(z**k - moment) / np.sqrt(v / n) for k, moment, v in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]]
    assert np.max(np.abs(scores)) < stats.norm.isf(LEVEL / 8)
    assert stats.kstest(z.ravel(), "norm").pvalue > LEVEL
    # neighbours, and their squares (the two numbers of one radius), are uncorrelated: products have variance 1 and 4
    for lag in (1, 2, 3, 4):
        products = z[:, lag:] * z[:, :-lag], (z[:, lag:] ** 2 - 1) * (z[:, :-lag] ** 2 - 1) / 2
        assert all(abs(np.sum(p) / np.sqrt(p.size)) < stats.norm.isf(LEVEL / 2) for p in products)


@pytest.mark.parametrize("df", [variates.LEAST_DF, 1.0, 2.5, 30.0])
def test_law_of_student(df: float) -> None:
    t = students(5, np.arange(64), 0, 0, df, 1024)
    assert stats.kstest(t.ravel(), stats.t(df).cdf).pvalue > LEVEL


def test_variance_of_student() -> None:
    # df = 9: variance 9/7, fourth moment 3 df^2 / ((df - 2)(df - 4)), so the variance of t^2 is known
    t = students(6, np.arange(64), 0, 0, 9.0, 4096)
    square = 9 / 7
    spread = 3 * 81 / 35 - square**2
    assert abs(np.mean(t * t) - square) < stats.norm.isf(LEVEL / 2) * np.sqrt(spread / t.size)


def test_wrong_sizes_and_degrees_of_freedom_are_refused() -> None:
    for wrong in (-1, 2.0, None, True):
        with pytest.raises(ValueError, match=r"^size must be a whole number of at least 0, got "):
            normals(0, 0, 0, 0, wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^size must be a whole number"):
            students(0, 0, 0, 0, 3.0, wrong)  # type: ignore[arg-type]
    for df in (0.0, -1.0, np.nan, 0.2):
        with pytest.raises(ValueError, match=r"^df must be at least 0\.25, got "):
            students(0, 0, 0, 0, df, 3)
    assert normals(0, 0, 0, 0, 0).shape == (0,)
