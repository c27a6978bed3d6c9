"""The reference of ``hdm``: the step on arrays of shape (..., D), over the formulas that the kernels use."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import clip, descend, product, square, where
from lra_ref.methods import hdm_kernels as kernels
from lra_ref.methods.hdm_formulas import (
    accepts,
    accumulated,
    adagrad_step,
    ball_share,
    exponentiated_step,
    feedback,
    hypergradient,
    momentum_hypergradient,
    projected_step,
    reaches,
    simplex_share,
    tested_point,
)
from lra_ref.methods.hdm_kernels import STATIONARY
from lra_ref.parts import Seen, Whole
from lra_ref.typing import Array, Info, State


class HDMReference(Whole):
    """What ``hdm`` does, step by step; ``dim``, ``adagrad`` and the names of the rows are set by the method itself."""

    dim: int
    #: whether P learns by AdaGrad
    adagrad: bool
    rows_of_P: tuple[str, ...]
    rows_of_G: tuple[str, ...]

    def matrix(self, state: State, rows: tuple[str, ...]) -> Array:
        """Rows of a full matrix, (..., D, D)."""
        return np.stack([state[name] for name in rows], axis=-2)

    def times(self, state: State, v: Array) -> Array:
        """P v for P in the state; a full P adds up its columns in order."""
        if self.parameters.shape == "full":
            moved: Array = in_order(product(self.matrix(state, self.rows_of_P), v[..., None, :]))[..., 0]
        else:
            moved = product(state["P"] if self.parameters.shape == "diagonal" else state["alpha"], v)
        return moved

    def signal(self, state: State, seen: Seen, norm2: Any) -> Array:
        """r for every entry of P."""
        base, full = state["gradient"], self.parameters.shape == "full"
        pairs = product(seen.g[..., :, None], base[..., None, :]) if full else product(seen.g, base)
        r: Array = hypergradient(pairs, norm2[..., None] if full else norm2)
        return r

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Feedback of the tested point, null step, updates of what is scalar."""
        p, hyp, first = self.parameters, self.hyper(), seen.t == 0
        new, zero = dict(state), np.zeros_like(state["status"])

        def whole(summands: Array) -> Array:
            added: Array = in_order(block_sums(np.broadcast_to(summands, seen.x.shape), seen.offsets))
            return added

        if first:
            new["alpha"] = zero + hyp[kernels.START] if p.shape == "scalar" else zero
        norm2, value, inner = state["norm2"], state["value"], whole(product(seen.g, state["gradient"]))
        moved = whole(product(state["gradient"], self.times(state, state["gradient"])))
        effective = new["alpha"] if p.shape == "scalar" else quotient(moved, norm2)
        rate = zero if first else effective
        # a lookahead step alternates: y teaches P, then z is judged; in every other form a point does both
        pending = state["lookahead"] > 0
        learns = (zero == 0) & (not first) & (pending | (p.form != "lookahead"))
        judges = ~pending
        new.update(tested_norm2=norm2, updates=state["updates"] + where(learns, 1.0, 0.0))
        new["share"] = where(learns, self.shrink(state, seen, whole), 1.0)
        for name, learned in self.learned(new, seen, inner, whole).items():
            new[name] = where(learns, learned, new[name])
        taken = judges & (accepts(seen.f, value, p.accept_tol) | first)
        new["accepted"] = where(taken, 1.0, 0.0)
        new["h"] = where(judges, zero if first else feedback(seen.f, value, norm2), state["h"])
        new["value"] = where(taken, seen.f, value)
        new["norm2"] = where(taken, whole(square(seen.g)), norm2)
        vanished = (whole(reaches(seen.g, p.tol)) == 0) | (new["norm2"] == 0)
        new["small"] = where(taken, where(vanished, 1.0, 0.0), state["small"])
        new["lookahead"] = where(judges, 1.0, 0.0) if p.form == "lookahead" else zero
        stopped = state["small"] > 0
        new = {name: where(stopped, state[name], new[name]) if name in self.scalars else new[name] for name in new}
        new["status"] = where(stopped, STATIONARY, state["status"])
        return new, rate, {name: new[name] for name in self.scalars}

    def shrink(self, state: State, seen: Seen, whole: Any) -> Any:
        """Factor of the projection of P after its update, 1 where the rule clips."""
        p, hyp, norm2 = self.parameters, self.hyper(), state["norm2"]
        if p.form == "eg":
            grown = exponentiated_step(state["P"], self.signal(state, seen, norm2), p.eta, state["updates"] + 1)
            return simplex_share(whole(grown), p.delta)
        if p.shape == "full" and not self.adagrad:
            step = descend(self.matrix(state, self.rows_of_P), hyp[kernels.STEP], self.signal(state, seen, norm2))
            return ball_share(whole(in_order(square(step))[..., 0]), p.limit())
        return np.ones_like(norm2)

    def learned(self, state: State, seen: Seen, inner: Any, whole: Any) -> State:
        """alpha and beta after an update."""
        p, hyp, norm2, out = self.parameters, self.hyper(), state["norm2"], {}
        if p.shape == "scalar":
            r = hypergradient(inner, norm2)
            if self.adagrad:
                out["alpha_G"] = accumulated(state["alpha_G"], r)
                stepped = adagrad_step(state["alpha"], r, out["alpha_G"], hyp[kernels.STEP], p.eps)
                out["alpha"] = clip(stepped, hyp[kernels.LOW], hyp[kernels.HIGH])
            else:
                out["alpha"] = projected_step(state["alpha"], r, hyp[kernels.STEP], hyp[kernels.LOW], hyp[kernels.HIGH])
        if p.form == "heavy_ball":
            r = momentum_hypergradient(whole(product(seen.g, state["point"] - state["x_old"])), norm2)
            out["beta_G"] = accumulated(state["beta_G"], r)
            out["beta"] = clip(adagrad_step(state["beta"], r, out["beta_G"], p.beta_step, p.eps), -1, 1)
        return out

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Learn P, accept or not, and propose the next point."""
        new, first = dict(state), seen.t == 0
        if self.rows_of_P:
            new.update(self.learned_P(state, seen))
        before = seen.x if first else state["point"]
        taken = state["accepted"] > 0
        if "x_old" in self.vectors:
            new["x_old"] = before
        new["point"] = where(taken, seen.x, before)
        new["gradient"] = where(taken, seen.g, state["gradient"])
        return new, tested_point(new["point"], self.times(new, new["gradient"]), state["beta"], before)

    def learned_P(self, state: State, seen: Seen) -> State:
        """Rows of P and G after this step's update, or at the start."""
        p, hyp = self.parameters, self.hyper()
        full, learns = p.shape == "full", (state["updates"] > 0) & (seen.t > 0)
        if p.form == "lookahead":
            learns = learns & (state["lookahead"] == 0)
        if full:
            learns = learns[..., None]
        r = self.signal(state, seen, state["tested_norm2"])
        P = self.matrix(state, self.rows_of_P) if full else state["P"]
        start, G = hyp[kernels.START] * np.eye(self.dim, like=seen.x) if full else hyp[kernels.START], None
        if self.adagrad:
            G = self.matrix(state, self.rows_of_G) if full else state["G"]
            G = where(learns, accumulated(G, r), G)
            stepped = clip(adagrad_step(P, r, G, hyp[kernels.STEP], p.eps), hyp[kernels.LOW], hyp[kernels.HIGH])
        elif p.form == "eg":
            stepped = state["share"] * exponentiated_step(P, r, p.eta, state["updates"])
        elif full:
            stepped = state["share"][..., None] * descend(P, hyp[kernels.STEP], r)
        else:
            stepped = projected_step(P, r, hyp[kernels.STEP], hyp[kernels.LOW], hyp[kernels.HIGH])
        P = where(learns, stepped, start if seen.t == 0 else P)
        pairs = [(self.rows_of_P, P)] + ([(self.rows_of_G, G)] if self.adagrad else [])
        if not full:
            return {names[0]: value for names, value in pairs}
        return {name: value[..., i, :] for names, value in pairs for i, name in enumerate(names)}
