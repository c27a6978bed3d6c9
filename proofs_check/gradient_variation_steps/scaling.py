"""X2: what becomes of the members when F is multiplied by a."""

from __future__ import annotations

from typing import Any

import z3
from flint import ctx

from experiments.gradient_variation_claims.scaling import CURVATURE_POWERS, FISHER_POWERS, FISHER_SCALED, SIGN_POWERS, SIGN_SCALED
from lra_ref.arithmetic import total
from lra_ref.directions.momentum import averaged_begin, averaged_map
from lra_ref.directions.sign import sign_map
from lra_ref.formulas import average, clip, descend, product, square
from lra_ref.parts import move_along
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import SCALED_ROUNDING
from proofs_check.graded import GRADED, graded, homogeneous
from proofs_check.gradient_variation_steps.kernels import EPS_F, ETA_0, HIGH, LOW, PAIRS, THETA, exact, machine, parabola, run
from proofs_check.intervals import ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, counted, opposite

P = "gradient_variation"
#: name of a hyper-parameter -> its place
PLACES = {"eta_0": ETA_0, "eta_max": HIGH, "eta_min": LOW, "eps_f": EPS_F, "theta": THETA}
KERNELS = (gv.applied_rate, total, clip, average, descend, product, square)
PAIR = (gv.pair_decide, gv.pair_member, gv.pair_summands, gv.same_terms, gv.fresh_terms, gv.same_move, gv.fresh_move)
FISHER = (gv.fisher_decide, gv.fisher_member, gv.fisher_gradient, gv.fisher_along, gv.smoothed_along, gv.along_terms, gv.norm_terms)


# --- the operations one by one ----------------------------------------------------------------------------------------
def one_step(direction: str, member: str, pair: str, powers: dict[str, int], t: int) -> Any:
    """One step of the kernels on graded numbers: from a state of the degrees of the run to ``(name, quantity, degree)``."""
    rate = powers.get("eta_0", 0)

    def go() -> list[tuple[str, Any, int]]:
        at = machine(direction, member, 2, pair=pair, namespace=GRADED)
        for place in range(THETA, len(at.hyp)):
            at.hyp[place] = graded(0)
        for name, place in PLACES.items():
            at.hyp[place] = graded(powers.get(name, 0))
        at.t = t
        if t:
            at.scal[0, 1], at.vec[0], at.vec[-1] = graded(rate), graded(0, 2), graded(1 if at.vec.shape[0] > 1 else 0, 2)
            at.buffer[0] = graded(1, 2)
            if member == "fisher_ema":
                at.scal[0, 3] = graded(2)
        x, g, q = graded(0, 2), graded(1, 2), graded(1, 2)
        d = at.aim(x, g)
        eta = at.decide(at.summands(x, g, d, q))
        after = at.move(x, g, d, eta)
        out = [("the rate", eta, rate), ("the rate applied", at.scal[0, 1], rate), ("the count of kept rates", at.scal[0, 2], 0)]
        out += [(f"x[{k}]", value, 0) for k, value in enumerate(after)]
        names = at.rate.vectors
        out += [(names[k], value, 1 if names[k] == "g_prev" else 0) for k in range(len(names)) for value in at.vec[k]]
        out += [("the buffer", value, 1) for value in at.buffer[0] if direction == "momentum"]
        return out + [("v", at.scal[0, 3], 2)] * (member == "fisher_ema") if member == "fisher_ema" else out

    return go


def same_run(directions: tuple[str, ...], members: tuple[str, ...], powers: dict[str, int]) -> Outcome:
    """Base (t = 0) and increment (t > 0) of the induction for all members, directions and pairs."""
    out = []
    for direction in directions:
        for member in members:
            for pair in ("same", "fresh"):
                if pair == "same" or member in ("secant", "bb1", "bb2"):
                    out += [homogeneous(one_step(direction, member, pair, powers, t)) for t in (0, 1)]
    return counted(out)


