"""One long vector on a GPU, in place: ``step = DeviceInPlace(method, x)`` with x an array of CuPy, then ``step(gradient)`` moves x.

The method, its state and its bits are those of :class:`~lra_ref.engine.inplace.InPlace`: the element kernels run on the device, as C++
made from the very same Python functions, in passes that read the vector once; the scalars are decided on the host by the same compiled
kernels. A step copies the sums to the host only if the rate or the direction needs sums, and (``check=True``) one flag: a constant rate or
a schedule with ``check=False`` waits for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lra_ref.backends.cuda.passes import THREADS, source_for
from lra_ref.checks import block_offsets, whole
from lra_ref.engine.vector_step import chunks_of, stages
from lra_ref.methods import Method
from lra_ref.oracles.philox import RANDOM, uniforms
from lra_ref.status import Status
from lra_ref.typing import Array


class DeviceInPlace:
    """A method on one vector of a device, which it overwrites.

    Parameters
    ----------
    method : a :class:`~lra_ref.methods.Method`; rates that search, aim, or take Hessian-vector products are refused.
    x : the point, a CuPy array of shape (D,), float64 or float32, C-contiguous. MODIFIED by every step.
    offsets, check, seed, trajectory : as of :class:`~lra_ref.engine.inplace.InPlace`.
    device : where x is; default the GPU of x, through CuPy. ``lra_ref.backends.cuda.host.HostDevice()`` runs the generated kernels on
        the CPU, on NumPy arrays, to show what they compute.

    The attribute ``library`` names the functions of the device's mathematical library that the element kernels call. Where it is empty
    the results are bit for bit those of ``InPlace``; each of those functions adds its own error (docs/gpu.md has the bounds).

    Raises
    ------
    ImportError, NoDevice : without CuPy or without a GPU, in one line.
    ValueError : as of ``InPlace``.
    """

    def __init__(
        self, method: Method, x: Any, offsets: Any = None, *, check: bool = True, seed: int = 0, trajectory: int = 0, device: Any = None
    ) -> None:
        if not isinstance(method, Method):
            raise ValueError(f"method must be a Method, as from make_method(name), got {type(method).__name__}")
        self.device = _device_of(x) if device is None else device
        self._known_array("x", x)
        if not self.device.finite(x):
            raise ValueError("x must be finite")
        self.offsets = block_offsets(offsets, int(x.size))
        self.method = bound = method.bound(self.offsets)
        rate = bound.rate
        if rate.retry is not None or rate.aim is not None or rate.asks or rate.clock or any(s in ("hvp", "full") for _, s in rate.points):
            raise ValueError(f"{method.name} needs more than gradients at its points: use Optimizer")
        self.x, self.check = x, bool(check)
        self._key = whole("seed", seed), whole("trajectory", trajectory)
        self.t, self.rate, self.status, self.gradient_evaluations = 0, float("nan"), Status.RUNNING, 0
        self._stages = made = stages(bound.direction, rate, x.dtype)
        source, self.library = source_for(bound.direction, rate, (made.gathered, made.summed, made.late), made.stored, x.dtype)
        self._module = self.device.module(source)
        self._on_host()
        self._on_device()

    def _known_array(self, name: str, array: Any, like: Any = None) -> None:
        """Refuse what the kernels could not read."""
        ours = isinstance(array, self.device.array_type)
        what = f"{array.dtype} of shape {array.shape}" if ours else type(array).__name__
        kind = f"{self.device.array_type.__module__.split('.')[0]} array"
        if like is None:
            if not (ours and array.dtype in (np.float64, np.float32) and array.ndim == 1 and array.size > 0):
                raise ValueError(f"{name} must be a float64 or float32 {kind} of shape (D,), got {what}")
            if not array.flags.c_contiguous:
                raise ValueError(f"{name} must be C-contiguous, it is overwritten")
        elif not (ours and array.dtype == like.dtype and array.shape == like.shape and array.flags.c_contiguous):
            raise ValueError(f"{name} must be a C-contiguous {like.dtype} {kind} of shape {like.shape}, got {what}")

    def _on_host(self) -> None:
        """Scalars of both parts, their coefficients, and the sums that they are decided from."""
        direction, rate, made = self.method.direction, self.method.rate, self._stages
        blocks, dtype = len(self.offsets) - 1, np.dtype(self.x.dtype)

        def half(part: Any, columns: int) -> list[Array]:
            coef = np.zeros((blocks, max(part.coefficients, 1)))
            return [np.zeros((blocks, columns)), np.array([*part.hyper(), 0.0]), coef, coef.astype(dtype)]

        self._direction, self._rate = half(direction, max(len(direction.scalars), 1)), half(rate, len(rate.columns))
        self._sums, self._late = np.zeros((blocks, max(made.gathered, made.summed + made.late, 1))), np.zeros((blocks, made.late))
        # on the host a block of the vector is one chunk, whose sums come from the device
        self._rows = np.stack([np.zeros(blocks), np.ones(blocks), np.arange(blocks)], axis=1).astype(np.int64)
        self._f = np.zeros(2 + len(rate.points))

    def _on_device(self) -> None:
        direction, rate, made, put = self.method.direction, self.method.rate, self._stages, self.device.put
        n, blocks, dtype, zeros = int(self.x.size), len(self.offsets) - 1, self.x.dtype, self.device.zeros
        chunks = chunks_of(self.offsets)
        self._n_chunks = len(chunks)
        self._chunks, self._first = put(chunks), put(np.searchsorted(chunks[:, 2], np.arange(blocks + 1)).astype(np.int64))
        self._d_vec, self._r_vec = zeros((len(direction.vectors), n), dtype), zeros((len(rate.vectors), n), dtype)
        self._d_coef, self._r_coef = put(self._direction[3]), put(self._rate[3])
        self._d = zeros(n if made.stored else 1, dtype)
        self._q = zeros((len(rate.points), n), dtype)
        self._width = max(made.gathered, made.summed, made.late, 1)
        self._parts = zeros((len(chunks), self._width), np.float64)
        self._gathered = zeros((blocks, max(made.gathered, 1)), np.float64)
        self._feedback = zeros((blocks, max(made.summed + made.late, 1)), np.float64)
        self._bad = zeros(1, np.int64)

    @property
    def scalars(self) -> dict[str, float]:
        """The named scalars of the rate, of its first block."""
        return {name: float(value) for name, value in zip(self.method.rate.scalars, self._rate[0][0, 1:], strict=True)}

    def wanted(self) -> list[tuple[Any, str]]:
        """Views of the points whose gradients the next step needs beside the one at x, with the names of their samples."""
        return [(self._r_vec[row], sample) for row, sample in self.method.rate.points] if self.t > 0 else []

    def __call__(self, gradient: Any, loss: float = 0.0, answers: Sequence[tuple[float, Any]] = ()) -> Status:
        """One step with the gradient at x (an array like x; only read), and what :meth:`wanted` asks for.

        Returns the status: anything but RUNNING means that the point did not move, now and from now on.
        """
        if self.status:
            return self.status
        self._known_array("gradient", gradient, self.x)
        wanted = len(self.method.rate.points) if self.t > 0 else 0
        if len(answers) != wanted:
            raise ValueError(f"answers must be {wanted} pairs (loss, gradient), one per point wanted, got {len(answers)}")
        for j, (_, answer) in enumerate(answers):
            self._known_array(f"the gradient of answer {j}", answer, self.x)
        self._f[0] = loss
        for j, (value, answer) in enumerate(answers):
            self._f[1 + j] = value
            self._q[j] = answer
        if self.method.rate.random:
            self._f[-1] = uniforms(*self._key, self.t, RANDOM, 1)[0]
        with np.errstate(all="ignore"):
            code = self._step(gradient)
        if code:
            self.status = Status(code)
        else:
            self.gradient_evaluations += 1 + len(answers)
            self.t += 1
        return self.status

    def _step(self, g: Any) -> int:
        made, t, f, rows, sums, late = self._stages, self.t, self._f, self._rows, self._sums, self._late
        d_half, r_half, (r_scal, r_hyp, r_coef, r_low) = self._direction, self._rate, self._rate
        self.rate = float("nan")
        if not np.isfinite(f[0]):
            return int(Status.NONFINITE_GRADIENT)
        if self.check:
            self._launch("finite_pass", self._n_chunks, self._chunks, g, self._bad)
            if self.device.get(self._bad)[0]:
                return int(Status.NONFINITE_GRADIENT)
        made.opening(len(self.offsets) - 1, t, f, sums, *d_half)
        self.device.refill(self._d_coef, d_half[3])
        parts = np.zeros((len(rows), 1))
        if made.gathered:
            self._pass("gather", g)
            parts = self.device.get(self._collect(made.gathered, self._gathered, 0))
        made.settling(t, f, rows, parts, sums, *d_half, *r_half)
        if made.gathered:
            self.device.refill(self._d_coef, d_half[3])
        if made.summed or made.stored:
            self.device.refill(self._r_coef, r_low)
            self._pass("terms", g)
            if made.summed:
                self._collect(made.summed, self._feedback, 0)
        if made.summed or made.late:
            parts = self.device.get(self._feedback)
            late[...] = parts[:, made.summed :]
        self.rate = float(made.deciding(t, f, rows, parts, sums, late, r_scal, r_hyp, r_coef, r_low))
        if r_scal[0, 0] != 0:
            return int(r_scal[0, 0])
        if not np.isfinite(self.rate):
            return int(Status.NONFINITE_RATE)
        self.device.refill(self._r_coef, r_low)
        self._pass("move", g)
        if made.late:
            self._collect(made.late, self._feedback, made.summed)
        return 0

    def _launch(self, name: str, grid: int, *arguments: Any) -> None:
        self._module.launch(name, grid, THREADS, arguments)

    def _pass(self, name: str, g: Any) -> None:
        direction, rate = self.method.direction, self.method.rate
        self._launch(
            f"{name}_pass", self._n_chunks, self._chunks, int(self.x.size), self.x, g, self._d, self._q, len(rate.points),
            self._d_vec, len(direction.vectors), self._d_coef, self._d_coef.shape[1],
            self._r_vec, len(rate.vectors), self._r_coef, self._r_coef.shape[1],
            len(self.offsets) - 1, self._parts, self._width,
        )  # fmt: skip

    def _collect(self, count: int, sums: Any, at: int) -> Any:
        """Add the chunks up, in order: columns ``at`` to ``at + count`` of ``sums``."""
        grid = (len(self.offsets) - 1) * count
        self._launch("collect_pass", grid, self._first, self._parts, self._width, count, sums, sums.shape[1], at)
        return sums


def _device_of(x: Any) -> Any:
    """The GPU that holds x."""
    from lra_ref.backends.gpu import device

    return device(int(getattr(getattr(x, "device", None), "id", 0)))
