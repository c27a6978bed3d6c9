"""Parameter groups with settings of their own, for methods in which no tensor sees another.

The reference has one set of constants.  Where nothing is shared between tensors it is run once per group.  A method with a norm, a rate or
a count over all tensors (CLARA's one rate, the norm of the whole gradient, D-Adaptation's distance) has no meaning with two sets of
constants that its paper would give it: it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lra_ref.crosscheck.layouts import Layout
from lra_ref.methods import Method, make_method
from lra_ref.rates.schedules import Schedule

#: learned rates of which every tensor, or every coordinate, has its own
OWN_RATE = ("alera", "almeida", "delta_bar_delta", "ldog")


def separable(method: Method) -> bool:
    """Whether no tensor sees another: a run per tensor is the run of the whole."""
    rate, direction = method.rate, method.direction
    values = direction.parameters.as_dict()
    apart = not direction.sums or values.get("norm") == "block"
    return apart and (rate.name in ("constant", *OWN_RATE) or isinstance(rate, Schedule))


def methods_of(method: Method, parameters: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> tuple[Method, ...]:
    """The method of every group; ``ValueError`` for one whose tensors share something."""
    if not groups:
        return ()
    if not separable(method):
        raise ValueError(f"{method.name} shares a rate or a norm between all tensors: it has one set of parameters, not one per group")
    return tuple(make_method(method.name, **{**parameters, **settings}) for settings in groups)


def fits_groups(layout: Layout, groups: Sequence[Any]) -> None:
    """``ValueError`` unless the layout has as many groups as there are settings."""
    count = len({tensor.group for tensor in layout.tensors})
    if groups and count != len(groups):
        raise ValueError(f"groups must have one entry per parameter group, {count} in the layout {layout.name}, got {len(groups)}")
