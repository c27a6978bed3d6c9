"""The reference on the tensors of a model, step by step on a sequence of gradients: what a port is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lra_ref.crosscheck.layouts import Layout
from lra_ref.crosscheck.sequences import Gradients
from lra_ref.crosscheck.shares import CHAIN, Share, ends_of, state_of
from lra_ref.crosscheck.ulp import PRECISIONS, digits, rounded
from lra_ref.engine.optimizer import Evaluation
from lra_ref.methods import Method
from lra_ref.status import Status
from lra_ref.typing import Array


@dataclass(frozen=True)
class Plan:
    """A method and how it meets the tensors of a model.

    ``blocks``: "given", every tensor is a block; "merged", all of them are one block; "apart", every tensor has an optimizer of its own.
    ``missing``: a tensor without gradient is left out ("skip"), or has a zero gradient ("zero").
    ``groups``: the method of every parameter group, each with an optimizer of its own; empty: all tensors have ``method``.
    """

    method: Method
    blocks: str = "given"
    missing: str = "skip"
    groups: tuple[Method, ...] = ()


@dataclass
class Machine:
    """One run of the reference in float64; gradients are rounded to the precision of the port, so that both sides see the same.

    ``jitter``: number of a twin, a run in which everything that a step computes is moved by as much as rounding can; None: the reference.
    """

    plan: Plan
    layout: Layout
    sequence: Gradients
    x: Array
    precision: str = "float64"
    seed: int = 0
    jitter: int | None = None
    t: int = 0
    status: Status = Status.RUNNING
    shares: list[Share] = field(init=False)

    def __post_init__(self) -> None:
        slices, tensors = self.layout.slices(), self.layout.tensors
        self.active = [k for k, t in enumerate(tensors) if t.moves or (self.plan.missing == "zero" and t.trainable and t.size)]
        if not self.active:
            raise ValueError(f"the layout {self.layout.name} has no tensor that an optimizer may move")
        if self.plan.groups:
            # the tensors of a group side by side
            self.active.sort(key=lambda k: tensors[k].group)
        self.index = np.concatenate([np.arange(slices[k].start, slices[k].stop) for k in self.active])
        self.offsets = np.concatenate([[0], np.cumsum([tensors[k].size for k in self.active])]).astype(np.int64)
        self.x = np.array(self.x, dtype=float)
        self.seen = np.concatenate([[], *(np.full(t.size, float(t.moves)) for t in tensors)])
        self.rates: list[float] = []
        self.rng = np.random.default_rng([self.seed, 0 if self.jitter is None else self.jitter])
        self.unit = 2.0 ** -digits(self.precision)
        self._share_out(self.x[self.index])

    def _share_out(self, start: Array) -> None:
        """An optimizer for all tensors, one for every group, or one for every tensor."""
        plan, groups = self.plan, [self.layout.tensors[k].group for k in self.active]
        cuts = [k for k in range(1, len(groups)) if plan.blocks == "apart" or (plan.groups and groups[k] != groups[k - 1])]
        self.firsts = [0, *cuts, len(groups)]
        self.ends = [int(self.offsets[k]) for k in self.firsts]
        methods = [plan.groups[groups[k]] if plan.groups else plan.method for k in self.firsts[:-1]]
        merged = plan.blocks == "merged"
        ends = ends_of(self.offsets, self.ends)
        self.shares = [
            Share.made(method, start[lo : lo + int(part[-1])], part, merged, self.seed)
            for method, lo, part in zip(methods, self.ends, ends, strict=False)
        ]

    def step(self) -> bool:
        """One step; False if the method stopped (``status`` says why)."""
        open_ = self._opened()
        with np.errstate(all="ignore"):
            infos: list[Any] = [None for _ in open_]
            while None in infos:
                asked = [share.active.ask() for share in open_]
                if len({len(evaluations) for evaluations in asked}) > 1:
                    raise ValueError(f"the tensors of {self.plan.method.name} cannot go apart: they ask for different evaluations")
                answers = [self._answer(open_, list(together)) for together in zip(*asked, strict=True)]
                infos = [share.active.tell([answer[k] for answer in answers]) for k, share in enumerate(open_)]
        self.status = next((info.status for info in infos if info.status), Status.RUNNING)
        if self.status:
            return False
        for share in open_:
            share.close()
        if self.jitter is not None:
            for share, x in zip(self.shares, np.split(self.x[self.index], self.ends[1:-1]), strict=True):
                share.jittered(x, self.unit, self.rng)
        self.x[self.index] = np.concatenate([share.optimizer.x for share in self.shares])
        self.rates = [info.rate for info in infos] or self.rates
        self.t += 1
        return True

    def _opened(self) -> list[Share]:
        """The shares that have a gradient in this step, begun on their tensors that have one."""
        if not self.sequence.gaps or self.plan.missing == "zero":
            return self.shares
        present = self.sequence.present(self.t, self.layout.dim)
        live = present[self.index[self.offsets[:-1]]]
        found = []
        for share, first, last in zip(self.shares, self.firsts, self.firsts[1:], strict=False):
            if live[first:last].any():
                share.open(live[first:last])
                found.append(share)
        return found

    def _answer(self, open_: list[Share], together: list[Evaluation]) -> list[Any]:
        """One evaluation, of all optimizers at the same time; the gradient of each of them is its part of the whole one."""
        full = self.x.copy()
        places = [self.index[lo + share.elements] for share, lo in zip(self.shares, self.ends, strict=False) if share in open_]
        for place, evaluation in zip(places, together, strict=True):
            full[place] = evaluation.x
        # an optimizer that did not take part in every step counts its own: what it names is meant as so many steps back
        stream, step = together[0].sample
        sample = (stream, step if stream == "full" else step + self.t - open_[0].active.t)
        along = [(place, evaluation.v) for place, evaluation in zip(places, together, strict=True) if evaluation.v is not None]
        if along:
            v = np.zeros(full.size)
            for place, vector in along:
                v[place] = vector
            product = self._shown(self.sequence.product(sample, full, v))
            return [product[place] for place in places]
        loss, gradient = self.sequence.evaluate(sample, full)
        shown = self._shown(gradient)
        return [(loss, shown[place]) for place in places]

    def _shown(self, vector: Array) -> Array:
        """What the method sees of a gradient: in the precision of the port, 0 where there is none."""
        shown = rounded(vector, self.precision) * self.seen
        if self.jitter is not None:
            shown = shown * (1 + CHAIN * self.unit * self.rng.uniform(-1, 1, shown.shape))
        return np.where(self.sequence.present(self.t, shown.size), shown, 0.0) if self.sequence.gaps else shown

    def beyond(self) -> bool:
        """Whether a number that the method keeps is out of the range of the port's precision, shorter than ours."""
        if self.precision == "float64":
            return False
        largest = 2.0 ** PRECISIONS[self.precision][2]
        return any(bool(np.any(np.abs(value) >= largest)) for value in (self.x, *self.quantities().values()))

    def placed(self, values: Array) -> Array:
        """A vector of the method as one of the whole model, 0 where it has nothing."""
        full = np.zeros(self.layout.dim)
        full[self.index] = values
        return full

    def quantities(self) -> dict[str, Array]:
        """Everything that can be compared after a step: the state of direction and rate by the names of the parts, and ``rate``."""
        kept = [state_of(share.optimizer) for share in self.shares]
        found = {key.partition(".")[2]: np.concatenate([np.atleast_1d(one[key]) for one in kept]) for key in kept[0]}
        return {**found, "rate": np.array(self.rates)}


def quantities(method: Method) -> dict[str, str]:
    """Names of what can be compared, in the order in which a step computes them -> "vector" or "scalar"."""
    direction, rate = method.direction, method.rate
    order = {name: "vector" for name in direction.vectors} | {name: "scalar" for name in direction.scalars}
    order |= {name: "scalar" for name in rate.scalars} | {"rate": "scalar"}
    return order | {name: "vector" for name in rate.vectors} | {name: "scalar" for name in rate.late}


#: rates that watch the loss for a change
WATCHING = ("salera", "spalera")


def needs_objective(method: Method) -> bool:
    """Whether the method looks at more than the gradient of the step: other points, Hessian-vector products or the loss."""
    rate = method.rate
    loss = rate.retry is not None or rate.name in WATCHING or any(need.startswith(("losses", "F*")) for need in rate.needs)
    return bool(rate.points) or loss
