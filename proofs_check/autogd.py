"""Proof steps of AutoGD and AutoSGD; the statements and their proofs in words are on the theory page ``docs/theory/autogd.md``.

No proof exists, measured only: how often a null mean is ever significant (B1), and how often AutoSGD leaves its rate where F = 0 (B2; that
all four differences are significant together, and which decisions follow, is proved).
"""

from __future__ import annotations

from proofs_check.autogd_steps import descent, noise, selection

THEOREMS = {
    "autogd.A1": "F(x_{t+1}) <= F(x_t) on any function; the kernels play the lowest of the candidates that pass, of equal ones the largest",
    "autogd.A2": "F L-smooth, 0 < a <= 1/2: gamma_t >= min(gamma_0, c/L)",
    "autogd.A2s": "F L-smooth: gamma_t >= min(gamma_0, (c/L) min(2/(1+c), 2(1-a)))",
    "autogd.A3": "F L-smooth, no gradient 0: gamma_t = C^t gamma_0 while C^t gamma_0 < 1/(C L), so 1/(C L) is reached "
    "within max(0, ceil(log_C(1/(C L gamma_0)))) steps",
    "autogd.A4": "F L-smooth, gamma_t <= 1/L: F(x_{t+1}) <= F(x_t) - (gamma_t/2)|g_t|^2",
    "autogd.A2lowest": "the lowest candidate, played if it passes: A2 fails",
    "autogd.A4lowest": "the lowest candidate, played if it passes: A4 fails",
    "autogd.A4largest": "the largest candidate that passes: A4 fails",
    "autogd.W1": "the running mean, the sum of squared deviations and the significance of AutoSGD are the textbook ones",
    "autogd.D1": "AutoSGD's decisions and moves are those of the table",
    "autogd.B2p": "F = 0, additive noise: the four differences are multiples of d_0, significant together; the episode ends with R, I "
    "or S, never with D",
    "autogd.B3": "losses that grow geometrically by r > (z^2+1)/(z^2-1) stay below z standard errors in the limit; F = x^2/2, gamma = 3: "
    "an episode of 200 steps ends with S at the point that has run away",
}
STEPS = [*selection.STEPS, *descent.STEPS, *noise.STEPS]