def rate_alone(gamma_degree: int = 0) -> Outcome:
    """The rate at given points along sign(g): the kernels of the feedback and the rate only."""

    def go(member: str) -> Any:
        def inside() -> list[tuple[str, Any, int]]:
            at = machine("sign", member, 2, namespace=GRADED)
            at.hyp[THETA:] = [graded(0), graded(-1), graded(-1), graded(-1), graded(0), graded(0), graded(gamma_degree)]
            at.t, at.scal[0, 1], at.vec[0] = 1, graded(-1), graded(0, 2)
            x, g, q = graded(0, 2), graded(1, 2), graded(1, 2)
            return [("the rate", at.decide(at.summands(x, g, at.aim(x, g), q)), -1)]

        return inside

    return counted(homogeneous(go(member)) for member in PAIRS)


# --- the same over the reals ------------------------------------------------------------------------------------------
def divided(power: int = 1) -> Outcome:
    """Raw rate and its condition for <s,y>, |s|^2, |y|^2 and a<s,y>, |s|^2, a^2|y|^2: divided by a, the same condition."""
    out = []
    for code in range(2, 7):
        real = Reals()
        a, sy, s2, y2, slope, factor = real("a sy s2 y2 slope factor")
        member = real.reading(gv.pair_member)
        raw, usable = member(code, sy, s2, y2, slope, factor)
        scaled, also = member(code, a * sy, s2, a * a * y2, a * slope, factor)
        claim = z3.Implies(usable, scaled * a**power == raw)
        out.append(real.always(z3.And(usable == also, claim), [a > 0, s2 >= 0, y2 >= 0, factor > 0]))
    return counted(out)


def fisher_scaled(theta_power: int = 1) -> Outcome:
    """theta times the rate for a^2 |g|^2, a^2 eps_f, a theta is that for |g|^2, eps_f, theta divided by a; along sign(g) it is the same."""
    a, moment, eps, theta, v, norm2, slope = reals("a moment eps theta v norm2 slope", positive=True)
    plain, along, smooth = (symbolic(f) for f in (gv.fisher_gradient, gv.fisher_along, gv.smoothed_along))
    new = a**theta_power * theta
    return identities([
        (new * plain(a**2 * moment, a**2 * eps), theta * plain(moment, eps) / a),
        (new * along(a**2 * slope, a**2 * norm2, a**2 * eps), theta * along(slope, norm2, eps) / a),
        (new * smooth(a**2 * slope, a**2 * norm2, a**2 * v, a**2 * eps), theta * smooth(slope, norm2, v, eps) / a),
        (new * along(a * slope, norm2, a**2 * eps), theta * along(slope, norm2, eps)),
        (new * smooth(a * slope, norm2, a**2 * v, a**2 * eps), theta * smooth(slope, norm2, v, eps)),
    ])  # fmt: skip


# --- refutations ------------------------------------------------------------------------------------------------------
def sign_run(direction: str) -> Outcome:
    """The stored counterexample: x_1 of every member on F and on aF, exact."""
    case = SIGN_SCALED.parameters("quick") or {}
    a, (weight,) = exact(case["a"]), [exact(value) for value in case["problem_parameters"]["spectrum"]]
    eta_0 = exact(case["parameters"]["eta_0"])
    pairs = []
    for member in PAIRS:
        ends = [
            run(machine(direction, member, hyp={ETA_0: eta_0 / f}), [exact(case["x0"][0])], parabola(f * weight), case["T"]).x[-1][0]
            for f in (1, a)
        ]
        pairs.append(tuple(ends))
    return counted(identities([pair]) for pair in pairs) if direction == "sgd" else counted(opposite(identities([pair])) for pair in pairs)


