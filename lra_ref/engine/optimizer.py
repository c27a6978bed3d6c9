"""The ask/tell face: the method decides where to look, the user computes losses and gradients in a loop of their own.

    optimizer = Optimizer(make_method("gala_sgd", eta_0=0.1), x0)
    while optimizer.t < steps and (wanted := optimizer.ask()):
        info = optimizer.tell([loss_and_gradient(e.x, batch(e.sample)) for e in wanted])

or, shorter, ``optimizer.step(closure)``.  It runs the reference (:class:`~lra_ref.engine.reference.Stepper`), so with the answers of an
oracle it passes through the very points of :func:`~lra_ref.engine.run.run`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from lra_ref.checks import as_array, block_offsets, vector, whole
from lra_ref.engine.reference import Search, StepInfo, Stepper, StepState
from lra_ref.methods import Method
from lra_ref.oracles.philox import RANDOM, uniforms
from lra_ref.parameters import shown
from lra_ref.parts import Seen
from lra_ref.status import Status
from lra_ref.typing import Array

SCHEMA = 1
BOTH, LOSS, PRODUCT = "loss and gradient", "loss", "hessian-vector product"


class Evaluation(NamedTuple):
    """What the method wants to know: ``needs`` at ``x`` on the minibatch named ``sample``.

    ``needs`` is "loss and gradient", "loss", or "hessian-vector product", the Hessian at ``x`` times ``v``.  The same ``sample`` is
    the same minibatch, wherever it is asked for: ``("step", t)`` is that of step t, ``("fresh", t)`` one of the same step that is
    independent of it, ``("full", 0)`` the whole objective.  Whoever has one objective without noise may ignore it.
    """

    x: Array
    sample: tuple[str, int]
    needs: str
    v: Array | None = None


class Info(NamedTuple):
    """What was observed in step ``t``, which moved the point unless ``status`` says why not.

    ``rate`` is the rate played (that of the first block if there is one per block), ``scalars`` the named scalars of the rate;
    ``gradient_evaluations`` and ``loss_evaluations`` were spent up to and including this step.
    """

    t: int
    loss: float
    rate: float
    status: Status
    scalars: dict[str, float]
    gradient_evaluations: int
    loss_evaluations: int


class _Pending(NamedTuple):
    """A step whose search still wants losses."""

    seen: Seen
    search: Search


class _Aimed(NamedTuple):
    """A step whose points were named after its own gradient was seen, and still want their answers."""

    seen: Seen
    state: StepState
    d: Array


class Optimizer:
    """One trajectory of a method, driven by the user's own evaluations.

    Parameters
    ----------
    method : a :class:`~lra_ref.methods.Method`, for instance from ``make_method(name, ...)``.
    x0 : start, shape (D,); never modified.
    offsets : blocks ``0 = o_0 < ... < o_K = D``; default one.
    seed, trajectory : key of the uniform number of rates that want one, as in ``run``.

    Raises
    ------
    ValueError : for a start that is no finite real vector, in one line.
    """

    def __init__(self, method: Method, x0: Any, offsets: Any = None, *, seed: int = 0, trajectory: int = 0) -> None:
        if not isinstance(method, Method):
            raise ValueError(f"method must be a Method, as from make_method(name), got {type(method).__name__}")
        start = vector("x0", x0, finite=True)
        if start.ndim != 1:
            raise ValueError(f"x0 must have shape (D,), got {start.shape}")
        self.method = method
        self._x = start.copy()
        self._stepper = Stepper(method, block_offsets(offsets, start.size))
        self._state = self._stepper.init(self._x)
        self._seed, self._trajectory = whole("seed", seed), whole("trajectory", trajectory)
        uniforms(self._seed, self._trajectory, 0, RANDOM, 1)  # refuses what is no key
        self._t, self._spent, self._tried = 0, 0, 0
        self._info: Info | None = None
        self._status = Status.RUNNING
        self._pending: _Pending | None = None
        self._aimed: _Aimed | None = None

    @property
    def answer(self) -> Array:
        """The point that the method answers with, a copy of shape (D,): ``x``, or the vector that it names as its output."""
        output = self._stepper.method.rate.output
        return np.array(self._state.rate[output]) if output and self._t > 0 else self.x

    @property
    def x(self) -> Array:
        """The present point, a copy of shape (D,); the last finite one after a stop."""
        return self._x.copy()

    @property
    def t(self) -> int:
        """Number of the present step; steps 0 .. t - 1 have moved the point."""
        return self._t

    @property
    def rate(self) -> float | None:
        """The rate of the last info; None before the first step."""
        return None if self._info is None else self._info.rate

    @property
    def status(self) -> Status:
        """RUNNING, or why the optimizer stopped."""
        return self._status

    def ask(self) -> list[Evaluation]:
        """The evaluations that are needed now; empty after a stop.  Asking changes nothing."""
        if self._status:
            return []
        if self._pending is not None:
            return [Evaluation(self._stepper.trial_point(*self._pending), ("step", self._t), LOSS)]
        if self._aimed is not None:
            return self._points(self._aimed.state, self._t)
        present = Evaluation(self.x, ("step", self._present(self._state)), BOTH)
        return [present, *(self._points(self._state, self._t - 1) if self._t > 0 and not self._stepper.aims else [])]

    def _present(self, state: StepState) -> int:
        return int(np.reshape(self._stepper.sample_step(state, self._t), -1)[0])

    def _points(self, state: StepState, step: int) -> list[Evaluation]:
        """Evaluations at the points that the state names; "last" and "fresh" are samples of ``step``."""
        if not np.all(self._stepper.asked(state)):
            return []
        present = ("step", self._present(state))
        names = {"present": present, "hvp": present, "last": ("step", step), "fresh": ("fresh", step), "full": ("full", 0)}
        return [
            Evaluation(self.x, names[name], PRODUCT, point.copy()) if name == "hvp" else Evaluation(point.copy(), names[name], BOTH)
            for point, name in self._stepper.points(state)
        ]

    def tell(self, answers: Sequence[Any]) -> Info | None:
        """Take the answers to :meth:`ask`, in its order: ``(loss, gradient)``, a loss, or a vector, as each of them needs.

        Returns what was observed in the step, or None while the step needs more evaluations (a line search: ask again).  A loss or
        gradient that is not finite stops the optimizer with a named status, its point and state kept.

        Raises
        ------
        ValueError : a wrong number of answers, a wrong shape or dtype, or an answer after a stop; nothing has changed then.
        """
        if self._status:
            raise ValueError(f"the optimizer has {self._status.message}")
        wanted = self.ask()
        if not isinstance(answers, list | tuple) or len(answers) != len(wanted):
            got = len(answers) if isinstance(answers, list | tuple) else type(answers).__name__
            raise ValueError(f"answers must be a list of {len(wanted)}, one per evaluation asked for, got {got}")
        checked = [self._checked(k, answer, evaluation.needs) for k, (answer, evaluation) in enumerate(zip(answers, wanted, strict=True))]
        if self._pending is not None:
            seen, search = self._pending
            search = self._stepper.judge(seen, search, checked[0][0])
        else:
            if self._aimed is not None:
                seen, state, d = self._aimed
                seen = replace(seen, q=tuple(gradient for _, gradient in checked), fq=tuple(loss for loss, _ in checked))
            else:
                seen, state, d = self._seen(checked), self._state, None
                if not (np.isfinite(seen.f[0]) and np.isfinite(seen.g).all()):
                    return self._stop(Status.NONFINITE_GRADIENT, seen, None)
                if self._stepper.aims:
                    self._aimed = _Aimed(seen, *self._stepper.aim(state, seen))
                    if self.ask():
                        return None
                    seen, state, d = self._aimed
            self._aimed = None
            after, info = self._stepper.look(state, seen, d)
            search = self._stepper.open_search(after, seen, info)
        self._pending = _Pending(seen, search) if np.any(search.open) else None
        return None if self._pending is not None else self._move(seen, search)

    def step(self, closure: Callable[..., Any]) -> Info:
        """A whole step with ``closure(x, sample) -> (loss, gradient)``; after a stop it does nothing and returns the last info again.

        A method that needs Hessian-vector products calls ``closure(x, sample, v)`` for them.
        """
        if not callable(closure):
            raise ValueError(f"closure must be a function of (x, sample), got {shown(closure)}")
        info = self._info
        while not self._status:
            info = self.tell([closure(e.x, e.sample) if e.v is None else closure(e.x, e.sample, e.v) for e in self.ask()])
            if info is not None:
                break
        assert info is not None
        return info

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on bit for bit: numbers, one text and arrays, ready for ``np.savez``.

        Within an unfinished step it is the state before the step, whose evaluations are then asked for once more.
        """
        state: dict[str, Any] = {
            "schema": SCHEMA,
            "method": json.dumps(self.method.settings()),
            "t": self._t,
            "seed": self._seed,
            "trajectory": self._trajectory,
            "gradient_evaluations": self._spent,
            "loss_evaluations": self._tried,
            "status": int(self._status),
            "info": json.dumps(self._info),
            "x": self.x,
            "offsets": self._stepper.offsets.copy(),
        }
        for kind, part in self._state._asdict().items():
            state.update({f"{kind}.{name}": np.array(value) for name, value in part.items()})
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state of :meth:`state_dict`, from an optimizer of the same method, size and blocks.

        Raises ``ValueError``, naming what differs or is missing; nothing has changed then.
        """
        mine = self.state_dict()
        if not isinstance(state, Mapping):
            raise ValueError(f"state must be a dictionary as of state_dict(), got {shown(state)}")
        if set(mine) != set(state):
            odd = sorted(name if isinstance(name, str) and name.isprintable() else shown(name) for name in set(mine) ^ set(state))
            raise ValueError(f"state does not belong to {self.method.name}; missing or extra: {', '.join(odd)}")
        for name in ("schema", "method"):
            found = as_array(name, state[name]).reshape(-1)
            if found.size != 1 or str(found[0]) != str(mine[name]):
                raise ValueError(f"state has another {name}: {shown(state[name])}, expected {mine[name]}")
        arrays = {name: as_array(name, state[name]) for name, value in mine.items() if isinstance(value, np.ndarray)}
        for name, array in arrays.items():
            if array.shape != mine[name].shape or array.dtype != mine[name].dtype:
                raise ValueError(f"{name} must be {mine[name].dtype} of shape {mine[name].shape}, got {array.dtype} of shape {array.shape}")
        if not np.array_equal(arrays["offsets"], mine["offsets"]):
            raise ValueError(f"state has other offsets: {arrays['offsets'].tolist()}, expected {mine['offsets'].tolist()}")
        if not np.isfinite(arrays["x"]).all():
            raise ValueError("x must be finite, and that of the state is not")
        numbers = {name: whole(name, as_array(name, state[name])[()], -1) for name, value in mine.items() if isinstance(value, int)}
        uniforms(numbers["seed"], numbers["trajectory"], numbers["t"], RANDOM, 1)  # refuses what is no key
        info, status = _info_of(state["info"]), _status_of(numbers["status"])
        self._info = info
        self._x, self._pending, self._aimed, self._status = arrays["x"].copy(), None, None, status
        self._t, self._seed, self._trajectory = numbers["t"], numbers["seed"], numbers["trajectory"]
        self._spent, self._tried = numbers["gradient_evaluations"], numbers["loss_evaluations"]
        parts = ({name: arrays[f"{kind}.{name}"].copy() for name in part} for kind, part in self._state._asdict().items())
        self._state = StepState(*parts)

    def _checked(self, k: int, answer: Any, needs: str) -> tuple[Array, Array]:
        """Loss (1,) and gradient (D,) of one answer, or 0 and the product."""
        if needs == PRODUCT:
            answer = (0.0, answer)
        pair = isinstance(answer, list | tuple)
        if (needs != LOSS and not pair) or (pair and len(answer) != 2):
            raise ValueError(f"answer {k} must be a pair (loss, gradient), got {type(answer).__name__}")
        loss = as_array(f"the loss of answer {k}", answer[0] if pair else answer)
        if loss.dtype.kind not in "fiu" or loss.size != 1:
            raise ValueError(f"the loss of answer {k} must be a real number, got {loss.dtype} of shape {loss.shape}")
        with np.errstate(over="ignore"):  # a long double may be an infinity as a float
            loss = loss.astype(float).reshape(1)
        if needs == LOSS:
            return loss, self._x
        what = f"the {'product' if needs == PRODUCT else 'gradient'} of answer {k}"
        gradient = vector(what, answer[1], self._x.size)
        if gradient.ndim != 1:
            raise ValueError(f"{what} must have shape ({self._x.size},), got {gradient.shape}")
        return loss, gradient.copy()

    def _seen(self, checked: list[tuple[Array, Array]]) -> Seen:
        (f, g), *others = checked
        random = self.method.rate.random
        return Seen(
            t=self._t,
            x=self._x,
            g=g,
            f=f,
            offsets=self._stepper.offsets,
            q=tuple(gradient for _, gradient in others),
            fq=tuple(loss for loss, _ in others),
            u=uniforms(self._seed, self._trajectory, self._t, RANDOM, 1) if random else None,
        )

    def _move(self, seen: Seen, search: Search) -> Info:
        info = search.info
        if info.status:
            return self._stop(Status(int(info.status)), seen, info)
        state, x = self._stepper.move(search.state, seen, info)
        if not np.isfinite(x).all():
            return self._stop(Status.NONFINITE_POINT, seen, info)
        self._spent += 1 + len(seen.q)
        self._tried += int(info.trials)
        self._info = self._report(seen, info)
        self._state, self._x = state, x
        self._t += 1
        return self._info

    def _stop(self, status: Status, seen: Seen, info: StepInfo | None) -> Info:
        self._status = status
        self._info = self._report(seen, info)
        return self._info

    def _report(self, seen: Seen, info: StepInfo | None) -> Info:
        rate = np.nan if info is None else float(info.eta[0])
        scalars = {} if info is None else {name: float(value[0]) for name, value in info.scalars.items()}
        return Info(self._t, float(seen.f[0]), rate, self._status, scalars, self._spent, self._tried)


def _status_of(code: int) -> Status:
    try:
        return Status(code)
    except ValueError:
        raise ValueError(f"status must be a code of lra_ref.Status, got {code}") from None


def _info_of(packed: Any) -> Info | None:
    """The info of a state: JSON of its fields, or of null."""
    text = str(as_array("info", packed)[()])
    try:
        fields = json.loads(text)
        return None if fields is None else Info._make(fields)._replace(status=Status(fields[3]))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise ValueError(f"info must be what state_dict() gave, got {shown(text)}") from None
