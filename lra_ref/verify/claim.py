"""What a claim file writes: a claim is data plus one function that runs a case and one that returns both sides.

A claim file defines ``CLAIMS``, a list of :class:`Claim`::

    from lra_ref.verify import Assumption, Bound, Case, Claim, Control, Measured

    def run(case, seeds, settings):            # one recorded run of all seeds; what it returns is the evidence
        ...
        return {"loss": loss, "eta": eta}      # arrays (seeds, prefixes)

    def sides(evidence):                       # both sides of the statement, as the class of its kind
        return Bound(lhs=..., rhs=..., scale=..., operations=...)

    CLAIMS = [Claim(id="mine.A", kind="pathwise bound", ..., cases=(Case("quadratic", quick={"dim": 10, "seeds": 8}),),
                    run=run, sides=sides, control=Control("the bound halved", sides=bound_times(0.5, sides)))]

``docs/examples/own_claim.py`` is a complete file. The functions must be deterministic in (case, seeds, settings) and every seed's
numbers must not depend on which other seeds run beside it: resuming, growing the number of seeds and replaying rest on it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lra_ref.checks import chosen, path_of, real
from lra_ref.parameters import shown, unknown
from lra_ref.typing import Array
from lra_ref.verify.kinds import KINDS, Rounded, Sides

if TYPE_CHECKING:
    from lra_ref.verify.falsify.space import Search

PRESETS = ("smoke", "quick", "full")
LABELS = (None, "upper", "lower", "tight")
PROVENANCES = ("published", "derived", "unconfirmed")


@dataclass(frozen=True)
class Settings:
    """What a verification run is asked for: preset, seed in [0, 2^64), and the error probability ``alpha`` of a claim's verdict."""

    preset: str = "quick"
    seed: int = 0
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        chosen("preset", self.preset, PRESETS)
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be a whole number in [0, 2^64), got {shown(self.seed)}")
        object.__setattr__(self, "alpha", real("alpha", self.alpha))
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must be in (0, 1), got {self.alpha!r}")

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Measured:
    """What was found when an assumption was measured: whether it holds, the number, and a few words."""

    ok: bool
    value: float | None = None
    text: str = ""


@dataclass(frozen=True)
class Assumption:
    """An assumption and how it is measured on the run; a claim with one that fails is NOT APPLICABLE, and the report names it.

    ``measure(evidence)`` returns a :class:`Measured` or a bool. Without it the assumption is one that holds by construction,
    as ``how`` explains.
    """

    text: str
    how: str
    measure: Callable[[Any], Measured | bool] | None = None

    def check(self, evidence: Any) -> Measured:
        """Measure it."""
        if self.measure is None:
            return Measured(True, None, "by construction")
        found = self.measure(evidence)
        return found if isinstance(found, Measured) else Measured(bool(found))


