"""The members: the models behind the formulas, the kernels that compute them, the edge cases."""

from __future__ import annotations

from itertools import product as combinations
from typing import Any

import numpy as np
import sympy as sp
import z3

from lra_ref.arithmetic import quotient, total
from lra_ref.directions.momentum import averaged_begin, averaged_map
from lra_ref.directions.sgd import decayed
from lra_ref.directions.sign import sign_map
from lra_ref.formulas import average, clip, descend, product, square
from lra_ref.parts import move_along
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.gradient_variation_steps.kernels import EPS_F, ETA_0, FACTOR, PAIRS, THETA, Machine, machine, vector
from proofs_check.steps import Control, Outcome, Step, counted

EPS, ETA, THETA_, V, PREVIOUS, GAMMA = reals("eps_f eta theta v previous gamma", positive=True)
SY, S2, Y2, SLOPE, NORM2, MOMENT = reals("sy s2 y2 slope norm2 moment", positive=True)
RATE_FORMULAS = (gv.secant, gv.long_step, gv.short_step, gv.pair_member)
PAIR_KERNELS = (gv.pair_decide, gv.same_terms, gv.fresh_terms, gv.same_move, gv.fresh_move, gv.pair_summands)
FISHER_KERNELS = (gv.fisher_decide, gv.norm_terms, gv.along_terms, gv.fisher_member)
SHARED = (total, average, descend, product, square, clip, gv.applied_rate)


# --- models -----------------------------------------------------------------------------------------------------------
def dot(a: Any, b: Any) -> Any:
    """Inner product of object arrays."""
    return sum(a * b)


def fisher_model(curvature: int = 1) -> Outcome:
    """The raw rate along d is the stationary point of the quadratic model with the matrix eps_f I + g g', which curves upwards."""
    g, d = vector("g:2"), vector("d:2")
    matrix = EPS * sp.eye(2) + curvature * sp.Matrix(g) * sp.Matrix(g).T
    column = sp.Matrix(d)
    curve = (column.T * matrix * column)[0]
    model = -ETA * dot(g, d) + ETA**2 / 2 * curve
    rate = symbolic(gv.fisher_along)(dot(g, d), dot(d, d), EPS)
    return identities([(sp.diff(model, ETA).subs(ETA, rate), 0), (curve, EPS * dot(d, d) + curvature * dot(g, d) ** 2)])


def along_gradient(power: int = 1) -> Outcome:
    """Along d = g, where <g,d> = |d|^2 = |g|^2, the general forms are the plain ones."""
    plain = symbolic(gv.fisher_gradient)
    return identities([
        (symbolic(gv.fisher_along)(MOMENT, MOMENT, EPS), plain(MOMENT**power, EPS)),
        (symbolic(gv.smoothed_along)(MOMENT, MOMENT, V, EPS), plain(V, EPS)),
    ])  # fmt: skip


def along_sign(dim: int = 3, counted_as: int = 3) -> Outcome:
    """Along sign(g), for every pattern of signs: |g|_1 / (eps_f D + |g|_1^2), by the kernels."""
    size = vector("p:3", positive=True)
    out = []
    for signs in combinations((1, -1), repeat=dim):
        at = machine("sign", "fisher", dim, hyp={EPS_F: EPS})
        g = np.array(signs) * size
        eta = at.decide(at.summands(g, g, at.aim(g, g), g))
        out.append(identity(eta, sum(size) / (EPS * counted_as + sum(size) ** 2)))
    return counted(out)


def secant_models(exchanged: bool = False) -> Outcome:
    """bb1: 1/eta minimises |s/eta - y|^2; bb2: eta minimises |s - eta y|^2; |s|/|y| squared is their product."""
    b = reals("b", positive=True)
    long, short = symbolic(gv.long_step)(S2, SY), symbolic(gv.short_step)(SY, Y2)
    first, second = b**2 * S2 - 2 * b * SY + Y2, S2 - 2 * b * SY + b**2 * Y2
    if exchanged:
        long, short = short, long
    return identities([
        (sp.diff(first, b).subs(b, 1 / long), 0),
        (sp.diff(second, b).subs(b, short), 0),
        (symbolic(gv.secant)(S2, Y2) ** 2, long * short),
    ])  # fmt: skip


