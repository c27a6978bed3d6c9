"""What is swept: methods, problems, initial rates and seeds, checked before anything is computed."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lra_ref.checks import real, settings_in, whole
from lra_ref.methods import METHODS, Method, make_method, method_names
from lra_ref.oracles import ORACLES, make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.oracles.philox import LIMITS
from lra_ref.parameters import unknown
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.problems import PROBLEMS, make_problem
from lra_ref.runs.environment import determining
from lra_ref.sweep.cell import SCHEMA, Cell, contents_of

#: hyper-parameters that are a method's initial rate; the first that it has is swept
RATE_PARAMETERS = ("lr", "eta_0", "gamma_0")
BATCH = 32
MOST_RATES = 10_000


def initial_rates(spec: str | float | Iterable[float]) -> tuple[float, ...]:
    """Initial rates: ``"LOW:HIGH:N"`` (N values evenly spaced in the logarithm, to twelve digits), ``"0.1,0.01"``, a number or numbers.

    Raises ``ValueError`` with one line for what is none of these, not above 0, not finite, or given twice.
    """
    if isinstance(spec, str):
        values = _spaced(spec) if ":" in spec else [_number(text, spec) for text in spec.split(",")]
    else:
        several = isinstance(spec, Iterable) and not isinstance(spec, bytes | Mapping) and getattr(spec, "ndim", 1) > 0
        values = [real("lr", value) for value in (spec if several else [spec])]  # type: ignore[union-attr]
    for value in values:
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"lr must be a finite rate above 0, got {value:g}")
        if values.count(value) > 1:
            raise ValueError(f"lr must name every rate once, got {value:g} twice")
    return tuple(values)


def _spaced(spec: str) -> list[float]:
    parts = spec.split(":")
    if len(parts) != 3 or not parts[2].strip().isdecimal() or not 2 <= int(parts[2]) <= MOST_RATES:
        raise ValueError(f"lr must look like LOW:HIGH:N with N in [2, {MOST_RATES}], as in 1e-6:1:7, got {spec!r}")
    low, high, count = _number(parts[0], spec), _number(parts[1], spec), int(parts[2])
    if not 0 < low < high < math.inf:
        raise ValueError(f"lr must have 0 < LOW < HIGH in LOW:HIGH:N, got {spec!r}")
    steps = [math.log10(low) + (math.log10(high) - math.log10(low)) * k / (count - 1) for k in range(count)]
    # a round number is meant where it is within rounding
    return [low, *(float(f"{10**step:.12g}") for step in steps[1:-1]), high]


def _number(text: str, spec: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"lr must be LOW:HIGH:N or numbers with commas between them, got {spec!r}") from None


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sweep to be made.

    A name in ``set`` is given to every method that has it, ``method.name`` to that method alone; likewise ``problem_set``.
    ``oracle``: None means minibatches of 32 rows where the problem is a finite sum, exact gradients where not.
    """

    methods: tuple[str, ...]
    problems: tuple[str, ...]
    steps: int
    lr: tuple[float, ...] = ()
    seeds: int = 1
    seed: int = 0
    oracle: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    problem_set: Mapping[str, Any] = field(default_factory=dict)
    oracle_set: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, low, high in (("steps", 1, LIMITS["step"]), ("seeds", 1, LIMITS["trajectory"]), ("seed", 0, LIMITS["seed"])):
            object.__setattr__(self, name, whole(name, getattr(self, name), low))
            if getattr(self, name) >= high:
                raise ValueError(f"{name} must be below 2^{high.bit_length() - 1}, got {getattr(self, name)}")
        for kind, names, valid in (("method", self.methods, method_names()), ("problem", self.problems, list(PROBLEMS))):
            if not names:
                raise ValueError(f"name at least one {kind}")
            for name in names:
                if name not in valid:
                    raise ValueError(unknown(kind, name, valid))
                if names.count(name) > 1:
                    raise ValueError(f"the {kind} {name} is named twice")
        for name in ("set", "problem_set", "oracle_set"):
            object.__setattr__(self, name, settings_in(name, getattr(self, name)))
        if self.oracle is not None:
            ORACLES[self.oracle]
        elif self.oracle_set:
            raise ValueError("oracle_set needs the oracle that it is for: name one")

    @property
    def settings(self) -> dict[str, Any]:
        """What all cells of one directory have in common; methods, problems and rates may be added to it."""
        names = ("steps", "seeds", "seed", "oracle", "set", "problem_set", "oracle_set")
        return dict(json.loads(json.dumps({name: getattr(self, name) for name in names}, sort_keys=True)))

    def as_dict(self) -> dict[str, Any]:
        """The grid, ready for JSON."""
        return {"methods": list(self.methods), "problems": list(self.problems), "lr": list(self.lr), **self.settings}

    def cells(self) -> list[Cell]:
        """The cells, problem by problem; raises ``ValueError`` with one line for parameters that do not fit."""
        own = _shared_out("method", self.set, {name: parameters_of(name) for name in self.methods})
        of_problem = {name: [f.name for f in dataclasses.fields(vars(PROBLEMS[name])["parameters"])] for name in self.problems}
        given = _shared_out("problem", self.problem_set, of_problem)
        cells = []
        for problem in self.problems:
            oracle = self._oracle(problem, given[problem])
            for method in self.methods:
                cells += self._of(method, own[method], problem, given[problem], oracle)
        return cells

    def _oracle(self, name: str, values: dict[str, Any]) -> Oracle:
        problem = make_problem(name, **values)
        oracle = self.oracle or ("minibatch" if problem.samples else "exact")
        settings = dict(self.oracle_set)
        if oracle == "minibatch":
            settings.setdefault("batch", BATCH)
        return make_oracle(oracle, problem, **settings)

    def _of(self, name: str, values: dict[str, Any], problem: str, problem_set: dict[str, Any], oracle: Oracle) -> list[Cell]:
        """The cells of one method on one problem."""
        parameter = rate_parameter(name)
        if parameter in values:
            raise ValueError(f"{parameter} of {name} is its initial rate: it is given by lr, not by set")
        if parameter and not self.lr:
            raise ValueError(f"{name} has an initial rate, {parameter}: give at least one by lr, as in lr=1e-3:1:4 (--lr 1e-3:1:4)")
        method = _first_made(name, values, parameter, self.lr)
        # noise, or a uniform number that the rate draws, is all that tells one seed from another
        seeds = 1 if oracle.exact and not method.rate.random else self.seeds
        common = Cell(
            method=name, method_set=values, problem=problem, problem_set=problem_set, oracle=oracle.name,
            oracle_set=_given(oracle), parameter=parameter, lr=None, steps=self.steps, seed=self.seed, seeds=seeds,
            contents=contents_of(oracle),
        )  # fmt: skip
        return [_keyed(dataclasses.replace(common, lr=lr)) for lr in (self.lr if parameter else (None,))]


