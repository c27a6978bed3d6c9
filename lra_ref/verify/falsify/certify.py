"""A violation looked at again in certified arithmetic: the claim's own run and sides, over balls.

The very code of the claim is run within :func:`lra_ref.readings.precise`. The verdict is *certain* where the difference of the sides is,
as a ball, beyond (or nowhere beyond) the claim's own allowance for rounding; where balls overlap the precision is doubled. Constants that a
claim computes in float64 before they meet a ball keep their rounding, which the allowance covers.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lra_ref.readings import Undecided, available, ball, middle, precise
from lra_ref.verify.cells import evidence_of
from lra_ref.verify.claim import CaseView, Settings
from lra_ref.verify.discover import neighbours
from lra_ref.verify.falsify.trial import Instance, Target
from lra_ref.verify.kinds import Identity, Rounded

#: working precisions, tried in turn
PRECISIONS = (128, 256, 512)


@dataclass(frozen=True)
class Certificate:
    """``violated``: True or False where it is certain, None where it is not; ``bits``: None if nothing could be computed, and ``why``."""

    violated: bool | None
    bits: int | None
    why: str = ""
    ratio: float | None = None


def certify(target: Target, instance: Instance) -> Certificate:
    """Run and judge an instance over balls, at rising precision until it is decided."""
    if not available():
        return Certificate(None, None, "certified arithmetic needs python-flint: pip install 'lra_ref[proofs]'")
    if target.claim.pilot is not None:
        return Certificate(None, None, "the claim has a pilot run")
    with _caches_apart(target):
        return _rising(target, instance)


def _rising(target: Target, instance: Instance) -> Certificate:
    why = ""
    for precision in PRECISIONS:
        try:
            with precise(precision), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                sides = _sides(target, instance)
                violated = certain(sides)
                ratio = worst_ratio(sides)
        except Undecided as problem:
            _empty_caches(target)
            why = f"undecided at {precision} bits: {problem}"
            continue
        except Exception as problem:
            # a claim is any code: whatever it does with balls, it is told and never taken for an answer
            return Certificate(None, None, f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:200])
        if violated is not None:
            return Certificate(violated, precision, ratio=ratio)
        why = f"the balls of both sides overlap at {precision} bits"
    return Certificate(None, None, why)


@contextlib.contextmanager
def _caches_apart(target: Target) -> Iterator[None]:
    """Empty what the claim's files remember of their runs, before and after: float64 and balls must not be taken for each other."""
    _empty_caches(target)
    try:
        yield
    finally:
        _empty_caches(target)


def _empty_caches(target: Target) -> None:
    files = frozenset() if target.path is None else _files(target.path)
    names = {target.claim.run.__module__, target.claim.sides.__module__}
    for name, module in list(sys.modules.items()):
        if name in names or getattr(module, "__file__", None) in files:
            for entry in list(vars(module).values()):
                if isinstance(entry, functools._lru_cache_wrapper):
                    entry.cache_clear()


@functools.cache
def _files(path: Path) -> frozenset[str]:
    return frozenset(str(found) for found in neighbours(path))


def _sides(target: Target, instance: Instance) -> Rounded:
    run, sides_of = evidence_of(target.claim, target.role)
    view = CaseView(instance.case, instance.parameters)
    start, stop = instance.looks[0]
    sides = sides_of(run(view, np.arange(start, stop, dtype=np.int64), Settings("smoke", instance.seed)))
    if not isinstance(sides, Rounded):
        raise TypeError(f"{type(sides).__name__} has no reading over balls")
    if sides.lhs.dtype != object and sides.rhs.dtype != object:
        raise TypeError("the claim's run computes in float64 whatever it is asked")
    return sides


def certain(sides: Rounded) -> bool | None:
    """True if the statement certainly fails somewhere by more than its allowance, False if certainly nowhere, None if neither."""
    open_ = False
    allowed = np.broadcast_to(sides.allowance(), sides.lhs.shape)
    for lhs, rhs, room in zip(sides.lhs.flat, sides.rhs.flat, allowed.flat, strict=True):
        gap = lhs - rhs
        excess = (abs(gap) if isinstance(sides, Identity) else gap) - room
        try:
            if excess > 0:
                return True
        except Undecided:
            open_ = True
    return None if open_ else False


def worst_ratio(sides: Rounded) -> float | None:
    """lhs/rhs at the place of the smallest relative slack among those where both sides are positive."""
    lhs, rhs, scale = (middle(np.broadcast_to(value, sides.lhs.shape)).ravel() for value in (sides.lhs, sides.rhs, sides.scale))
    slack = (rhs - lhs) / np.where(scale > 0, scale, 1.0)
    usable = (lhs > 0) & (rhs > 0) & np.isfinite(slack)
    if not usable.any():
        return None
    where = int(np.argmin(np.where(usable, slack, np.inf)))
    # the quotient of the balls, so that a ratio of 1 is one to the last digit
    return float(middle([ball(sides.lhs.flat[where]) / ball(sides.rhs.flat[where])])[0])