def smoothed_term(factor: int = 1) -> Outcome:
    """<g,d>^2 <= |g|^2 |d|^2 in the plane of g and d (Lagrange's identity: the difference is a square)."""
    real = Reals()
    g0, g1, d0, d1 = real("g0 g1 d0 d1")
    return real.always(factor * (g0 * d0 + g1 * d1) ** 2 <= (g0 * g0 + g1 * g1) * (d0 * d0 + d1 * d1))


# --- the kernels compute the formulas ---------------------------------------------------------------------------------
def fisher_rates(weight: Any = THETA_) -> Outcome:
    """decide: theta times the formula; along g from the one sum |g|^2."""
    hyp = {EPS_F: EPS, THETA: THETA_}
    wanted = {
        "sgd": symbolic(gv.fisher_gradient)(MOMENT, EPS),
        "momentum": symbolic(gv.fisher_along)(SLOPE, NORM2, EPS),
    }
    out = []
    for direction, rate in wanted.items():
        at = machine(direction, "fisher", hyp=hyp)
        at.t, at.scal[0, 1] = 3, PREVIOUS
        eta = at.decide(np.array([[MOMENT] if direction == "sgd" else [SLOPE, NORM2, MOMENT]], dtype=object))
        out += [identity(eta, weight * rate), identity(at.scal[0, 1], eta), identity(at.scal[0, 2], 0)]
    return counted(out)


def smoothed_rates(weight: int = 1) -> Outcome:
    """decide of fisher_ema: v_0 = |g_0|^2, then c v + (1-c)|g_t|^2; the rate is theta times the formula, the step is not kept."""
    out = []
    for t, direction in combinations((0, 3), ("sgd", "momentum")):
        real = Reals()
        eps, theta, c, v, moment, slope, norm2, high = real("eps theta c v moment slope norm2 high")
        at = machine(direction, "fisher_ema", namespace=real, hyp={0: 1, 1: int(direction == "sgd")})
        at.hyp[2:] = [theta, 0, high, high, eps, c, 1]
        at.t, at.scal = t, np.array([[0, high, 0, v]], dtype=object)
        eta = at.decide(np.array([[moment] if direction == "sgd" else [slope, norm2, moment]], dtype=object))
        after = moment if t == 0 else c * v + weight * (1 - c) * moment
        rate = (
            real.reading(gv.fisher_gradient)(after, eps)
            if direction == "sgd"
            else real.reading(gv.smoothed_along)(slope, norm2, after, eps)
        )
        claim = z3.And(
            at.scal[0, 3] == after, z3.Implies(high >= theta * rate, eta == theta * rate), eta == at.scal[0, 1], at.scal[0, 2] == 0
        )
        given = [eps > 0, theta > 0, c >= 0, c < 1, v >= 0, moment >= 0, slope > 0, norm2 > 0, high > 0]
        out.append(real.always(claim, given))
    return counted(out)


def pair_rates(weight: Any = THETA_) -> Outcome:
    """decide: eta_0 at t = 0, then theta times the formula of the member, random ones times gamma/b; the kept steps are not raised."""
    formulas: dict[str, Any] = {
        "secant": symbolic(gv.secant)(S2, Y2), "bb1": symbolic(gv.long_step)(S2, SY), "bb2": symbolic(gv.short_step)(SY, Y2),
        "random_bb1": GAMMA * symbolic(gv.long_step)(S2, SY), "random_bb2": GAMMA * symbolic(gv.short_step)(SY, Y2),
    }  # fmt: skip
    out = []
    for member in PAIRS:
        at = machine("sgd", member, hyp={THETA: THETA_, FACTOR: GAMMA, ETA_0: PREVIOUS})
        sums = np.array([[SY, S2, Y2, SLOPE]], dtype=object)
        out += [identity(at.decide(sums), PREVIOUS), identity(at.scal[0, 1], PREVIOUS)]
        at.t = 1
        out += [identity(at.decide(sums), weight * formulas[member]), identity(at.scal[0, 1], weight * formulas[member])]
        out += [identity(at.scal[0, 2], 0)]
    return counted(out)


