"""The two kinds of part, a direction and a rate, methods that are whole, and their registries.

A part is written twice, as a reference on arrays of shape ``(..., D)`` and as kernels, both over the same formulas; one test
(``tests/test_conformance.py``) holds the two together bit for bit.  The kernel signatures are those of
``docs/architecture.md``::

    element(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    scalar (first, last, t, f, sums, scal, hyp, coef) -> float64

A part names its state: ``vectors`` (rows of ``vec``), ``scalars`` (columns of ``scal``), ``late`` (sums that its last kernel leaves
for the next step); the reference keeps the same names in a plain dictionary.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from lra_ref.formulas import descend
from lra_ref.parameters import Parameters, Registry
from lra_ref.typing import Array, Info, State

Kernel = Callable[..., Any]


@dataclass(frozen=True)
class Seen:
    """What the engine shows a part at step t.

    ``x`` and ``g`` have shape (..., D); ``f`` the sample loss (..., 1); ``q`` and ``fq`` the gradients and losses at the points
    that the rate left behind (empty at t = 0); ``u`` the uniform number of this step, (..., 1); ``offsets`` the blocks.
    """

    t: int
    x: Array
    g: Array
    f: Any
    offsets: Array
    q: tuple[Array, ...] = ()
    fq: tuple[Any, ...] = ()
    u: Any = None

    def widen(self, scalars: Any) -> Any:
        """A value per block ``(..., K)`` repeated over the elements of its block; ``(..., 1)`` is left to broadcasting."""
        if len(self.offsets) == 2 or scalars.shape[-1] == 1:
            return scalars
        return np.repeat(scalars, np.diff(self.offsets).tolist(), axis=-1)


class Part:
    """Common to both kinds: a name, validated hyper-parameters, the names of the state."""

    name: ClassVar[str] = ""
    Parameters: ClassVar[type[Parameters]] = Parameters
    #: where the method comes from: source and provenance tag ("published", "derived", "unconfirmed")
    source: ClassVar[str] = ""
    vectors: tuple[str, ...] = ()
    scalars: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    #: number of coefficients per block and of summands that the kernels use
    coefficients: int = 1
    sums: int = 0
    #: True: the element kernels see their vectors through the slices lo:hi (d: at:at+hi-lo) alone and use ``seg`` only for the row of
    #: ``coef``, so that one call may serve several trajectories laid out end to end
    together: ClassVar[bool] = True
    #: kernels that take the place of others where the weight decay is 0: the same numbers for a finite x, which they need not read
    undecayed: ClassVar[dict[str, Kernel | None]] = {}

    def __init__(self, **values: Any) -> None:
        self.parameters: Any = self.Parameters.build(self.name, values)
        if getattr(self.parameters, "weight_decay", None) == 0:
            family = type(self).__mro__
            declared = next(k for k, made in enumerate(family) if "undecayed" in vars(made))
            for name, kernel in self.undecayed.items():
                # a class that has a kernel of its own keeps it
                if not any(name in vars(made) for made in family[:declared]):
                    setattr(self, name, kernel)

    def general(self) -> Self:
        """A copy with the kernels that know the weight decay, which may then differ between the methods of one run."""
        made = copy.copy(self)
        for name in self.undecayed:
            vars(made).pop(name, None)
        return made

    def hyper(self) -> tuple[float, ...]:
        """The numbers that the kernels read as ``hyp``: by default the hyper-parameters in the order of their declaration."""
        return tuple(float(value) for value in self.parameters.as_dict().values())

    def rows(self, blocks: int) -> int:
        """How many rows of scalars the part uses: 1 (global) or one per block."""
        return 1

    def init(self, x: Array, offsets: Array) -> State:
        """State before the first step: zeros of the named shapes."""
        state: State = {name: np.zeros_like(x) for name in self.vectors}
        rows = self.rows(len(offsets) - 1)
        for name in self.scalars + self.late:
            width = len(offsets) - 1 if name in self.late else rows
            state[name] = np.zeros_like(x, shape=(*x.shape[:-1], width), dtype=np.float64)
        return state

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in self.parameters.as_dict().items())
        return f"{self.name}({values})"


class Direction(Part):
    """Turns gradients into a direction d_t; x moves along -d_t."""

    #: learning rate that torch.optim gives this direction when nothing else is said
    default_lr: ClassVar[float] = 1e-3
    begin: ClassVar[Kernel | None] = None
    gather: ClassVar[Kernel | None] = None
    settle: ClassVar[Kernel | None] = None
    #: None: the direction is the gradient itself
    map: Kernel | None = None

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``(state, d_t)`` from ``(state, g_t)``; pure, the reference."""
        return state, seen.g


