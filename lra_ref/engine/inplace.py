"""One long vector, in place, at the speed of memory: ``step = InPlace(method, x)``, then ``step(gradient)`` moves x.

The method is the same as everywhere, and float64 results are bit for bit those of the reference; what is given up is that nothing is
copied: x and the state are overwritten. For losses along the way, trial points and points of the same step use
:class:`~lra_ref.engine.optimizer.Optimizer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from lra_ref.backends.board import PIECES, board
from lra_ref.backends.cpu import interpreted
from lra_ref.backends.memory import aligned, matrix_at, places
from lra_ref.backends.sums import LANES
from lra_ref.checks import block_offsets, real, vector, whole
from lra_ref.engine.helpers import Helpers, available
from lra_ref.engine.vector_step import chunks_of, stages
from lra_ref.engine.vector_whole import DIRECTION, SUMS
from lra_ref.methods import Method
from lra_ref.oracles.philox import RANDOM, uniforms
from lra_ref.parameters import shown
from lra_ref.status import Status
from lra_ref.typing import Array

#: below this many chunks, times rows that a step works on, a second thread costs more than it saves
WORTH = 20
#: pieces of a pass per thread: who is held up leaves some to the others
PIECES_EACH = 4


class InPlace:
    """A method on one vector, which it overwrites.

    Parameters
    ----------
    method : a :class:`~lra_ref.methods.Method`; rates that search (``retry``), aim, or take Hessian-vector products are refused.
    x : the point, shape (D,), float64 or float32, C-contiguous and writable. MODIFIED by every step.
    offsets : blocks ``0 = o_0 < ... < o_K = D``; default one.
    threads : share the passes over the vector (from some ten thousand elements on); the results are the same bits. 0: all cores. The others
        look for work for some tenths of a millisecond after a step, and then sleep until the next.
    check : look at the whole gradient first and stop by name if it is not finite, nothing changed; without it a bad gradient spoils state
        and point. It costs one more read of the gradient, and nothing where the first pass of the method only adds up (most rates along
        ``sgd`` that look at their gradients).
    seed, trajectory : key of the uniform number of rates that want one, as in ``run``.

    Float32: state and point are float32, sums and rates float64.

    Raises
    ------
    ValueError : for an array that can not be overwritten, and for a method that needs more than gradients at its points.
    """

    def __init__(
        self, method: Method, x: Array, offsets: Any = None, *, threads: int = 1, check: bool = True, seed: int = 0, trajectory: int = 0
    ) -> None:
        if not isinstance(method, Method):
            raise ValueError(f"method must be a Method, as from make_method(name), got {type(method).__name__}")
        if not isinstance(x, np.ndarray) or x.dtype not in (np.float64, np.float32) or x.ndim != 1 or x.size == 0:
            got = f"{x.dtype} of shape {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
            raise ValueError(f"x must be a float64 or float32 array of shape (D,), got {got}")
        if not (x.flags.c_contiguous and x.flags.writeable):
            raise ValueError("x must be C-contiguous and writable, it is overwritten")
        if not np.all(np.isfinite(x)):
            raise ValueError("x must be finite")
        self.offsets = block_offsets(offsets, x.size)
        self.method = bound = method.bound(self.offsets)
        rate, direction = bound.rate, bound.direction
        if rate.retry is not None or rate.aim is not None or rate.asks or rate.clock or any(s in ("hvp", "full") for _, s in rate.points):
            raise ValueError(f"{method.name} needs more than gradients at its points: use Optimizer")
        self.x, self.check = x, bool(check)
        self._chunks = chunks_of(self.offsets)
        # more threads than chunks would have nothing to do
        self.threads = min(whole("threads", threads) or available(), len(self._chunks))
        self._key = whole("seed", seed), whole("trajectory", trajectory)
        self.t, self.status = 0, Status.RUNNING
        self._stages = stages(direction, rate, x.dtype)
        self._allocate()

    def _allocate(self) -> None:
        direction, rate, x, made = self.method.direction, self.method.rate, self.x, self._stages
        blocks, dtype = len(self.offsets) - 1, x.dtype

        def half(part: Any, columns: int) -> list[Any]:
            coefficients = max(part.coefficients, 1)
            scalars, hyper = np.zeros((blocks, columns)), np.array([*part.hyper(), 0.0])
            coef = np.zeros((blocks, coefficients))
            return [np.zeros((len(part.vectors), x.size), dtype), scalars, hyper, coef, coef.astype(dtype)]

        self._direction, self._rate = half(direction, max(len(direction.scalars), 1)), half(rate, len(rate.columns))
        self._late = np.zeros((blocks, made.late))
        summands = max(made.gathered, made.summed, made.late, 1)
        # the direction has room for a piece, or a whole vector if its summands are needed before the rate is known
        self._d, self._lanes = aligned(1, x.size if made.stored else LANES, dtype)[0], aligned(summands, LANES, np.float64)
        self._parts = np.zeros((len(self._chunks), summands + 1))
        self._sums, self._played = np.zeros((blocks, max(made.gathered, made.summed + made.late, 1))), np.full(1, np.nan)
        self._f = np.zeros(2 + len(rate.points))
        self._none = np.zeros((len(rate.points), x.size), dtype) if rate.points else np.zeros((0, x.size), dtype)
        halves = [*self._direction, *self._rate]
        rows = 2 + len(direction.vectors) + len(rate.vectors) + made.gathered + made.summed + made.late
        busy = self.threads > 1 and len(self._chunks) * rows >= WORTH and not made.raises
        self._board = board(min(PIECES_EACH * self.threads, len(self._chunks)) if busy else 0)
        arrays = [self._f, self._chunks, x, self._d, *halves, self._late, self._lanes, self._parts, self._sums, self._played]
        self._places = places([*arrays, self._board])
        self._helpers = self._with_helpers() if busy and not interpreted() else None
        self._expected = x.dtype, x.shape
        self._points, self._random = len(rate.points), rate.random
        # compiled at the first step
        self._step: Any = None

    def _with_helpers(self) -> Helpers:
        """Threads beside this one, each with a direction and running sums of its own."""
        serve, serves = self._stages.serve.made(), []
        for k in range(1, self.threads):
            own = self._d if self._stages.stored else np.zeros_like(self._d), aligned(len(self._lanes), LANES, np.float64)
            table = self._places.copy()
            table[[DIRECTION, SUMS]] = places(own)
            first = (len(self._board) - PIECES) * k // self.threads
            # what the addresses lead to must live as long as the thread
            serves.append(partial(_serve, serve, (table, self._board, first), self.x, own))
        return Helpers(serves, self._board, self)

    @property
    def rate(self) -> float:
        """The rate played in the last step; nan before the first, and after a gradient that was not finite."""
        return float(self._played[0])

    @property
    def gradient_evaluations(self) -> int:
        """Gradients that went into the steps made."""
        return self.t + self._points * max(self.t - 1, 0)

    @property
    def scalars(self) -> dict[str, float]:
        """The named scalars of the rate, of its first block."""
        return {name: float(value) for name, value in zip(self.method.rate.scalars, self._rate[1][0, 1:], strict=True)}

    def wanted(self) -> list[tuple[Array, str]]:
        """Views of the points whose gradients the next step needs beside the one at x, with the names of their samples."""
        rate = self.method.rate
        return [(self._rate[0][row], sample) for row, sample in rate.points] if self.t > 0 else []

    def __call__(self, gradient: Array, loss: float = 0.0, answers: Sequence[tuple[float, Array]] = ()) -> Status:
        """One step with the gradient at x (same type and shape; only read), and what :meth:`wanted` asks for.

        Returns the status: anything but RUNNING means that the point did not move, now and from now on.
        """
        if self.status:
            return self.status
        g = gradient
        if not (isinstance(g, np.ndarray) and (g.dtype, g.shape) == self._expected and g.flags.carray):
            g = self._readable(g)
        q = self._answers(answers) if self._points or answers else self._none
        uniform = float(uniforms(*self._key, self.t, RANDOM, 1)[0]) if self._random else 0.0
        if self._step is None:
            # compiled code raises no warnings, and errstate takes longer than a step of a short vector
            self._step = self._whole_step()
        code = self._step(self._places, self.check, self.t, loss if type(loss) is float else real("loss", loss), uniform, g, q)
        if code:
            self.status = Status(code)
        else:
            self.t += 1
        return self.status

    def _readable(self, g: Any) -> Array:
        """The gradient as compiled code takes it: one that is read-only needs no copy. ``ValueError`` if it is not one."""
        if not (isinstance(g, np.ndarray) and (g.dtype, g.shape) == self._expected and g.flags.c_contiguous and g.flags.aligned):
            got = f"{g.dtype} of shape {g.shape}" if isinstance(g, np.ndarray) else type(g).__name__
            raise ValueError(f"gradient must be a C-contiguous {self.x.dtype} array of shape {self.x.shape}, got {got}")
        readable: Array = matrix_at(g.ctypes.data, 1, g.size, g)[0]
        return readable

    def _whole_step(self) -> Any:
        """The step as one function, which does not hold this object."""
        if interpreted():
            return partial(_quietly, self._stages.placed.made())
        if self._helpers is None:
            return self._stages.placed.made()
        return partial(self._helpers.join, self._stages.team.made())

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("InPlace works on arrays at fixed places and can not be copied: make a new one")

    def _answers(self, answers: Sequence[tuple[float, Array]]) -> Array:
        wanted = self._points if self.t > 0 else 0
        if wanted == 1 and type(answers) is list and len(answers) == 1 and type(answers[0]) is tuple and len(answers[0]) == 2:
            # what it nearly always is: the checks below take longer than the step of a short vector
            loss, g = answers[0]
            if type(loss) is float and isinstance(g, np.ndarray) and (g.dtype, g.shape) == self._expected and g.flags.carray:
                self._f[1] = loss
                return g[np.newaxis]
        pairs = isinstance(answers, list | tuple) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in answers)
        if not pairs or len(answers) != wanted:
            raise ValueError(f"answers must be {wanted} pairs (loss, gradient), one per point wanted, got {shown(answers)}")
        for j, (loss, gradient) in enumerate(answers):
            self._f[1 + j] = real(f"the loss of answer {j}", loss)
            given = isinstance(gradient, np.ndarray) and (gradient.dtype, gradient.shape) == self._expected
            self._none[j] = gradient if given else self._other(f"the gradient of answer {j}", gradient)
        return self._none

    def _other(self, name: str, gradient: Any) -> Array:
        """An answer in another number type."""
        read = vector(name, gradient, self.x.size)
        if read.shape != self.x.shape:
            raise ValueError(f"{name} must have shape {self.x.shape}, got {read.shape}")
        with np.errstate(over="ignore"):
            return read.astype(self.x.dtype)


def _serve(serve: Any, arguments: tuple[Any, ...], like: Array, kept: Any, patience: int) -> None:
    """The compiled :func:`lra_ref.engine.vector_whole.serve`."""
    serve(*arguments, patience, like)


def _quietly(step: Any, *arguments: Any) -> int:
    """The step as plain Python."""
    with np.errstate(all="ignore"):
        return int(step(*arguments))
