"""A method: a direction and a rate, under one name.

``make_method("adam", lr=1e-3)`` is Adam at a constant rate, ``make_method("cosine_adam", ...)`` composes any registered rate with any
registered direction; named configurations (GALA's four) are registered in ``METHODS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from lra_ref.parameters import Registry, shown, unknown
from lra_ref.parts import DIRECTIONS, RATES, WHOLES, Direction, Rate
from lra_ref.typing import Array


@dataclass(frozen=True)
class Method:
    """A direction, a rate, and the name under which they are known together."""

    name: str
    direction: Direction
    rate: Rate
    notes: str = ""

    def bound(self, offsets: Array) -> Method:
        """The method whose rate knows its direction and these blocks, see :meth:`lra_ref.parts.Rate.bound`."""
        return replace(self, rate=self.rate.bound(self.direction, offsets))

    def settings(self) -> dict[str, Any]:
        """Name and every hyper-parameter, ready for JSON."""
        return {
            "method": self.name,
            "direction": {"name": self.direction.name, **self.direction.parameters.as_dict()},
            "rate": {"name": self.rate.name, **self.rate.parameters.as_dict()},
        }


#: name -> factory(**parameters) of named configurations
METHODS: Registry[Callable[..., Method]] = Registry("method")


def compose(direction: str | Direction, rate: str | Rate = "constant", **parameters: Any) -> Method:
    """Any direction with any rate; each parameter goes to the part that declares it.

    Raises ``ValueError`` for an unknown part or parameter (with the nearest valid names) and for values out of range.
    """
    d_class = type(direction) if isinstance(direction, Direction) else DIRECTIONS[direction]
    r_class = type(rate) if isinstance(rate, Rate) else RATES[rate]
    d_names = {field.name for field in fields(d_class.Parameters)}
    r_names = {field.name for field in fields(r_class.Parameters)}
    name = d_class.name if r_class.name == "constant" else f"{r_class.name}_{d_class.name}"
    if isinstance(direction, Direction):
        d_names = set()
    if isinstance(rate, Rate):
        r_names = set()
    for key in parameters:
        if key not in d_names | r_names:
            raise ValueError(unknown(f"parameter of {name}", key, d_names | r_names))
    if r_class.name == "constant" and "lr" in r_names:
        parameters.setdefault("lr", d_class.default_lr)
    made_d = direction if isinstance(direction, Direction) else d_class(**{k: v for k, v in parameters.items() if k in d_names})
    made_r = rate if isinstance(rate, Rate) else r_class(**{k: v for k, v in parameters.items() if k in r_names})
    return Method(name, made_d, made_r)


def method_names() -> list[str]:
    """Every name that :func:`make_method` takes: directions (constant rate), ``<rate>_<direction>``, named and whole methods."""
    composed = {f"{rate}_{direction}" for rate in RATES if rate != "constant" for direction in DIRECTIONS}
    return sorted(set(DIRECTIONS) | composed | set(METHODS) | set(WHOLES))


def make_method(name: str, **parameters: Any) -> Method:
    """Method by name, with its hyper-parameters.

    Raises ``ValueError`` for an unknown name or parameter (with the nearest valid ones) and for values out of range.
    """
    if not isinstance(name, str):
        raise ValueError(f"the name of a method must be a text, got {shown(name)}")
    if name in METHODS:
        return METHODS[name](**parameters)
    if name in WHOLES:
        return Method(name, DIRECTIONS["sgd"](), WHOLES[name](**parameters))
    if name in DIRECTIONS:
        return compose(name, **parameters)
    for rate in RATES:
        if name.startswith(rate + "_") and name[len(rate) + 1 :] in DIRECTIONS:
            return compose(name[len(rate) + 1 :], rate, **parameters)
    raise ValueError(unknown("method", name, method_names()))
