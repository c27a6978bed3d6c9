"""Random words: published answers, the layout of keys, equal bits in every reading, independence, exact whole numbers."""

from __future__ import annotations

from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
from scipy import stats

from lra_ref.backends.cpu import compiled
from lra_ref.formulas import read
from lra_ref.oracles import philox
from lra_ref.oracles.philox import below, block, fraction, label, uniform, uniforms, words

ALL_ONES = 0xFFFFFFFF
#: Random123, kat_vectors, philox4x32 with 10 rounds: counter, key, answer
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
#: false-alarm level of every statistical test here; the seeds are fixed, so a test passes always or never
LEVEL = 1e-6


def lane(value: int) -> Any:
    return np.uint64(value)


def round_by_round(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Philox4x32-10 as the paper states it, in Python's unbounded integers."""
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (second >> 32) ^ b ^ k, second % 2**32, (first >> 32) ^ d ^ m, first % 2**32
        k, m = (k + 0x9E3779B9) % 2**32, (m + 0xBB67AE85) % 2**32
    return a, b, c, d


def write_words(seed: Any, trajectory: Any, step: Any, stream: Any, out: Any) -> None:
    key = label(np.uint64(seed), np.uint64(trajectory), np.uint64(step), np.uint64(stream))
    for i in range(out.size // 4):
        out[4 * i], out[4 * i + 1], out[4 * i + 2], out[4 * i + 3] = block(np.uint64(i), key)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]) -> None:
    assert tuple(int(w) for w in philox.philox(*map(lane, counter), *map(lane, key))) == answer
    arrays = philox.philox(*(np.full(3, v, dtype=np.uint64) for v in (*counter, *key)))
    assert [[int(w) for w in row] for row in np.transpose(arrays)] == [list(answer)] * 3
    assert round_by_round(counter, key) == answer


def test_layout_of_the_key() -> None:
    drawn = np.random.default_rng(0).integers(0, 2**64, (200, 5), dtype=np.uint64)
    for row in drawn.tolist():
        seed, trajectory, step, stream, index = (value % limit for value, limit in zip(row, philox.LIMITS.values(), strict=True))
        counter = (index, step % 2**32, trajectory, stream + 2**16 * (step >> 32))
        assert tuple(map(int, words(seed, trajectory, step, stream, index))) == round_by_round(counter, (seed % 2**32, seed >> 32))


@pytest.mark.parametrize("key", [(0, 0, 0, 0), (2**64 - 1, 2**32 - 1, 2**48 - 1, 2**16 - 1), (123456789012345, 7, 2**33 + 5, 3)])
def test_numpy_interpreted_and_compiled_words_are_equal(key: tuple[int, int, int, int]) -> None:
    reference = words(*key, np.arange(13)).reshape(-1)
    plain, fast = np.zeros(52, dtype=np.uint64), np.zeros(52, dtype=np.uint64)
    write_words(*key, plain)
    compiled(write_words, "void(uint64, int64, int64, int64, uint64[::1])")(np.uint64(key[0]), *key[1:], fast)
    np.testing.assert_array_equal(plain, reference)
    np.testing.assert_array_equal(fast, reference)


def strict_constant(value: Any) -> Any:
    """A constant of a formula as the strict namespace admits it: whole numbers as arrays, real ones as Python's."""
    if isinstance(value, np.uint64):
        return strict.asarray(int(value), dtype=strict.uint64)
    if isinstance(value, tuple):
        return tuple(strict_constant(v) for v in value)
    return float(value) if isinstance(value, np.float64) else value


def strict_reading(function: Any, substitutes: dict[Any, Any]) -> Any:
    """A formula over the strict array namespace, ``substitutes`` in the place of some of the functions that it calls."""
    done = dict(substitutes)
    result = read(function, strict, done)
    for original, copy in done.items():
        if original not in substitutes:
            copy.__globals__.update({name: strict_constant(value) for name, value in copy.__globals__.items()})
    return result


def test_words_in_the_strict_array_namespace() -> None:
    keys = np.random.default_rng(1).integers(0, 2**32, (6, 50), dtype=np.uint64)
    answers = strict_reading(philox.philox, {})(*(strict.asarray(row) for row in keys))
    for got, want in zip(answers, philox.philox(*keys), strict=True):
        np.testing.assert_array_equal(np.asarray(got), want)


