"""Proof steps of exponentiated-gradient step sizes and hypergradients; statements are on the page ``docs/theory/exponentiated.md``.

No proof exists of what is measured: the recoveries of E9, the share beta/pi that E7mult loses to the frozen point, and that a path of
E7rate follows its mean drift.
"""

from proofs_check.exponentiated_steps import ancestors, bias, diagonal, gains, invariance, logarithm, multiplicative, parabola, scale, shift

FILES = (scale, gains, invariance, bias, logarithm, multiplicative, parabola, diagonal, ancestors, shift)

STEPS = [step for file in FILES for step in file.STEPS]

THEOREMS = {name: statement for file in FILES for name, statement in file.THEOREMS.items()}