def _given(oracle: Oracle) -> dict[str, Any]:
    """All parameters of the oracle but those that are not set."""
    return {name: value for name, value in oracle.parameters.as_dict().items() if value is not None}


def _keyed(cell: Cell) -> Cell:
    material = {"schema": SCHEMA, "cell": dataclasses.asdict(cell), "environment": determining()}
    text = json.dumps(material, sort_keys=True, default=str)
    return dataclasses.replace(cell, key=hashlib.sha256(text.encode()).hexdigest())


def _first_made(name: str, values: dict[str, Any], parameter: str | None, rates: Sequence[float]) -> Method:
    """The method at the first rate that it takes; ``ValueError`` if it takes none."""
    if parameter is None:
        return make_method(name, **values)
    refused: ValueError | None = None
    for rate in rates:
        try:
            return make_method(name, **values, **{parameter: rate})
        except ValueError as problem:
            refused = refused or problem
    assert refused is not None
    raise refused


def rate_parameter(name: str) -> str | None:
    """The hyper-parameter that is the initial rate of a method, None if it has none."""
    names = parameters_of(name)
    return next((candidate for candidate in RATE_PARAMETERS if candidate in names), None)


def parameters_of(name: str) -> list[str]:
    """Names of the parameters that a method takes."""
    parts: list[Any] = []
    if name in METHODS:
        named = inspect.signature(METHODS[name]).parameters.values()
        explicit = [entry.name for entry in named if entry.kind is not inspect.Parameter.VAR_KEYWORD]
        if len(explicit) == len(named):
            return explicit
        try:
            made = METHODS[name]()
        except ValueError:
            return explicit
        return [*explicit, *made.direction.parameters.as_dict(), *made.rate.parameters.as_dict()]
    if name in WHOLES:
        parts = [WHOLES[name]]
    elif name in DIRECTIONS:
        parts = [DIRECTIONS[name], RATES["constant"]]
    else:
        rate = next(rate for rate in RATES if name.startswith(rate + "_") and name[len(rate) + 1 :] in DIRECTIONS)
        parts = [DIRECTIONS[name[len(rate) + 1 :]], RATES[rate]]
    return [entry.name for part in parts for entry in dataclasses.fields(part.Parameters)]


def _shared_out(kind: str, given: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """For every method (or problem) the parameters meant for it; a name that none of them has is refused."""
    out: dict[str, dict[str, Any]] = {name: {} for name in known}
    for name, value in sorted(given.items(), key=lambda entry: "." in entry[0]):
        owner, dot, own = name.partition(".")
        if dot and owner not in known:
            raise ValueError(unknown(f"{kind} in {name!r}", owner, known))
        takers = [owner] if dot else [taker for taker, names in known.items() if name in names]
        parameter = own if dot else name
        if not takers or (dot and parameter not in known[owner]):
            valid = known[owner] if dot else {entry for names in known.values() for entry in names}
            raise ValueError(unknown(f"parameter of {owner if dot else f'these {kind}s'}", parameter, valid))
        for taker in takers:
            out[taker][parameter] = _plain(value)
    return out


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else list(value) if isinstance(value, tuple) else value