def test_uniform_is_inside_the_open_interval_and_exact() -> None:
    assert fraction(lane(0), lane(0)) == 2.0**-53
    assert fraction(lane(ALL_ONES), lane(ALL_ONES)) == 1 - 2.0**-53
    assert fraction(lane(2**31), lane(0)) == 0.5 + 2.0**-53
    kernel = compiled(uniform, "float64(uint64, int64, int64, int64)")
    for key in [(0, 0, 0, 2), (2**64 - 1, 5, 2**40, 2), (17, 2**32 - 1, 3, 2)]:
        assert kernel(np.uint64(key[0]), *key[1:]) == uniform(*key) == uniforms(*key, 1)[0] == uniforms(*key, 6)[0]


def test_uniforms_are_uniform() -> None:
    u = uniforms(2024, np.arange(64), 3, 1, 4097)
    assert u.shape == (64, 4097)
    assert stats.kstest(u.ravel(), "uniform").pvalue > LEVEL
    np.testing.assert_array_equal(u[5], uniforms(2024, 5, 3, 1, 4097))


def test_bytes_of_the_words_are_uniform() -> None:
    w = words(7, np.arange(32)[:, None], 0, 0, np.arange(2048))
    for shift in (0, 8, 16, 24):
        counts = np.bincount(((w >> np.uint64(shift)) & np.uint64(255)).ravel().astype(int), minlength=256)
        assert stats.chisquare(counts).pvalue > LEVEL


def test_different_keys_give_different_words() -> None:
    near = [0, 1, 2, 2**16, 2**31]
    keys = [(s, j, t, m) for s in [*near, 2**32, 2**63] for j in near for t in [*near, 2**32, 2**47] for m in (0, 1, 2, 2**15)]
    drawn = words(*np.array(keys, dtype=np.uint64).T, 0)
    assert len({tuple(row) for row in drawn.tolist()}) == len(keys)


@pytest.mark.parametrize("change", ["seed", "high seed", "trajectory", "step", "high step", "stream", "next block"])
def test_neighbouring_keys_are_uncorrelated(change: str) -> None:
    # the correlation of N independent pairs times sqrt(N) is standard normal up to O(1/N); the variance of a uniform number is 1/12
    n = 2**17
    base = {"seed": 5, "trajectory": 9, "step": 1000, "stream": 0}
    moved = dict(base)
    if change != "next block":
        name = change.split()[-1]
        moved[name] += 2**32 if change.startswith("high") else 1
    u, v = uniforms(**base, size=n + 2)[:n], uniforms(**moved, size=n + 2)[-n:] if change == "next block" else uniforms(**moved, size=n)
    score = 12 * np.sum((u - 0.5) * (v - 0.5)) / np.sqrt(n)
    assert abs(score) < stats.norm.isf(LEVEL / 2)


def test_whole_numbers_are_exact() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 3, 10, 569, 2**31, 2**32 - 1):
        pairs = np.vstack([rng.integers(0, 2**32, (200, 2), dtype=np.uint64), [[0, 0], [ALL_ONES] * 2, [0, ALL_ONES], [ALL_ONES, 0]]])
        got = below(lane(n), pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.uint64))
        assert [int(v) for v in got] == [n * (int(a) * 2**32 + int(b)) >> 64 for a, b in pairs]
        assert got.max() == n - 1
        assert got.min() == 0


@pytest.mark.parametrize("name", ["seed", "trajectory", "step", "stream"])
@pytest.mark.parametrize("wrong", [-1, 0.5, np.nan, 1e300, "one", None, True, [], 2**64, [3, -2]])
def test_keys_out_of_range_are_refused(name: str, wrong: Any) -> None:
    key = {"seed": 0, "trajectory": 0, "step": 0, "stream": 0, name: wrong}
    with pytest.raises(ValueError, match=rf"^{name} must be a whole number in \[0, 2\^\d+\), got "):
        uniforms(**key, size=3)


@pytest.mark.parametrize("name", ["seed", "trajectory", "step", "stream"])
def test_the_ends_of_the_ranges(name: str) -> None:
    limit = philox.LIMITS[name]
    key = {"seed": 0, "trajectory": 0, "step": 0, "stream": 0}
    assert uniforms(**{**key, name: limit - 1}, size=1).shape == (1,)
    with pytest.raises(ValueError, match=name):
        uniforms(**{**key, name: limit}, size=1)
