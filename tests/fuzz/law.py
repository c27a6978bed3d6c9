"""The law that every public entry obeys, whatever it is given.

An entry either works, and its answer passes the entry's own check, or raises ``ValueError`` or ``TypeError`` (a file reader also
``OSError``) with one line that names the argument. It never raises anything else, never warns, never hangs, and never changes an array
of the user that it does not say it overwrites.
"""

from __future__ import annotations

import contextlib
import re
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: seconds after which a call hangs; the machine may be busy
PATIENCE = 20
REFUSALS = (ValueError, TypeError)


def anything(answer: Any) -> None:
    """No check of the answer."""


@dataclass(frozen=True)
class Entry:
    """A public name and how it is called.

    name      ``module.name``, with ``.method`` behind it for a method of a class
    call      takes the arguments by name
    valid     makes valid arguments, fresh ones at every call
    pools     argument -> name of the pool of hostile values (:data:`tests.fuzz.hostile.POOLS`) that take its place
    says      argument -> words of which a refusal names one, where it is not the argument's own name
    check     of the answer
    modifies  arguments that the entry says it overwrites
    refusals  exceptions that are refusals
    """

    name: str
    call: Callable[..., Any]
    valid: Callable[[], dict[str, Any]]
    pools: Mapping[str, str]
    says: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    check: Callable[[Any], None] = anything
    modifies: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = REFUSALS

    def __str__(self) -> str:
        return self.name


class Broken(AssertionError):
    """An entry that does not obey the law."""


class Hang(Exception):
    """Raised by the alarm."""


@contextlib.contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def ring(number: int, frame: Any) -> None:
        raise Hang(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def snapshot(value: Any) -> Any:
    """The bits of every array in an argument."""
    if isinstance(value, np.ndarray):
        bits = tuple(map(id, value.ravel())) if value.dtype.hasobject else np.ascontiguousarray(value.view(np.ndarray)).tobytes()
        mask = np.ma.getmaskarray(value).tobytes() if isinstance(value, np.ma.MaskedArray) else b""
        return value.dtype, value.shape, value.flags.writeable, bits, mask
    if isinstance(value, Mapping):
        return {key: snapshot(entry) for key, entry in value.items()}
    return [snapshot(entry) for entry in value] if isinstance(value, list | tuple) else None


def obey(entry: Entry, arguments: Mapping[str, Any], hostile: tuple[str, ...], seconds: int = PATIENCE) -> str:
    """Call the entry and return "works" or "refused"; ``Broken`` says how the law is broken."""
    kept = {name: snapshot(value) for name, value in arguments.items() if name not in entry.modifies}
    outcome, answer = "works", None
    try:
        with warnings.catch_warnings(), patience(seconds):
            warnings.simplefilter("error")
            answer = entry.call(**arguments)
            entry.check(answer)
    except entry.refusals as problem:
        outcome = "refused"
        _refusal(entry, str(problem), hostile)
    except Hang as problem:
        raise Broken(f"{entry}: {problem}") from None
    except Warning as problem:
        raise Broken(f"{entry} warns: {type(problem).__name__}: {problem}") from problem
    except Exception as problem:
        raise Broken(f"{entry} raises {type(problem).__name__}: {problem}") from problem
    for name, before in kept.items():
        if snapshot(arguments[name]) != before:
            raise Broken(f"{entry} changed the argument {name}")
    return outcome


def _refusal(entry: Entry, text: str, hostile: tuple[str, ...]) -> None:
    if not text.strip() or "\n" in text:
        raise Broken(f"{entry}: a refusal must be one line, got {text!r}")
    named = [word for name in hostile for word in entry.says.get(name, (name,))]
    if not any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in named):
        raise Broken(f"{entry}: a refusal must name {' or '.join(named)}, got {text!r}")
