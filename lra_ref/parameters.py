"""Hyper-parameters as data: one declaration gives the validation, the documentation and the invalid values of the tests.

A part declares its hyper-parameters as a frozen dataclass derived from :class:`Parameters`::

    @dataclass(frozen=True, kw_only=True)
    class AdamParameters(Parameters):
        beta1: float = parameter(0.9, Range(0, 1, "[)"), "decay of the first moment")

Constructing it with a value outside the range raises ``ValueError("beta1 must be in [0, 1), got 2")``.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

#: whole numbers are smaller than this: more than a word of 64 bits is no size, count or seed
WORD = 2**64


@dataclass(frozen=True)
class Range:
    """An interval of reals, ``ends`` one of ``"[]" "[)" "(]" "()"``; ``integer=True`` asks for a whole number."""

    low: float = -math.inf
    high: float = math.inf
    ends: str = "[]"
    integer: bool = False

    def __str__(self) -> str:
        left = "(" if math.isinf(self.low) else self.ends[0]
        right = ")" if math.isinf(self.high) and self.ends[1] == ")" else self.ends[1]
        what = "a whole number in " if self.integer else "in "
        return f"{what}{left}{self.low:g}, {self.high:g}{right}"

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the constraint."""
        # np.timedelta64 calls itself a whole number
        if isinstance(value, bool | np.timedelta64) or not isinstance(value, numbers.Real):
            return False
        try:
            # what the part computes with is a float: an infinity there is one here
            number: Any = float(value)
        except (OverflowError, TypeError):
            return False
        if self.integer and isinstance(value, numbers.Integral):
            number = int(value)  # exactly
        if math.isnan(number) or (self.integer and not (abs(number) < WORD and number == int(number))):
            return False
        above = number >= self.low if self.ends[0] == "[" else number > self.low
        below = number <= self.high if self.ends[1] == "]" else number < self.high
        return bool(above and below)

    def convert(self, value: Any) -> Any:
        """An accepted value in the type that the part computes with."""
        return int(value) if self.integer else float(value)

    def invalid(self) -> list[Any]:
        """Values that must be refused, for the tests."""
        bad: list[Any] = ["text", math.nan, None]
        if not math.isinf(self.low):
            bad += [self.low - abs(self.low) - 1] + ([self.low] if self.ends[0] == "(" else [])
        if not math.isinf(self.high):
            bad += [self.high + abs(self.high) + 1] + ([self.high] if self.ends[1] == ")" else [])
        elif self.ends[1] == ")":
            bad.append(math.inf)
        return bad + ([0.5 + (0 if math.isinf(self.low) else math.ceil(self.low) + 1)] if self.integer else [])


@dataclass(frozen=True)
class Choice:
    """One of a few names (or of ``True``/``False``)."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(map(repr, self.values))

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the constraint."""
        return any(value is v if isinstance(v, bool) else type(value) is type(v) and bool(value == v) for v in self.values)

    def convert(self, value: Any) -> Any:
        """An accepted value in the type that the part computes with."""
        return value

    def invalid(self) -> list[Any]:
        """Values that must be refused, for the tests."""
        return ["no such choice", 17, None]


@dataclass(frozen=True)
class Several:
    """A list of at least one value, each of which the inner constraint accepts; kept as a tuple."""

    inner: Range

    def __str__(self) -> str:
        return f"a list of numbers, each {self.inner}"

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the constraint."""
        listed = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        listed = listed or (isinstance(value, np.ndarray) and value.ndim == 1)
        return listed and len(value) > 0 and all(self.inner.accepts(entry) for entry in value)

    def convert(self, value: Any) -> Any:
        """An accepted value in the type that the part computes with."""
        return tuple(self.inner.convert(entry) for entry in value)

    def invalid(self) -> list[Any]:
        """Values that must be refused, for the tests."""
        return ["text", 1, None, [], *([bad] for bad in self.inner.invalid())]


@dataclass(frozen=True)
class Optional_:
    """``None`` or a value that the inner constraint accepts."""

    inner: Range | Choice | Several

    def __str__(self) -> str:
        return f"None or {self.inner}"

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the constraint."""
        return value is None or self.inner.accepts(value)

    def convert(self, value: Any) -> Any:
        """An accepted value in the type that the part computes with."""
        return None if value is None else self.inner.convert(value)

    def invalid(self) -> list[Any]:
        """Values that must be refused, for the tests."""
        return [value for value in self.inner.invalid() if value is not None]


Constraint = Range | Choice | Several | Optional_
SWITCH = Choice((True, False))
REQUIRED: Any = dataclasses.MISSING


def parameter(default: Any, constraint: Constraint, doc: str) -> Any:
    """A field of a :class:`Parameters` class; ``default=REQUIRED`` makes it mandatory."""
    metadata = {"constraint": constraint, "doc": doc}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Base of the hyper-parameters of a part: checks every field against its constraint."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            constraint, value = field.metadata["constraint"], getattr(self, field.name)
            if not constraint.accepts(value):
                raise ValueError(f"{field.name} must be {constraint}, got {shown(value)}")
            object.__setattr__(self, field.name, constraint.convert(value))

    @classmethod
    def build(cls, owner: str, values: Mapping[str, Any]) -> Any:
        """Construct from a mapping; an unknown name is refused with the nearest valid ones."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                raise ValueError(unknown(f"parameter of {owner}", name, names))
        missing = [f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING and f.name not in values]
        if missing:
            raise ValueError(f"{owner} needs the parameter {missing[0]}")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary of names and values, ready for JSON."""
        return dataclasses.asdict(self)


#: so many valid names are still listed in full
LISTED = 60
#: a name this similar may be meant, in difflib's measure; at 0.5 short names resemble anything
NEAR = 0.6
#: so many letters of a refused value are shown
SHOWN = 200


def shown(value: object) -> str:
    """A refused value in one line of a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def unknown(kind: str, name: object, valid: Iterable[str]) -> str:
    """One clear line for an unknown name, with the nearest valid ones."""
    names, given = sorted(valid), str(name)[:SHOWN]
    near = difflib.get_close_matches(given, names, n=3, cutoff=NEAR)
    if not near and len(names) > LISTED:
        near = difflib.get_close_matches(given, names, n=5, cutoff=0.0)
    hint = f"did you mean {' or '.join(near)}?" if near else f"valid: {', '.join(names) if names else 'none'}"
    return f"unknown {kind} {given!r}; {hint}"


Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Names of parts of one kind; looking up an unknown name raises ``ValueError`` with the nearest valid ones."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.entries: dict[str, Entry] = {}

    def register(self, name: str) -> Callable[[Entry], Entry]:
        """Decorator: file the class or function under ``name``."""

        def add(entry: Entry) -> Entry:
            if name in self.entries:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self.entries[name] = entry
            return entry

        return add

    def __getitem__(self, name: str) -> Entry:
        if name not in self:
            raise ValueError(unknown(self.kind, name, self.entries))
        return self.entries[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.entries))

    def __len__(self) -> int:
        return len(self.entries)