def feedback(sign: int = 1) -> Outcome:
    """terms: <s,y>, |s|^2, |y|^2, <g,d> with s = x_t - x_{t-1}, y = g_t - g_{t-1}; or <g,d>, |d|^2, |g|^2; or |g|^2."""
    x, before, g, q, d = (vector(f"{name}:2") for name in "xbgqd")
    out = []
    for pair in ("same", "fresh"):
        at = machine("momentum", "secant", 2, pair=pair)
        at.vec[0] = before
        if pair == "fresh":
            at.vec[1] = q
        s, y = x - before, g - sign * q
        found = at.summands(x, g, d, q if pair == "same" else d)
        out += [identity(value, wanted) for value, wanted in zip(found[0], (dot(s, y), dot(s, s), dot(y, y), dot(g, d)), strict=True)]
    along, plain = machine("momentum", "fisher", 2), machine("sgd", "fisher", 2)
    found = along.summands(x, g, d, q)[0]
    out += [identity(value, wanted) for value, wanted in zip(found, (dot(g, d), dot(d, d), dot(g, g)), strict=True)]
    return counted([*out, identity(plain.summands(x, g, g, q)[0, 0], dot(g, g))])


def _moved(at: Machine, sign: int, x: Any, g: Any, d: Any) -> list[Outcome]:
    after = at.move(x, g, d, ETA)
    out = [identity(a, b) for a, b in zip(after, x - sign * ETA * d, strict=True)]
    for row, kept in zip(at.vec, (x, g)[: len(at.rate.vectors)], strict=False):
        out += [identity(a, b) for a, b in zip(row, kept, strict=True)]
    return out


def moves(sign: int = 1) -> Outcome:
    """move: x_{t+1} = x_t - eta_t d_t; x_t, and g_t for a fresh pair, are what the next step finds as x_{t-1}, g_{t-1}."""
    x, g, d = vector("x:2"), vector("g:2"), vector("d:2")
    rates = [("fisher", "same"), ("secant", "same"), ("secant", "fresh")]
    return counted([o for name, pair in rates for o in _moved(machine("momentum", name, 2, pair=pair), sign, x, g, d)])


def heavy_ball(factor: int = 1) -> Outcome:
    """The buffer: m_0 = g_0, m_t = beta m_{t-1} + take g_t, with g + weight_decay x in place of g; SGDM: take 1, weight_decay 0."""
    keep, take, decay = reals("beta take decay", positive=True)
    x, g, m = vector("x:2"), vector("g:2"), vector("m:2")
    at = machine("momentum", "fisher", 2)
    defaults = identities([(at.inner_hyp[0], 0), (at.inner_hyp[2], 1)])
    at.inner_hyp = [decay, keep, take]
    out = [defaults, *(identity(a, b) for a, b in zip(at.aim(x, g), g + decay * x, strict=True))]
    at.t, at.buffer[0] = 1, m
    wanted = factor * keep * m + take * (g + decay * x)
    out += [identity(a, b) for a, b in zip(at.aim(x, g), wanted, strict=True)]
    return counted([*out, *(identity(a, b) for a, b in zip(at.buffer[0], wanted, strict=True))])


def whole_sums(dropped: int = 0) -> Outcome:
    """The sums of the blocks first..last of a trajectory are added."""
    sums = vector("s:12").reshape(4, 3)
    return counted(identity(symbolic(total)(sums, 1, 4, j), sum(sums[1 : 4 - dropped, j])) for j in range(3))


