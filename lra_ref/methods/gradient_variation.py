"""Named configurations of the gradient-variation rates: a member on one of the bases SGD, SGDM (heavy ball) and SIGNSGD.

===============================  =========  ==================================================================================
name                             direction  what
===============================  =========  ==================================================================================
``gradient_variation_sgdm``      momentum   any member (``member=``, default fisher) along m_t = 0.9 m_{t-1} + g_t
``gradient_variation_signsgd``   sign       any member along sign(g_t)
``<member>_sgd``                 sgd        the member along the gradient: ``fisher_sgd``, ``secant_sgd``, ``bb1_sgd``, ...
===============================  =========  ==================================================================================

``gradient_variation_sgd`` is the plain composition.  None of them is the rate of Yang 2025, whose formula is not public.
"""

from __future__ import annotations

from typing import Any

from lra_ref.methods.base import METHODS, Method, compose
from lra_ref.rates.gradient_variation import CODES

BASES = {"sgdm": "momentum", "signsgd": "sign"}


def _named(name: str, direction: str, parameters: dict[str, Any], notes: str) -> Method:
    made = compose(direction, "gradient_variation", **parameters)
    return Method(name, made.direction, made.rate, notes)


@METHODS.register("gradient_variation_sgdm")
def gradient_variation_sgdm(**parameters: Any) -> Method:
    """A gradient-variation rate along the heavy-ball buffer (derived)."""
    return _named("gradient_variation_sgdm", BASES["sgdm"], parameters, "gradient-variation rate along the heavy-ball buffer")


@METHODS.register("gradient_variation_signsgd")
def gradient_variation_signsgd(**parameters: Any) -> Method:
    """A gradient-variation rate along the sign of the gradient (derived)."""
    return _named("gradient_variation_signsgd", BASES["signsgd"], parameters, "gradient-variation rate along the sign of the gradient")


def _register(member: str) -> None:
    @METHODS.register(f"{member}_sgd")
    def made(**parameters: Any) -> Method:
        return _named(f"{member}_sgd", "sgd", {"member": member, **parameters}, f"gradient-variation rate {member} along the gradient")

    made.__doc__ = f"SGD with the gradient-variation rate ``{member}``."


for _member in CODES:
    _register(_member)
