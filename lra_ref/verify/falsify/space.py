"""Spaces to search: what a point may be, as data beside the claim.

A point is a flat mapping from a name to a value. A name is the path of a parameter of the case, ``"T"`` or ``"parameters.eta_0"``; what
``build`` makes of a point are the parameters of a case, plain data, so that every point found replays as a witness.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lra_ref.parameters import unknown
from lra_ref.typing import Floats

if TYPE_CHECKING:
    from lra_ref.verify.claim import Claim

Build = Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a claim is searched; every field may be left out.

    space    paths to dimensions (:mod:`lra_ref.verify.falsify.dimensions`); they take the place of the derived ones of the
             same path
    derived  derive a space from the numbers in the claim's cases too (:mod:`lra_ref.verify.falsify.derive`)
    keep     names (the last part of a path) whose numbers in the cases stay as they are: those that the statement fixes
    cases    names of the cases to start from, None for all that the preset runs
    build    ``build(parameters)`` returns the parameters of the case from those of the point: for what depends on other entries
    slack    one sentence: where the difference between the two sides goes
    tight    the ratio must come within 1% of 1
    control  another search for the control
    """

    space: Mapping[str, Any] = field(default_factory=dict)
    derived: bool = True
    keep: Sequence[str] = ()
    cases: Sequence[str] | None = None
    build: Build | None = None
    slack: str = ""
    tight: bool = False
    control: Search | None = None


def searched(claims: Sequence[Claim], searches: Mapping[str, Search]) -> list[Claim]:
    """The claims with their searches, given by id; ``ValueError`` for an id that none of them has."""
    for name in searches:
        if name not in {claim.id for claim in claims}:
            raise ValueError(unknown("claim of a search", name, [claim.id for claim in claims]))
    return [dataclasses.replace(claim, search=searches.get(claim.id, claim.search)) for claim in claims]


@dataclass(frozen=True)
class Place:
    """A point of a space: the number of the starting case, the entries by key, and the seed of the noise."""

    which: int
    point: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Space:
    """Starting cases and dimensions by key: a path, with ``~`` behind it where another dimension has the same path.

    The first coordinate is the number of the starting case, the second the seed of the noise.
    """

    bases: tuple[tuple[str, dict[str, Any]], ...]
    dimensions: Mapping[str, Any]
    #: keys that each starting case takes from the point
    keys: tuple[tuple[str, ...], ...]
    build: Build | None = None

    @property
    def count(self) -> int:
        """Number of coordinates."""
        return 2 + sum(int(dimension.count) for dimension in self.dimensions.values())

    def place(self, unit: Floats) -> Place:
        """The point of coordinates in the unit cube."""
        which = min(int(unit[0] * len(self.bases)), len(self.bases) - 1)
        point, at = dict[str, Any](), 2
        for key, dimension in self.dimensions.items():
            if key in self.keys[which]:
                point[key] = dimension.value(unit[at : at + dimension.count], point)
            at += dimension.count
        return Place(which, point, min(int(unit[1] * SEEDS), SEEDS - 1))

    def case(self, place: Place) -> tuple[str, dict[str, Any]]:
        """Name and parameters of the case at a point."""
        name, base = self.bases[place.which]
        parameters = copied(base)
        for key, value in place.point.items():
            put(parameters, key.rstrip("~"), copied(value))
        return name, parameters if self.build is None else dict(self.build(parameters))


#: seeds of the noise that are searched
SEEDS = 2**16


def copied(value: Any) -> Any:
    """A copy of plain data."""
    if isinstance(value, Mapping):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if isinstance(value, list | tuple) else value


def put(parameters: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at a dotted path; numbers in a path index lists."""
    *front, last = path.split(".")
    here: Any = parameters
    for key in front:
        here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
    if isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every entry of plain data that is no dictionary and no list, by its dotted path."""
    if isinstance(value, Mapping):
        items: Any = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        return {path: value}
    out: dict[str, Any] = {}
    for key, entry in items:
        out |= leaves(entry, f"{path}.{key}" if path else str(key))
    return out