P = "gradient_variation"
MEMBERS = [
    Step(
        id=f"{P}.members.1", says="<g,d>/(eps_f |d|^2 + <g,d>^2) minimises -eta <g,d> + (eta^2/2) d'(eps_f I + g g')d over eta",
        method="algebra", check=fisher_model, formulas=(gv.fisher_along, quotient, square),
        assumes=("eps_f > 0", "d is not 0", "two dimensions written out"),
        control=Control("the matrix eps_f I + 2 g g'", lambda: fisher_model(2)),
    ),
    Step(
        id=f"{P}.members.2", says="along d = g: fisher is 1/(eps_f + |g|^2), fisher_ema is 1/(eps_f + v)", method="algebra",
        check=along_gradient, formulas=(gv.fisher_along, gv.smoothed_along, gv.fisher_gradient), assumes=("g is not 0",),
        control=Control("|g|^4 in place of |g|^2", lambda: along_gradient(2)),
    ),
    Step(
        id=f"{P}.members.3", says="along sign(g): fisher is |g|_1/(eps_f D + |g|_1^2) (D = 3, every pattern of signs, by the kernels)",
        method="algebra", check=along_sign, formulas=(sign_map, decayed, gv.along_terms, gv.fisher_along, gv.fisher_member),
        assumes=("no entry of g is 0",), control=Control("D counted as 2", lambda: along_sign(3, 2)),
    ),
    Step(
        id=f"{P}.members.4", says="bb1 = 1/argmin_b |b s - y|^2, bb2 = argmin_e |s - e y|^2, (|s|/|y|)^2 = bb1 bb2", method="algebra",
        check=secant_models, formulas=(gv.secant, gv.long_step, gv.short_step), assumes=("<s,y> > 0",),
        control=Control("bb1 and bb2 exchanged", lambda: secant_models(True)),
    ),
    Step(
        id=f"{P}.members.5", says="<g,d>^2/|d|^2 <= |g|^2 (in the plane that g and d span): what fisher_ema replaces", method="decision",
        check=smoothed_term, control=Control("2 <g,d>^2/|d|^2 <= |g|^2", lambda: smoothed_term(2)),
    ),
    Step(
        id=f"{P}.members.6", says="the kernel of fisher returns theta times the formula and applies it", method="algebra",
        check=fisher_rates, formulas=(gv.fisher_decide, gv.fisher_member, gv.fisher_gradient, gv.fisher_along, gv.applied_rate, clip),
        assumes=("<g,d> > 0", "no cap"), control=Control("without theta", lambda: fisher_rates(1)),
    ),
    Step(
        id=f"{P}.members.7", says="the kernel of fisher_ema: v_0 = |g_0|^2, v_t = c v_{t-1} + (1-c)|g_t|^2, and theta times the formula",
        method="decision", check=smoothed_rates, formulas=(gv.fisher_decide, gv.fisher_member, gv.smoothed_along, average),
        assumes=("<g,d> > 0", "0 <= c < 1", "theta times the formula is within the cap"),
        control=Control("c v_{t-1} + 2 (1-c)|g_t|^2", lambda: smoothed_rates(2)),
    ),
    Step(
        id=f"{P}.members.8",
        says="the kernel of a pair member returns eta_0 at t = 0, then theta times its formula (random: times gamma/b)", method="algebra",
        check=pair_rates, formulas=(gv.pair_decide, gv.applied_rate, clip, *RATE_FORMULAS), assumes=("<s,y> > 0", "<g,d> > 0", "no cap"),
        control=Control("without theta", lambda: pair_rates(1)),
    ),
    Step(
        id=f"{P}.members.9", says="the summands are those of <s,y>, |s|^2, |y|^2, <g,d>; of <g,d>, |d|^2, |g|^2; of |g|^2",
        method="algebra", check=feedback,
        formulas=(gv.pair_summands, gv.same_terms, gv.fresh_terms, gv.along_terms, gv.norm_terms, product, square),
        assumes=("two dimensions written out",), control=Control("y = g_t + g_{t-1}", lambda: feedback(-1)),
    ),
    Step(
        id=f"{P}.members.10", says="the move is x_{t+1} = x_t - eta_t d_t, and keeps x_t (fresh pair: and g_t)", method="algebra",
        check=moves, formulas=(gv.same_move, gv.fresh_move, move_along, descend),
        control=Control("x_{t+1} = x_t + eta_t d_t", lambda: moves(-1)),
    ),
    Step(
        id=f"{P}.members.11", says="SGDM: m_0 = g_0, m_t = beta m_{t-1} + g_t, d = m", method="algebra", check=heavy_ball,
        formulas=(averaged_begin, averaged_map, average, decayed), assumes=("no weight decay", "no dampening"),
        control=Control("2 beta", lambda: heavy_ball(2)),
    ),
    Step(
        id=f"{P}.members.12", says="inner products are global: the sums of the blocks are added", method="algebra", check=whole_sums,
        formulas=(total,), control=Control("without the last block", lambda: whole_sums(1)),
    ),
]  # fmt: skip

STEPS = MEMBERS
THEOREMS = {f"{P}.members": "every rate of the family is the minimiser of the model behind it, and the kernels compute the formula"}