@dataclass(frozen=True)
class Case:
    """A named case with its parameters per preset (a preset left out does not run it); ``common`` holds those shared by all.

    Parameters are plain data (numbers, strings, booleans, None, lists, dictionaries). Two have a meaning here: ``seeds``, the number of
    seeds of the first look (default 1, or 32 for statistical kinds), and ``budget``, the most seeds a statistical kind may draw
    (default 8 times the first look).
    """

    name: str
    smoke: Mapping[str, Any] | None = None
    quick: Mapping[str, Any] | None = None
    full: Mapping[str, Any] | None = None
    common: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"a case needs a name, a text, got {shown(self.name)}")
        for field_name in (*PRESETS, "common"):
            given = getattr(self, field_name)
            if not (given is None and field_name != "common") and not isinstance(given, Mapping):
                raise ValueError(f"parameters of case {shown(self.name)}, {field_name}, must be a dictionary, got {shown(given)}")
        for preset in PRESETS:
            try:
                json.dumps(self.parameters(preset), allow_nan=False)
            except (TypeError, ValueError) as problem:
                raise ValueError(f"parameters of case {self.name!r} must be plain data: {' '.join(str(problem).split())}") from None

    @classmethod
    def everywhere(cls, name: str, /, **parameters: Any) -> Case:
        """A case with the same parameters in every preset."""
        return cls(name, smoke=parameters, quick=parameters, full=parameters)

    @classmethod
    def from_witness(cls, path: str | Path) -> Case:
        """The case of a stored counterexample: its ``parameters``, the same in every preset; floats may be written in hexadecimal."""
        path = Path(path_of(path))
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            parameters = dict(stored["parameters"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
            raise ValueError(f"cannot read the counterexample {path}: {' '.join(str(problem).split())}") from None
        name = stored.get("case", path.stem)
        if not isinstance(name, str) or not name:
            raise ValueError(f"cannot read the counterexample {path}: case must be a name, got {shown(name)}")
        try:
            return cls(name, *[unhexed(parameters)] * 3)
        except ValueError as problem:
            raise ValueError(f"cannot read the counterexample {path}: {problem}") from None

    def parameters(self, preset: str) -> dict[str, Any] | None:
        """The parameters for a preset, None if the case does not run in it."""
        own = getattr(self, preset)
        return None if own is None else {**self.common, **own}


HEX = re.compile(r"[-+]?0x[01]\.[0-9a-f]+p[-+]\d+")


def unhexed(value: Any) -> Any:
    """Plain data with strings such as ``"0x1.8p+1"`` turned into the floats that they are."""
    if isinstance(value, str) and HEX.fullmatch(value):
        return float.fromhex(value)
    if isinstance(value, Mapping):
        return {key: unhexed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [unhexed(entry) for entry in value]
    return value


@dataclass(frozen=True)
class CaseView(Mapping[str, Any]):
    """The case as ``run`` sees it: a mapping of its parameters, with its ``name`` and what the ``pilot`` found."""

    name: str
    parameters: Mapping[str, Any]
    pilot: Any = None

    def __getitem__(self, key: str) -> Any:
        if key not in self.parameters:
            raise KeyError(unknown(f"parameter of case {self.name!r}", key, self.parameters))
        return self.parameters[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)


Run = Callable[[CaseView, Array, Settings], Any]
SidesOf = Callable[[Any], Sides]


@dataclass(frozen=True)
class Control:
    """A deliberately broken method or bound for which the same check must answer VIOLATED.

    What is left out is taken from the claim: its ``run``, its ``sides``, and of its cases the first that the preset runs. ``cases``
    are names of the claim's cases or cases of the control's own. Assumptions are not asked of a control.
    """

    what: str
    run: Run | None = None
    sides: SidesOf | None = None
    cases: tuple[str | Case, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement, everything needed to check it, and its control.

    id                  ``part.name``, for instance ``gala.G1``; ``part`` defaults to what stands before the first dot
    kind                one of :data:`lra_ref.verify.kinds.KINDS`; ``sides`` returns the class of that kind. A ``refutation`` returns the
                        class of the statement it refutes and HOLDS when the check answers VIOLATED on the stored counterexample
    label               "upper", "lower", "tight", or None where there is no bound
    provenance          "published" (``source`` names where), "derived", "unconfirmed"
    statement           TeX, or text with ``$...$``; what matplotlib's mathtext understands is typeset in the report
    run, sides          ``run(case, seeds, settings) -> evidence`` and ``sides(evidence)``; ``seeds`` are trajectory numbers (int64),
                        ``settings.seed`` is the seed that they belong to. ``sides`` must not modify the evidence
    pilot               ``pilot(case, seeds, settings)``, optional: run once on ``pilot_seeds`` seeds of its own, its answer is
                        ``case.pilot``: whatever a statement in expectation needs fixed in advance
    may_be_undecided    why UNDECIDED counts as good enough in the exit code, empty if it does not
    search              how ``lra-ref falsify`` searches it, optional: :class:`lra_ref.verify.falsify.space.Search`
    notes, explain      a remark for the row, and text for the report
    """

    id: str
    kind: str
    provenance: str
    statement: str
    cases: Sequence[Case]
    run: Run
    sides: SidesOf
    control: Control | None = None
    label: str | None = None
    title: str = ""
    part: str = ""
    source: str = ""
    assumptions: Sequence[Assumption] = ()
    pilot: Run | None = None
    pilot_seeds: int = 32
    may_be_undecided: str = ""
    search: Search | None = None
    notes: str = ""
    explain: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not re.fullmatch(r"\w[\w-]*(\.[\w-]+)+", self.id):
            raise ValueError(f"id must look like part.name, got {shown(self.id)}")
        object.__setattr__(self, "part", self.part or self.id.split(".")[0])
        for name, choices in (("kind", KINDS), ("label", LABELS), ("provenance", PROVENANCES)):
            try:
                chosen(name, getattr(self, name), choices)
            except ValueError as problem:
                raise ValueError(f"{self.id}: {problem}") from None
        cases = tuple(self.cases) if isinstance(self.cases, list | tuple) else ()
        if not isinstance(self.cases, list | tuple) or not all(isinstance(case, Case) for case in cases):
            raise ValueError(f"{self.id}: cases must be a list of Case, got {shown(self.cases)}")
        object.__setattr__(self, "cases", cases)
        object.__setattr__(self, "assumptions", tuple(self.assumptions))
        names = [case.name for case in self.cases]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"{self.id}: at least one case, each with a name of its own, got {names}")
        if self.control is not None:
            self.control_cases()

    def control_cases(self, preset: str | None = None) -> tuple[Case, ...]:
        """The cases of the control, of those that run in ``preset``."""
        own = {case.name: case for case in self.cases}
        chosen = []
        for case in () if self.control is None else self.control.cases if self.control.cases is not None else self.cases:
            if isinstance(case, str) and case not in own:
                raise ValueError(f"{self.id}: " + unknown("case of the control", case, own))
            chosen.append(own[case] if isinstance(case, str) else case)
        running = [case for case in chosen if preset is None or case.parameters(preset) is not None]
        first = self.control is not None and self.control.cases is None
        return tuple(running[:1] if first else running)


def bound_times(factor: float, sides: SidesOf) -> SidesOf:
    """Sides with the right-hand side multiplied by ``factor``: the control of a tight bound."""

    def shrunk(evidence: Any) -> Sides:
        whole = sides(evidence)
        if not isinstance(whole, Rounded):
            raise TypeError(f"bound_times needs sides with a right-hand side, got {type(whole).__name__}")
        return whole.with_rhs(factor * whole.rhs)

    return shrunk