def loss_ratio(a: Any, theta_scaled: bool = False) -> Any:
    """F(x_T) of the stored run of fisher on aF (of F itself, not of aF), by balls; scaled with a: eps_f and theta too."""
    case = FISHER_SCALED.parameters("quick") or {}
    before, ctx.prec = ctx.prec, 4000  # the map is chaotic far from the minimiser: balls grow by a large factor per step
    try:
        rate, move = enclosing(gv.fisher_gradient), enclosing(descend)
        spectrum = [ball(value) for value in case["problem_parameters"]["spectrum"]]
        scale = ball(a)
        # the kernels and the run in float64 of the claim take the same float64 hyper-parameters
        eps, theta = (ball(case["parameters"][name]) for name in ("eps_f", "theta"))
        if theta_scaled:
            eps, theta = scale * scale * eps, scale * theta
        x = [ball(value) for value in case["x0"]]
        for _ in range(case["T"]):
            g = [scale * weight * value for weight, value in zip(spectrum, x, strict=True)]
            eta = theta * rate(sum(value * value for value in g), eps)
            x = [move(value, eta, slope) for value, slope in zip(x, g, strict=True)]
        return sum(weight * value * value for weight, value in zip(spectrum, x, strict=True)) / 2
    finally:
        ctx.prec = before


def first_step(direction: str, member: str, scaled: bool = False) -> Outcome:
    """x_2 of a Fisher member on F = x^2/2 and on 2F, from 1, eps_f = 1; ``scaled``: with 4 eps_f and 2 theta."""
    ends = []
    for a in (1, 2):
        eps, theta = (a * a, a) if scaled else (1, 1)
        at = machine(direction, member, hyp={EPS_F: exact(eps), THETA: exact(theta)})
        ends.append(run(at, [1], parabola(a), 2).x[-1][0])
    return identities([tuple(ends)])


#: a -> F(x_20) as printed in the table of section 3 of the theory page, and half a unit of its last digit
TABLE = {"0.001": ("4.2e5", "5e3"), "0.01": ("2.5e3", "50"), "0.1": ("0.13", "0.005"), "1": ("1.5", "0.05"), "10": ("0.79", "0.005"),
         "100": ("0.43", "0.005"), "1000": ("0.61", "0.005")}  # fmt: skip


def tabulated(factor: str = "1") -> Outcome:
    """Every entry of the table."""
    out = []
    for a, (value, half) in TABLE.items():
        middle, room = (float(text) * float(factor) for text in (value, half))
        out.append(encloses(lambda a=a: loss_ratio(a), middle - room, middle + room))
    return counted(out)


def spread(theta_scaled: bool = False) -> Outcome:
    """F(x_20) for a = 1/1024 is more than 10^5 times that for a = 1 (powers of 2, so that the controls are exact)."""
    return encloses(lambda: loss_ratio(2.0**-10, theta_scaled) / loss_ratio(1, theta_scaled), 1e5, 1e7)


def steps(
    name: str, directions: tuple[str, ...], members: tuple[str, ...], powers: dict[str, int], formulas: tuple[Any, ...], left: str
) -> Step:
    """The induction of one theorem of invariance."""
    powers_left = {key: value for key, value in powers.items() if key != left}
    bases = {"sgd": "SGD", "momentum": "SGDM", "sign": "SIGNSGD"}
    return Step(
        id=name,
        says=f"every operation of a step is homogeneous: x_(t+1) is that of the run on F, {', '.join(bases[d] for d in directions)} "
        f"(base t = 0 and increment), bit for bit for a a power of 2",
        method="algebra",
        check=lambda: same_run(directions, members, powers),
        formulas=formulas,
        facts=(SCALED_ROUNDING,),
        assumes=(
            "all combinations of answers to comparisons are run through",
            "no overflow, no underflow",
            "the gradients of aF are a times those of F, bit for bit too",
            f"hyper-parameters scaled: {powers}",
        ),
        control=Control(f"{left} left as it is", lambda: same_run(directions, members, powers_left)),
    )


