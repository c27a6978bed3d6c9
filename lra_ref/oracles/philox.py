"""Counter-based random words: Philox4x32-10, written once for arrays and for compiled loops.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11 (published).  A block of
four 32-bit words is a pure function of a counter (four words) and a key (two words).  Nothing is carried from draw to draw,
so any sample can be drawn again, in any order, on any machine:

    counter = (block index, low 32 bits of the step, trajectory, stream + 2^16 * high 16 bits of the step)
    key     = (low half of the seed, high half of the seed)

Hence seed in [0, 2^64), trajectory in [0, 2^32), step in [0, 2^48), stream in [0, 2^16), and 2^32 blocks per sample.

A 32-bit word lives in a 64-bit unsigned lane: the product of two words fits, and no operation below ever wraps around, so NumPy
arrays and scalars, CuPy arrays and compiled scalars give the same bits without a warning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.checks import as_array, whole
from lra_ref.parameters import shown
from lra_ref.typing import Array

#: streams of one step: its own sample, an independent sample, the uniform number of a rate, random starting points, orders of epochs
PRESENT, FRESH, RANDOM, START, EPOCH = 0, 1, 2, 3, 4

MASK = np.uint64(0xFFFFFFFF)
HALF_LANE = np.uint64(32)
STREAM_BITS = np.uint64(16)
MULTIPLIER_0, MULTIPLIER_2 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
ZERO, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)
DROPPED = np.uint64(12)
UNIT = np.float64(1)
HALF = np.float64(0.5)
WORD = np.float64(2.0**32)
SPACING = np.float64(2.0**-52)

#: exclusive upper ends of what a key and a block's index are made of
LIMITS = {"seed": 2**64, "trajectory": 2**32, "step": 2**48, "stream": 2**16, "index": 2**32}


def real(word: Any) -> Any:
    """A whole number as a float64: exactly below 2^53, else rounded to nearest."""
    return word * UNIT


def mix(c: Any, k0: Any, k1: Any) -> Any:
    """One of the ten rounds, on a counter of four words."""
    first, second = MULTIPLIER_0 * c[0], MULTIPLIER_2 * c[2]
    return (second >> HALF_LANE) ^ c[1] ^ k0, second & MASK, (first >> HALF_LANE) ^ c[3] ^ k1, first & MASK


def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """The block of four words for a counter and a key, all 32-bit words in 64-bit lanes."""
    c = mix((c0, c1, c2, c3), k0, k1)
    for _ in range(9):
        k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
        c = mix(c, k0, k1)
    return c


def label(seed: Any, trajectory: Any, step: Any, stream: Any) -> Any:
    """What the key (seed, trajectory, step, stream), in 64-bit lanes, fixes of counter and key: ``(c1, c2, c3, k0, k1)``."""
    high = (step >> HALF_LANE) << STREAM_BITS
    return step & MASK, trajectory, stream | high, seed & MASK, seed >> HALF_LANE


def block(index: Any, key: Any) -> Any:
    """Four words: block ``index`` of the sample with this :func:`label`."""
    return philox(index, key[0], key[1], key[2], key[3], key[4])


def fraction(a: Any, b: Any) -> Any:
    """Uniform number ``(k + 1/2) / 2^52``, k the top 52 bits of the two words: never 0, never 1, exact."""
    return (real((a << (HALF_LANE - DROPPED)) | (b >> DROPPED)) + HALF) * SPACING


def below(n: Any, a: Any, b: Any) -> Any:
    """Whole number in ``[0, n)``: ``floor(n w / 2^64)`` for the 64-bit number w of the two words, 1 <= n < 2^32.

    Each value has probability within ``2^-64`` of ``1/n`` (Lemire's multiplication, without the rejection that would remove this
    last relative bias of ``n / 2^64``).
    """
    return (n * a + ((n * b) >> HALF_LANE)) >> HALF_LANE


def uniform(seed: Any, trajectory: Any, step: Any, stream: Any) -> Any:
    """The first uniform number of a sample (kernel); bit for bit ``uniforms(seed, trajectory, step, stream, 1)[0]``."""
    key = label(np.uint64(seed), np.uint64(trajectory), np.uint64(step), np.uint64(stream))
    a, b, _, _ = block(ZERO, key)
    return fraction(a, b)


def lanes(name: str, value: Any) -> Array:
    """Whole numbers in ``[0, LIMITS[name])`` as an unsigned 64-bit array; anything else is refused by name."""
    limit = LIMITS[name]
    array = as_array(name, value)
    good = array.dtype.kind in "iu" and array.size > 0
    if not good or int(array.min()) < 0 or int(array.max()) >= limit:
        power = limit.bit_length() - 1
        raise ValueError(f"{name} must be a whole number in [0, 2^{power}), got {shown(value)}")
    return array.astype(np.uint64)


def labels(seed: Any, trajectory: Any, step: Any, stream: Any) -> Any:
    """:func:`label` of checked arguments, each a whole number or an array; they broadcast to a common shape, with one axis added."""
    values = {"seed": seed, "trajectory": trajectory, "step": step, "stream": stream}
    arrays = np.broadcast_arrays(*(lanes(name, value) for name, value in values.items()))
    return label(*(array[..., None] for array in arrays))


def flat(parts: tuple[Array, ...], size: int) -> Array:
    """Numbers that come several to a block, ``parts[k][..., j]``, in the order of the sample, the first ``size`` of them."""
    together = np.stack(parts, axis=-1)
    return np.ascontiguousarray(together.reshape(*together.shape[:-2], -1)[..., :size])


def words(seed: Any, trajectory: Any, step: Any, stream: Any, index: Any) -> Array:
    """Block ``index`` of a sample: 32-bit words in uint64, shape ``(..., 4)``, for arguments that broadcast to ``(...)``.

    Raises ``ValueError`` if one of them is no whole number or out of its range.
    """
    key = labels(seed, trajectory, step, stream)
    number = lanes("index", index)[..., None]
    return np.stack(np.broadcast_arrays(*block(number, key)), axis=-1)[..., 0, :]


def uniforms(seed: Any, trajectory: Any, step: Any, stream: Any, size: int) -> Array:
    """Independent uniform numbers in (0, 1), shape ``(..., size)``, for keys that broadcast to ``(...)``."""
    a, b, c, d = block(np.arange((whole("size", size) + 1) // 2, dtype=np.uint64), labels(seed, trajectory, step, stream))
    return flat((fraction(a, b), fraction(c, d)), size)
