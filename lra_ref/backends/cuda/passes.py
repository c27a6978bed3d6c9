"""The passes over one long vector as kernels of a device: a CUDA block per chunk of 4096 elements, a thread per lane of the sums.

Thread k of a block takes the elements k, k + 128, ... of its chunk, adds its summands one after the other, and the 128 lanes are added by
halving: the order of ``backends/sums.py``, so the sums have the bits of the CPU for any device. The parts' element kernels are called
for one element at a time and end up inside the pass; a direction that need not be stored stays in a register. What a pass computes is
the same as in ``engine/vector_step.py``:

    finite   whether an entry of the gradient is not finite
    gather   summands of the direction
    terms    summands of the rate, after the direction where it is stored
    move     the direction where it is not stored, and the move
    collect  the sums of the chunks, in order, block of the vector by block
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from lra_ref.backends.cuda.translate import Program, entry
from lra_ref.backends.cuda.types import I64, REALS, Array
from lra_ref.backends.sums import CHUNK, LANES
from lra_ref.parts import Direction, Rate

#: threads of a CUDA block
THREADS = LANES

PARAMETERS = (
    "const i64 *chunks", "const i64 n", "T *x", "T *g", "T *d", "T *q", "const i64 points",
    "T *d_vec", "const i64 d_rows", "T *d_coef", "const i64 d_columns",
    "T *r_vec", "const i64 r_rows", "T *r_coef", "const i64 r_columns",
    "const i64 segments", "double *parts", "const i64 width",
)  # fmt: skip

PASS = """
BODY({name}, {parameters}) {{
    const i64 lo = chunks[3 * block_], size = chunks[3 * block_ + 1] - lo, s = chunks[3 * block_ + 2], top = size < 128 ? size : 128;
    const A1<T> X{{x, n}}, G{{g, n}}, D{{d, n}};
    const A2<T> Q{{q, points, n}}, DV{{d_vec, d_rows, n}}, DC{{d_coef, segments, d_columns}};
    const A2<T> RV{{r_vec, r_rows, n}}, RC{{r_coef, segments, r_columns}};
    {shared}
    ALL_THREADS(k) {{
        double sum[{some}] = {{0}};
        for (i64 e = k; e < size; e += 128) {{
            T own[1] = {{0}};
            const A2<double> out{{sum, {some}, 1}};
            const A1<T> O{{own, 1}};
            const i64 i = lo + e;
            {calls}
        }}
        {keep}
    }}
    {fold}
}}
"""
SHARED = "SHARED double lanes[{count} * 128];"
KEEP = "for (int j = 0; j < {count}; ++j) lanes[j * 128 + k] = sum[j];"
FOLD = """for (i64 half = 64; half > 0; half /= 2)
        ALL_THREADS(k) for (int j = 0; j < {count}; ++j) halve(lanes + j * 128, top, k, half);
    ALL_THREADS(k) if (k < {count}) parts[block_ * width + k] = lanes[k * 128];"""

FINITE = """
BODY(finite_pass, const i64 *chunks, const T *g, i64 *bad) {
    const i64 lo = chunks[3 * block_], hi = chunks[3 * block_ + 1];
    ALL_THREADS(k) for (i64 i = lo + k; i < hi; i += 128) if (!isfinite(g[i])) *bad = 1;
}
"""
COLLECT = """
BODY(collect_pass, const i64 *first, const double *parts, const i64 width, const i64 count, double *sums, const i64 columns, const i64 at) {
    const i64 s = block_ / count, j = block_ % count, begin = first[s], end = first[s + 1];
    SHARED double tile[128];
    SHARED double total[1];
    for (i64 c = begin; c < end; c += 128) {
        ALL_THREADS(k) if (c + k < end) tile[k] = parts[(c + k) * width + j];
        ALL_THREADS(k) if (k == 0) for (i64 i = 0; i < 128 && c + i < end; ++i) total[0] = c + i == begin ? tile[i] : total[0] + tile[i];
    }
    ALL_THREADS(k) if (k == 0) sums[s * columns + at + j] = total[0];
}
"""
FINITE_PARAMETERS = ("const i64 *chunks", "const T *g", "i64 *bad")
COLLECT_PARAMETERS = (
    "const i64 *first", "const double *parts", "const i64 width", "const i64 count", "double *sums", "const i64 columns", "const i64 at",
)  # fmt: skip


def exported(name: str, parameters: tuple[str, ...], threads: int = THREADS) -> str:
    """The kernel as the device launches it, and as the host calls it: a loop over the blocks."""
    passed = ", ".join(parameter.replace("*", " ").split()[-1] for parameter in parameters)
    return (
        f"#ifdef LRA_REF_HOST\n"
        f'extern "C" void {name}(i64 grid_, {", ".join(parameters)}) {{\n'
        f"    ALL_BLOCKS(block_, grid_) {name}_body(block_, {passed});\n}}\n"
        f"#else\n"
        f'extern "C" __global__ void __launch_bounds__({threads}) {name}({", ".join(parameters)}) {{\n'
        f"    {name}_body(blockIdx.x, {passed});\n}}\n"
        f"#endif\n"
    )


def element_kinds(dtype: Any) -> tuple[Any, ...]:
    """Types of the arguments of an element kernel."""
    real = REALS[np.dtype(dtype).name]
    v, m = Array(real, 1), Array(real, 2)
    return (I64, I64, I64, I64, v, v, v, m, m, m, Array(REALS["float64"], 2))


@cache
def vector_source(
    gather: Any, mapped: Any, terms: Any, move: Any, sizes: tuple[int, int, int], stored: bool, dtype: str
) -> tuple[str, tuple[str, ...]]:
    """The source of all passes for these kernels (None: there is none), and the functions of the mathematical library that they call."""
    program, kinds = Program(), element_kinds(dtype)
    names = {k: entry(program, k, kinds, "the element kernel") for k in (gather, mapped, terms, move) if k is not None}

    def call(kernel: Any, half: str, d: str, at: str) -> str:
        return f"{names[kernel]}(s, i, i + 1, {at}, X, G, {d}, Q, {half}V, {half}C, out);"

    d, at = ("G", "i") if mapped is None else (("D", "i") if stored else ("O", "0"))
    of_direction = [] if mapped is None else [call(mapped, "D", d, at)]
    stages = {
        "gather": (sizes[0], [] if gather is None else [call(gather, "D", d, at)]),
        "terms": (sizes[1], (of_direction if stored else []) + ([] if terms is None else [call(terms, "R", d, at)])),
        "move": (sizes[2], ([] if stored else of_direction) + [call(move, "R", d, at)]),
    }
    text = [program.source(), f"typedef {kinds[4].of.c} T;", FINITE, exported("finite_pass", FINITE_PARAMETERS)]
    text += [COLLECT, exported("collect_pass", COLLECT_PARAMETERS)]
    for name, (count, calls) in stages.items():
        if calls:
            filled = {"count": count, "some": max(count, 1), "name": f"{name}_pass", "parameters": ", ".join(PARAMETERS)}
            summed = {"shared": SHARED, "keep": KEEP, "fold": FOLD} if count else dict.fromkeys(("shared", "keep", "fold"), "")
            parts = {key: value.format(**filled) for key, value in summed.items()}
            text += [PASS.format(calls="\n            ".join(calls), **parts, **filled), exported(f"{name}_pass", PARAMETERS)]
    return "\n".join(text), tuple(sorted(program.library))


def source_for(direction: Direction, rate: Rate, sizes: tuple[int, int, int], stored: bool, dtype: Any) -> tuple[str, tuple[str, ...]]:
    """:func:`vector_source` of a direction and a rate as bound to their blocks."""
    return vector_source(direction.gather, direction.map, rate.terms, rate.move, sizes, stored, np.dtype(dtype).name)


assert CHUNK % THREADS == 0
