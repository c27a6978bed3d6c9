"""The reference as an optax ``GradientTransformation``.

    transformation = reference_transformation("clara_sgd", lr=0.1)
    state = transformation.init(params)
    updates, state = transformation.update(grads, state, params)
    params = optax.apply_updates(params, updates)

The leaves of ``params`` are the blocks of one flat vector.  The reference runs on the host in float64 (``jax.pure_callback``), also
under ``jit``, whether or not JAX has 64-bit types on: the state is a pytree of arrays that holds every float64 as two 32-bit words.
:func:`unpacked` shows it as NumPy arrays.

- The state's point is the truth: an update leads from ``params`` to it, so that roundings of ``params`` do not accumulate.  Values
  that somebody else writes to ``params`` are therefore undone; call ``init`` again instead.
- A method that reads the loss takes it as ``update(..., value=loss)``.
- A method that evaluates elsewhere (GALA, line searches) takes ``update(..., evaluate=f)`` with a JAX function
  ``f(params, sample) -> (loss, gradient)``; ``sample`` is ``"present"`` (the minibatch of this step), ``"last"`` (that of the step
  before), ``"fresh"`` (one of the step before that is independent of it) or ``"full"`` (the objective itself).  Hessian-vector products are
  taken of it by JAX, on ``"present"``.
- ``params`` is ``x``; a method that answers with another point (HDM: the best one so far) has it in ``unpacked(state)``.
- A method that stops leaves its last finite point; ``state.status`` names the reason (``lra_ref.Status``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lra_ref.adapters.needs import Needs, needs_of
from lra_ref.engine.optimizer import LOSS, Optimizer
from lra_ref.methods import Method, make_method
from lra_ref.typing import Array

try:
    import jax
    import jax.numpy as jnp
    import optax
except ImportError:
    raise ImportError("lra_ref.adapters.optax needs jax and optax: pip install 'lra_ref[ports]'") from None

SHAPE: Any = jax.ShapeDtypeStruct
COUNTERS = ("t", "status", "gradient_evaluations", "loss_evaluations")
WORD = np.dtype("<u4")


class ReferenceState(NamedTuple):
    """Counters (int32), the last rate, and the arrays of the reference: float64 as words, uint32 of shape (..., 2)."""

    t: Any
    status: Any
    gradient_evaluations: Any
    loss_evaluations: Any
    rate: Any
    arrays: dict[str, Any]


class _Taken(NamedTuple):
    """What the host answers: the state after the step, the updates, and where a search still wants the loss."""

    state: ReferenceState
    updates: list[Any]
    trial: list[Any]
    open: Any


def words(array: Any) -> Array:
    """A float64 array as uint32 of shape (..., 2)."""
    values = np.asarray(array, dtype="<f8", order="C")
    return np.frombuffer(values.tobytes(), WORD).reshape(*values.shape, 2)


def unwords(array: Any) -> Array:
    """The float64 array of :func:`words`."""
    values = np.asarray(array, dtype=WORD, order="C")
    return np.frombuffer(values.tobytes(), "<f8").reshape(values.shape[:-1]).copy()


def unpacked(state: ReferenceState) -> dict[str, Any]:
    """The state as numbers and float64 NumPy arrays, by the names of ``Optimizer.state_dict``, and the last ``rate`` (nan before one)."""
    counters = {name: int(getattr(state, name)) for name in COUNTERS}
    return {**counters, "rate": float(unwords(state.rate)), **{name: unwords(value) for name, value in state.arrays.items()}}


class _Host:
    """The reference for leaves of given shapes: plain functions of NumPy arrays, called by JAX."""

    def __init__(self, method: Method, leaves: list[Any], seed: int) -> None:
        for k, leaf in enumerate(leaves):
            if not jnp.issubdtype(leaf.dtype, jnp.floating):
                raise ValueError(f"the parameters must be real floating point numbers, leaf {k} is {leaf.dtype}")
        self.shapes = [SHAPE(leaf.shape, leaf.dtype) for leaf in leaves]
        sizes = [int(np.prod(shape.shape)) for shape in self.shapes]
        self.edges = np.cumsum([0, *sizes])
        self.offsets = np.cumsum([0, *(size for size in sizes if size)])
        if self.offsets[-1] == 0:
            raise ValueError("the parameters have no elements")
        # one optimizer serves all calls: every call loads the state it is given
        self.seed, self.lock = seed, threading.Lock()
        self.optimizer = Optimizer(method, np.zeros(self.offsets[-1]), self.offsets, seed=seed)
        self.needs: Needs = needs_of(method, self.offsets)
        self.samples = [sample for _, sample in method.bound(np.asarray(self.offsets)).rate.points]
        self.state_shape = jax.tree.map(lambda a: SHAPE(a.shape, a.dtype), self.packed(None))
        self.taken_shape = _Taken(self.state_shape, self.shapes, self.shapes, SHAPE((), np.bool_))

    def flat(self, leaves: list[Any]) -> Array:
        """Leaves as one float64 vector."""
        return np.concatenate([np.asarray(leaf).astype(np.float64).reshape(-1) for leaf in leaves])

    def leaves(self, x: Array) -> list[Any]:
        """A float64 vector as leaves, rounded to their types."""
        parts = zip(self.shapes, self.edges[:-1], self.edges[1:], strict=True)
        return [x[lo:hi].reshape(shape.shape).astype(shape.dtype) for shape, lo, hi in parts]

    def packed(self, rate: float | None) -> ReferenceState:
        """The state of the optimizer."""
        state = self.optimizer.state_dict()
        arrays = {name: words(value) for name, value in state.items() if isinstance(value, np.ndarray) and name != "offsets"}
        counters = {name: np.asarray(state[name], dtype=np.int32) for name in COUNTERS}
        return ReferenceState(**counters, rate=words(np.nan if rate is None else rate), arrays=arrays)

    def load(self, state: ReferenceState) -> None:
        """Put the optimizer into a state."""
        full = self.optimizer.state_dict()
        full.update({name: int(np.asarray(getattr(state, name))) for name in COUNTERS})
        full.update({name: unwords(value) for name, value in state.arrays.items()}, info="null")
        self.optimizer.load_state_dict(full)

    def begin(self, leaves: list[Any]) -> ReferenceState:
        """State before the first step."""
        with self.lock:
            self.optimizer = Optimizer(self.optimizer.method, self.flat(leaves), self.offsets, seed=self.seed)
            return self.packed(None)

    def points(self, state: ReferenceState, gradient: Any, value: Any) -> list[list[Any]]:
        """Where the method wants to know more in this step (for "hvp" the vectors); the present point where it does not."""
        with self.lock:
            self.load(state)
            wanted = self.optimizer.ask()[1:]
            if self.optimizer.method.rate.aim is not None and not self.optimizer.status:
                info = self.optimizer.tell([(float(np.asarray(value)), self.flat(gradient))])
                wanted = self.optimizer.ask() if info is None else []
            found = [evaluation.x if evaluation.v is None else evaluation.v for evaluation in wanted]
            return [self.leaves(x) for x in found or [self.optimizer.x] * len(self.samples)]

    def take(self, state: ReferenceState, params: Any, gradient: Any, value: Any, extra: Any, losses: Any, count: Any) -> _Taken:
        """The step, as far as the ``count`` losses of its search lead."""
        with self.lock:
            self.load(state)
            optimizer, held, before = self.optimizer, self.flat(params), self.packed(None)._replace(rate=np.asarray(state.rate))
            present: list[Any] = [(float(np.asarray(value)), self.flat(gradient))]
            points = [self.flat(g) if name == "hvp" else (float(np.asarray(f)), self.flat(g)) for name, (f, g) in self.named(extra)]
            known = [float(loss) for loss in np.asarray(losses)[: int(count)]]
            info = None
            while info is None and not optimizer.status:
                wanted = optimizer.ask()
                if wanted[0].needs == LOSS:
                    if not known:
                        return _Taken(before, self.leaves(np.zeros_like(held)), self.leaves(wanted[0].x), np.asarray(True))
                    answers, known = known[:1], known[1:]
                else:
                    # the present point comes first in a step; after aiming it is not asked for again
                    answers, present = (present + points)[: len(wanted)], []
                info = optimizer.tell(answers)
            rate = unwords(state.rate) if info is None else info.rate
            after, move = self.packed(float(rate)), self.leaves(optimizer.x - held)
            return _Taken(after, move, self.leaves(optimizer.x), np.asarray(False))

    def named(self, extra: Any) -> list[tuple[str, Any]]:
        """Answers with the names of their samples."""
        return list(zip(self.samples, extra, strict=True))


def reference_transformation(method: str | Method, *, seed: int = 0, **parameters: Any) -> optax.GradientTransformationExtraArgs:
    """Any method of this package as a transformation of optax; see the module docstring.

    Parameters
    ----------
    method : name of a method (with its ``parameters``), or a method.
    seed : key of the uniform numbers of methods that draw one per step (GALA's random point).

    Raises
    ------
    ValueError : an unknown method or hyper-parameter, or a value out of range; from ``init`` and ``update``: parameters that are not real
    floating point or have no elements, ``params``, ``value`` or ``evaluate`` missing where the method needs it.
    """
    if isinstance(method, Method) and parameters:
        raise ValueError(f"a method that is already made takes no parameters, got {', '.join(parameters)}")
    made = method if isinstance(method, Method) else make_method(method, **parameters)
    limit = made.rate.most_trials()
    if made.rate.retry is not None and limit is None:
        raise ValueError(f"the search of {made.name} has no largest number of trials, which bounds the loop under jit")
    hosts: dict[Any, _Host] = {}

    def host_of(params: Any) -> tuple[_Host, Any]:
        leaves, tree = jax.tree.flatten(params)
        leaves = [jnp.asarray(leaf) for leaf in leaves]
        key = (tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves))
        if key not in hosts:
            hosts[key] = _Host(made, leaves, seed)
        return hosts[key], leaves

    def init(params: Any) -> ReferenceState:
        host, leaves = host_of(params)
        state: ReferenceState = jax.pure_callback(host.begin, host.state_shape, leaves, vmap_method="sequential")
        return state

    def update(
        updates: Any, state: ReferenceState, params: Any = None, *, value: Any = None, evaluate: Any = None, **extra_args: Any
    ) -> tuple[Any, ReferenceState]:
        if params is None:
            raise ValueError("the reference needs the parameters: update(updates, state, params)")
        host, leaves = host_of(params)
        needs = host.needs
        if (needs.points or needs.search or needs.products) and evaluate is None:
            raise ValueError(needs.missing(made.name, "give update(..., evaluate=f) with f(params, sample) -> (loss, gradient)"))
        if needs.loss and value is None:
            raise ValueError(f"{made.name} reads the loss: give update(..., value=loss)")
        tree: Any = jax.tree.structure(params)
        if tree != jax.tree.structure(updates):
            raise ValueError(f"updates must have the structure of params, got {jax.tree.structure(updates)} for {tree}")
        gradient = jax.tree.leaves(updates)
        loss = jnp.asarray(0.0 if value is None else value)
        extra = [] if evaluate is None or not host.samples else _extra(host, state, params, gradient, loss, evaluate)

        def advance(losses: Any, count: Any) -> _Taken:
            arguments = (state, leaves, gradient, loss, extra, losses, count)
            taken: _Taken = jax.pure_callback(host.take, host.taken_shape, *arguments, vmap_method="sequential")
            return taken

        losses = jnp.zeros(1 if limit is None else limit, loss.dtype)
        taken = _search(advance, losses, tree, evaluate) if needs.search else advance(losses, 0)
        return jax.tree.unflatten(tree, taken.updates), taken.state

    return optax.GradientTransformationExtraArgs(init, update)


def _extra(host: _Host, state: ReferenceState, params: Any, gradient: Any, loss: Any, evaluate: Callable[..., Any]) -> list[Any]:
    """``(loss, gradient)`` at the points that the rate names; for a Hessian-vector product the latter is the product."""
    tree = jax.tree.structure(params)
    points = jax.pure_callback(host.points, [host.shapes] * len(host.samples), state, gradient, loss, vmap_method="sequential")
    found = []
    for point, sample in zip(points, host.samples, strict=True):
        at = jax.tree.unflatten(tree, point)
        if sample == "hvp":
            value, answer = loss, jax.jvp(lambda x: evaluate(x, "present")[1], (params,), (at,))[1]
        else:
            value, answer = evaluate(at, sample)
        found.append((value, jax.tree.leaves(answer)))
    return found


def _search(advance: Callable[..., _Taken], losses: Any, tree: Any, evaluate: Callable[..., Any]) -> _Taken:
    """Trial points one after the other, until the rate is content."""

    def again(carry: tuple[Any, Any, _Taken]) -> tuple[Any, Any, _Taken]:
        count, known, taken = carry
        value, _ = evaluate(jax.tree.unflatten(tree, taken.trial), "present")
        known = known.at[count].set(value)
        return count + 1, known, advance(known, count + 1)

    begun = (jnp.asarray(0), losses, advance(losses, 0))
    last: _Taken = jax.lax.while_loop(lambda carry: carry[2].open, again, begun)[2]
    return last
