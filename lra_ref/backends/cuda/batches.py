"""The engine's loop on a device, one thread per trajectory: C++ made from ``engine.loop.advance`` itself and the kernels of a combination.

So the protocol, the order of the operations and the random numbers are those of the CPU. A trajectory has its own stretch of scratch memory
for what the loop and the kernels allocate; where it is too short the launch says so and is done again with more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from lra_ref.backends.cuda.passes import exported
from lra_ref.backends.cuda.translate import Program
from lra_ref.backends.cuda.types import F64, I64, U64, Array, of_value
from lra_ref.backends.sums import CHUNK, LANES

#: threads of a CUDA block
THREADS = 128
W1, W2, U1 = Array(I64, 1), Array(I64, 2), Array(U64, 1)
V, M, CUBE = Array(F64, 1), Array(F64, 2), Array(F64, 3)
#: arguments of ``advance`` after the kernels: (name, type), in its order
ARGUMENTS: tuple[tuple[str, Any], ...] = (
    ("plan", W1), ("points", W2), ("offsets", W1), ("data", M), ("par", V), ("noise", V),
    ("begin", I64), ("end", I64), ("t0", I64), ("t1", I64), ("every", I64),
    ("seeds", U1), ("labels", W1), ("d_hyp", M), ("r_hyp", M),
    ("x", M), ("d_vec", CUBE), ("d_scal", CUBE), ("r_vec", CUBE), ("r_scal", CUBE),
    ("late", CUBE), ("counts", W2), ("status", W1), ("records", CUBE),
)  # fmt: skip

BODY = """
BODY(trajectories, {parameters}) {{
    ALL_THREADS(k) {{
        const i64 i = begin + block_ * 128 + k;
        if (i < end) {{
            double *memory = scratch + (i - begin) * room;
            Work work{{memory, memory, memory + room, too_short}};
            {call}
        }}
    }}
}}
"""


def room_for(dim: int) -> int:
    """Elements of a chunk: no longer than the vector needs, which leaves the order of its sums as it is."""
    return min(CHUNK, -(-dim // LANES) * LANES)


@cache
def batch_source(advance: Any, kernels: tuple[Any, ...], chunk: int) -> tuple[str, tuple[str, ...]]:
    """The source of the loop with these kernels, and the functions of the mathematical library that it calls."""
    program = Program(replaced={"CHUNK": chunk})
    kinds = (*(of_value(kernel) for kernel in kernels), *(kind for _, kind in ARGUMENTS))
    name, _, _ = program.add(advance, kinds)
    parameters, passed = ["double *scratch", "const i64 room", "i64 *too_short"], ["work"]
    for argument, kind in ARGUMENTS:
        if isinstance(kind, Array):
            sizes = [f"{argument}_{letter}" for letter in "nml"[: kind.axes]]
            parameters += [f"{kind.of.c} *{argument}", *(f"const i64 {size}" for size in sizes)]
            passed.append(f"{kind.c}{{{argument}, {', '.join(sizes)}}}")
        else:
            parameters.append(f"const i64 {argument}")
            passed.append({"begin": "i", "end": "i + 1"}.get(argument, argument))
    text = BODY.format(parameters=", ".join(parameters), call=f"{name}({', '.join(passed)});")
    return program.source() + text + exported("trajectories", tuple(parameters), THREADS), tuple(sorted(program.library))


def flattened(values: Sequence[Any]) -> list[Any]:
    """The arguments of the kernel: an array is followed by its sizes."""
    made: list[Any] = []
    for (_, kind), value in zip(ARGUMENTS, values, strict=True):
        made += [value, *value.shape] if isinstance(kind, Array) else [value]
    return made
