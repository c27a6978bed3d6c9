"""Proof steps of GALA; the statements and their proofs in words are on the theory page ``docs/theory/gala.md``.

No proof exists, measured only:

- that the practical rule converges to its balance point, and the theory form to the law of scale 1/(h sqrt(D t)) (G9; the balance, its
  uniqueness and the moments are proved);
- the constants c of Rosenbrock and of the double well (G6c; c <= 0 for convex, c <= 1 for quadratic functions, and that smoothness gives
  no c, are proved);
- that E sum (b_t eta_t - a_t)^2/(2 B_{t+1}) is O(log T) (G5r, G5d; the rates under this condition are proved).

No regret bound is claimed, and none proved, for EG and KT betting on these losses.
"""

from __future__ import annotations

import re

from proofs_check.gala_steps import (
    annealing,
    balance,
    closed_form,
    endpoint,
    excess,
    expectation,
    laws,
    logarithmic,
    normalized,
    projected,
    recursion,
    regret,
    scaling,
)
from proofs_check.steps import Step

THEOREMS = {
    "gala.G1": "FTRL: Reg_T(u) <= (delta/2)(u-eta_0)^2 - (B_T/2)(u-eta_T)^2 + sum (b_t eta_t - a_t)^2/(2 B_{t+1}) for u in K; equality "
    "for every real u if no clip was active",
    "gala.G1zero": "FTRL centred at 0: G1 with (delta/2)(u^2-eta_0^2) and the first summand ((b_0+delta) eta_0 - a_0)^2/(2 B_1)",
    "gala.G1r": "unclipped FTRL is eta_{t+1} = eta_t + (a_t - b_t eta_t)/B_{t+1}, and so is unclipped OGD; the kernel plays it",
    "gala.G1h": "unclipped with b_s > 0: eta_{t+1} stays in the hull of eta_0 and the a_s/b_s",
    "gala.G2a": "FTRL and OGD with step 1/B on [0, eta_max]: Reg_T(u) <= (delta/2)(u-eta_0)^2 + (G^2/mu) log(1 + mu T/delta) + b_max "
    "eta_max^2 log(1 + sum b/delta)",
    "gala.G2b": "OGD with an AdaGrad term: Reg_T(u) <= (delta/2)(u-eta_0)^2 + 2 eta_max sqrt(sum a_t^2) + b_max eta_max^2 log(1 + sum "
    "b/delta)",
    "gala.G2c": "OGD with step 1/B and eager clipping satisfies the bound of G1 for u in K",
    "gala.G2d": "OGD with a constant step: Reg_T(u) <= (u-eta_0)^2/(2 gamma) + (gamma/2) sum l_t'(eta_t)^2 for u in K",
    "gala.G3": "u sum a_t = F(x_0) - F(x_T) + Reg_T(u) + sum [rho_t - b_t eta_t^2/2 + b_t u^2/2], any direction, any a_t",
    "gala.G3m": "random point, fresh sample: E[rho_t | past] = 0; the step's own sample breaks it",
    "gala.G3q": "quadratic F, end point, full gradient: rho_t = -eta_t^2 d'Hd/2",
    "gala.G3c": "convex F, end point, full gradient: rho_t <= 0",
    "gala.G3e": "end point, full gradient: |rho_t| <= (Lambda_t/2) eta_t^2 |d_t|^2, Lambda_t the largest |H(z) d_t|/|d_t| on the "
    "segment; the two-point L_t does not do",
    "gala.G4": "gala_sgd, beta 1, deterministic u > 0 in K: (1/T) sum E|grad F(x_t)|^2 <= (Delta + E Reg_T(u))/(u T) + (u/T) sum E[L_t "
    "|g_t|^2]",
    "gala.G4c": "Lbar-smooth samples: (1/T) sum E|grad F(x_t)|^2 <= 4 Lbar (Delta+R)/T + 4 sigma sqrt(Lbar (Delta+R)/T)",
    "gala.G5": "gala_nsgdm, deterministic u in (0, eta_max]: (1/T) sum E|grad F(x_t)| <= (Delta + E Reg_T(u))/(u T) + u (L_avg + 2 "
    "kappa Lt_avg) + 2 sigma (1/(alpha T) + sqrt(alpha))",
    "gala.G5c": "closed form: (2/T) max{sqrt(Q0 S), Q0/eta_max} + 2 sigma (1/(alpha T) + sqrt(alpha)), and its T^(-1/4) form",
    "gala.G5d": "without noise the bound is T^(-1/2) up to a logarithm, under the conditions of G5r",
    "gala.G5p": "pathwise: u sum |grad F(x_t)| <= F(x_0) - F(x_T) + Reg_T(u) + sum M_t + u sum N_t + 2u sum |e_t| + sum [u L_t lambda_t "
    "|eta_t| - b_t eta_t^2/2 + b_t u^2/2]",
    "gala.G5r": "with noise the bound is T^(-1/4) up to a logarithm if the learner's sum is O(log T), eta_max >= sqrt(Q0/S) and L_avg, "
    "Lt_avg are bounded",
    "gala.G6": "full gradient, end point: u sum <g_t,d_t> <= F(x_0) - F(x_T) + Reg_T(u) + sum |d_t|^2 [(C_t - beta L_t) eta_t^2/2 + u "
    "L_t |eta_t| + beta L_t u^2/2]",
    "gala.G6c": "the bracket is at most phi L_t u^2, phi = beta/2 + 1/(2 (beta-c)), if c = max C_t/L_t < beta; smoothness alone bounds "
    "no c",
    "gala.G7": "at fixed points E L_t does not grow with the batch size B; E|g - grad F|^2 = sigma_1^2/B, times (n-B)/(n-1) without "
    "replacement",
    "gala.G8": "same-sample alignment exceeds <grad F(w), grad F(x)> in the mean by (1/B) tr Cov_1, of either sign",
    "gala.G9": "F = h|x|^2/2, additive noise: the practical rule balances at eta h = sqrt(3) - 1 alone, whatever the noise; the theory "
    "form has E a = 0",
    "gala.G9s": "at constant eta = q/h: practical E a = s^2 (2-q^2)/(2-q), E b = 2 h s^2/(2-q); independent samples at the end point E "
    "a = -s^2 q/(2-q); theory E a = 0",
    "gala.G10": "full gradient, d_t = g_t, beta 1, b_t > 0: |a_t/b_t - 1/L_t| <= lambda_t |eta_t|",
    "gala.G10r": "F = L x^2/2, end point, unclipped: e_{t+1} = e_t (1 - (1+1/beta) b_t/B_{t+1}), e_t = eta_t - 1/((1+beta) L); only a "
    "balance point",
    "gala.G11": "F -> cF with eta_0/c, eta_max/c, c^3 delta (SGD) or with c delta (gala_nsgdm): the same x_t, bit for bit if c is a "
    "power of 2",
}


def _order(step: Step) -> tuple[int, str, int]:
    """G1.1, G1.2, G1h.1, ..., G2a.1, ..., G11.6."""
    found = re.fullmatch(r"gala\.G(\d+)(\w*)\.(\d+)", step.id)
    assert found is not None, step.id
    return int(found[1]), found[2], int(found[3])


TOPICS = (
    regret,
    recursion,
    logarithmic,
    projected,
    excess,
    expectation,
    normalized,
    closed_form,
    endpoint,
    balance,
    laws,
    annealing,
    scaling,
)
STEPS = sorted([step for topic in TOPICS for step in topic.STEPS], key=_order)