def move_along(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The plain move x - eta d (kernel)."""
    xs, ds = x[lo:hi], d[at : at + hi - lo]
    eta = coef[seg, 0]
    for i in range(xs.size):
        xs[i] = descend(xs[i], eta, ds[i])


class Rate(Part):
    """Chooses eta_t and moves the point.

    Kernels ``aim`` (optional: element, points of this very step), ``begin`` (optional: coefficients that ``terms`` needs), ``terms``
    (optional), ``decide``, ``move``, ``retry`` (optional).
    In ``scal`` column 0 is the status: a rate that must stop its trajectory writes a code of ``lra_ref.status`` there and
    leaves the rest as it was; the named scalars are columns 1, 2, ...  In the last argument of the scalar kernels, coefficient 0 of a
    block is its step size: filled in by the engine, or by ``decide`` itself when
    ``blockwise``. ``f`` holds the sample loss, the losses at the rate's points, then the uniform number; for ``retry`` it is
    (loss at x, loss at x - eta d, <g, d>) and ``coef[0, 0]`` the rate just tried.
    """

    #: (row of ``vectors``, sample) of every point to be evaluated before the next step, or with ``aim`` in the same one; sample: "present",
    #: "last", "fresh", "full" (F itself) or "hvp" (the Hessian at x_t on the present sample times the vector)
    points: tuple[tuple[int, str], ...] = ()
    #: True: the engine hands over a uniform number per step
    random: bool = False
    #: True: decide wrote coefficient 0 of every block itself; False: the engine fills in the returned rate
    blockwise: bool = False
    #: scalar that says whether the points are wanted now; "": always. Where it is 0 the rate must not look at ``q`` and ``f[1:]``
    asks: str = ""
    #: scalar that says which step's sample is the present one; "": the step itself. The uniform number keeps to the step
    clock: str = ""
    #: what the method has to be told or given beyond gradients and its defaults, such as "F*", "L", "losses": for people
    needs: ClassVar[tuple[str, ...]] = ()
    #: what a step costs, in words, where it is not 1 + the number of points
    cost: ClassVar[str] = ""
    #: values of the parameters that have no default, with which the part can be shown and tested
    shown: ClassVar[dict[str, Any]] = {}
    #: vector that holds the point the method answers with; "": the point x itself
    output: str = ""
    aim: Kernel | None = None
    begin: ClassVar[Kernel | None] = None
    terms: Kernel | None = None
    decide: Kernel
    move: Kernel = staticmethod(move_along)
    retry: Kernel | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of ``scal``: the status (0, or why the rate stops the trajectory), then the named scalars."""
        return ("status", *self.scalars)

    def most_trials(self) -> int | None:
        """The most losses that a search takes in a step; None: there is no limit, or no search."""
        return getattr(self.parameters, "max_trials", None)

    @classmethod
    def example(cls) -> Rate:
        """The rate with its defaults, and ``shown`` where there is none."""
        return cls(**cls.shown)

    def bound(self, direction: Direction, offsets: Array) -> Rate:
        """The rate as it is used along ``direction`` on these blocks; the engine asks once per run, before anything else.

        By default the rate itself.  A rate whose constants depend on the direction or on the sizes of the blocks returns a copy of itself
        that knows them (its ``hyper`` may then be longer; it must have the same length for every trajectory of a run).
        """
        return self

    def init(self, x: Array, offsets: Array) -> State:
        """State before the first step: zeros, with the status of the rate."""
        state = super().init(x, offsets)
        state["status"] = np.zeros_like(x, shape=(*x.shape[:-1], 1), dtype=np.float64)
        return state

    def sight(self, state: State, seen: Seen, d: Array) -> State:
        """State with the points of this step in its vectors; pure, the reference of aim."""
        return state

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """``(state, eta_t, info)``; eta of shape (..., 1), or (..., K) for a rate per block; pure, the reference of terms and decide."""
        raise TypeError(f"{type(self).__name__} has no reference")

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """``(state, x_{t+1})``; pure, the reference of move."""
        return state, descend(seen.x, seen.widen(eta), d)

    def again(self, trial: int, eta: Any, state: State, seen: Seen, trial_loss: Any, slope: Any, open_: Any) -> tuple[State, Any]:
        """After trial number ``trial`` at ``eta``: ``(state, next rate to try)``, the same rate to accept it (reference of ``retry``).

        ``trial_loss`` is the loss at x - eta d on the step's own sample, ``slope`` is <g, d>, ``open_`` marks the trajectories
        still searching; all (..., 1).
        """
        return state, eta


class Whole(Rate):
    """A method that cannot be cut into a direction and a rate: it sees the gradient itself and moves the point by its own rule.

    It has the face of a rate, so engine, reference, optimizer and checkpoints drive it like any other; what it reports as its rate is
    said in its docstring.
    """


#: name -> class
DIRECTIONS: Registry[type[Direction]] = Registry("direction")
RATES: Registry[type[Rate]] = Registry("rate")
WHOLES: Registry[type[Whole]] = Registry("method")