X2 = [
    Step(
        id=f"{P}.X2.1", says="<s,y>, |s|^2, |y|^2 -> a<s,y>, |s|^2, a^2|y|^2: the raw rate is divided by a, the same steps keep",
        method="decision", check=divided, formulas=(gv.pair_member, gv.secant, gv.long_step, gv.short_step), assumes=("a > 0",),
        control=Control("divided by a^2", lambda: divided(2)),
    ),
    steps(
        f"{P}.X2.2", ("sgd", "momentum"), PAIRS, CURVATURE_POWERS,
        (*PAIR, *KERNELS, gv.secant, gv.long_step, gv.short_step, averaged_begin, averaged_map), "eta_0",
    ),
    Step(
        id=f"{P}.X2points.1", says="at given points, along sign(g) too, the applied rate of every curvature member is divided by a",
        method="algebra", check=rate_alone, uses=(f"{P}.X2.1",), formulas=(sign_map, gv.pair_decide, gv.pair_member),
        facts=(SCALED_ROUNDING,), assumes=("caps and the rate applied before divided by a",),
        control=Control("gamma multiplied by a", lambda: rate_alone(1)),
    ),
    Step(
        id=f"{P}.X2sign.1", says="REFUTED for every curvature member: the same x_1 on F and aF with SIGNSGD (F = x^2/2, a = 2, one step)",
        method="algebra", check=lambda: sign_run("sign"), formulas=(sign_map, gv.pair_decide), uses=(f"{P}.X2points.1",),
        control=Control("with SGD it is the same x_1, so the opposite is refuted", lambda: opposite(sign_run("sgd"))),
    ),
    Step(
        id=f"{P}.X2eps.1", says="eps_f -> a^2 eps_f, theta -> a theta: theta times the rate is divided by a; along sign(g) it stays",
        method="algebra", check=fisher_scaled, formulas=(gv.fisher_gradient, gv.fisher_along, gv.smoothed_along), assumes=("a > 0",),
        control=Control("theta left as it is", lambda: fisher_scaled(0)),
    ),
    steps(
        f"{P}.X2eps.2", ("sgd", "momentum"), ("fisher", "fisher_ema"), FISHER_POWERS, (*FISHER, *KERNELS, averaged_map, move_along),
        "eps_f",
    ),
    steps(
        f"{P}.X2epssign.1", ("sign",), ("fisher", "fisher_ema"), SIGN_POWERS, (*FISHER[:2], *FISHER[3:6], sign_map), "eps_f",
    ),
    Step(
        id=f"{P}.X2fisher.1",
        says="REFUTED: with eps_f = 1e-8 and theta = 1 fixed F(x_20) is the same on F and aF: 10^5 times for a = 2^-10", method="intervals",
        check=spread, formulas=(gv.fisher_gradient, descend),
        control=Control("eps_f and theta scaled, for which it is the same", lambda: spread(True)),
    ),
    Step(
        id=f"{P}.X2fisher.2", says="the table of F(x_20) over a = 1e-3 ... 1e3 on the theory page, every digit, in exact arithmetic",
        method="intervals", check=tabulated, formulas=(gv.fisher_gradient, descend),
        assumes=("eps_f, a, the spectrum and x_0 are the stored float64 numbers",),
        control=Control("every entry 1.1 times as large", lambda: tabulated("1.1")),
    ),
    Step(
        id=f"{P}.X2fisher.3", says="REFUTED too: fisher and fisher_ema with SGD, SGDM, SIGNSGD, same x_2 on F = x^2/2 and 2F",
        method="algebra",
        check=lambda: counted(opposite(first_step(d, m)) for d in ("sgd", "momentum", "sign") for m in ("fisher", "fisher_ema")),
        formulas=(gv.fisher_decide, gv.fisher_member, gv.fisher_along, gv.smoothed_along),
        control=Control("4 eps_f and 2 theta on 2F, for which it is true", lambda: opposite(first_step("sgd", "fisher", True))),
    ),
]  # fmt: skip

STEPS = X2
THEOREMS = {
    f"{P}.X2": "F -> aF, eta_0 and caps divided by a: curvature members with SGD and SGDM give the same x_t, bits too if a is a power of 2",
    f"{P}.X2points": "F -> aF: the rate of every curvature member at given points is divided by a, also along sign(g)",
    f"{P}.X2sign": "refuted: F -> aF gives the same x_t also with SIGNSGD",
    f"{P}.X2eps": "F -> aF with a^2 eps_f, a theta, caps divided by a: fisher and fisher_ema give the same x_t with SGD and SGDM",
    f"{P}.X2epssign": "the same replacement with SIGNSGD, caps as they are: the same x_t",
    f"{P}.X2fisher": "refuted: fisher with eps_f and theta fixed needs no tuning to the scale of F",
}
