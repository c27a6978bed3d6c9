"""The smallest instance that still shows what was found: fewer steps, dimensions, seeds and entries, zeros, rounder numbers.

Greedy and deterministic, and never outside the space that was searched: the first simplification that keeps the finding is taken, over
and over, until none does or the budget of evaluations is used up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from lra_ref.verify.falsify.dimensions import Reals, halves
from lra_ref.verify.falsify.space import Place, Space
from lra_ref.verify.falsify.trial import Trial

#: a shrunk witness of tightness keeps the ratio up to this share
KEPT = 1e-3
#: tries the point on so many trajectories (None: as many as the case says)
Attempt = Callable[[Place, int | None], Trial]


def shrink(trial: Trial, space: Space, attempt: Attempt, budget: int, sampled: bool = False) -> tuple[Trial, int]:
    """The simplest trial that keeps the finding (still found, or a ratio that is not smaller by more than 0.1%), and what it cost."""
    best, spent, improved = trial, 0, True
    while improved:
        improved = False
        for place, count in _candidates(best, space, sampled):
            if spent >= budget:
                return best, spent
            spent += 1
            tried = attempt(place, count)
            if keeps(trial, tried):
                best, improved = tried, True
                break
    return best, spent


def keeps(original: Trial, tried: Trial) -> bool:
    """Whether the finding of the original is still there."""
    if original.found or not tried.usable:
        return original.found and tried.found
    if original.ratio is not None and tried.ratio is not None and original.score == original.ratio:
        return tried.ratio >= original.ratio * (1 - KEPT)
    return tried.score >= original.score - KEPT * abs(original.score)


def _candidates(trial: Trial, space: Space, sampled: bool) -> Iterator[tuple[Place, int | None]]:
    """Simplifications, the most effective first; a statistical statement keeps its number of trajectories."""
    instance = trial.instance
    count = None if sampled else instance.looks[0][1]
    if count is not None and count > 1:
        yield instance.place, 1
    for place in simpler(instance.place, space):
        yield place, count


def simpler(place: Place, space: Space) -> Iterator[Place]:
    """Simpler points of the space."""
    for key in place.point:
        for point in _shorter(place, space, key):
            yield dataclasses.replace(place, point=point)
    if place.seed:
        yield dataclasses.replace(place, seed=0)
    for key, value in place.point.items():
        if not _lists(space, place, key):
            for easier in space.dimensions[key].simpler(value):
                yield dataclasses.replace(place, point={**place.point, key: easier})


def _lists(space: Space, place: Place, key: str) -> list[str]:
    """The lists whose length the entry says."""
    return [name for name in place.point if isinstance(space.dimensions[name], Reals) and space.dimensions[name].size == key]


def _shorter(place: Place, space: Space, key: str) -> Iterator[dict[str, object]]:
    """Fewer entries in all lists of one length."""
    lists, length = _lists(space, place, key), place.point[key]
    for size in halves(length) if lists else ():
        for begin in range(0, length, size):
            if length - size >= space.dimensions[key].low and begin + size <= length:
                cut = {name: place.point[name][:begin] + place.point[name][begin + size :] for name in lists}
                yield {**place.point, **cut, key: length - size}
