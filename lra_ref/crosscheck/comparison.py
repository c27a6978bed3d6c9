"""Is it the method?  Drive a port and the reference with the same tensors and gradients, and say where they differ and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lra_ref.checks import settings_in
from lra_ref.crosscheck.cases import SHORT, Case, listed, standard
from lra_ref.crosscheck.diagnosis import Diagnosis, Diagnostician, Key
from lra_ref.crosscheck.report import Report
from lra_ref.crosscheck.sides import Port, Reference, follow, groups_in, in_names_of_port, readings_in
from lra_ref.crosscheck.trace import Outcome, Trace
from lra_ref.crosscheck.trees import Reading
from lra_ref.methods import Method

#: differences up to so many ulp are rounding; docs/crosscheck.md says why
LIMIT = 64.0


class Disagreement(AssertionError):
    """A port that differs from the reference; ``report`` says how."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.text())
        self.report = report


def compare(
    port: Any,
    method: str | Method,
    *,
    framework: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    port_parameters: Mapping[str, Any] | None = None,
    names: Mapping[str, str | None] | None = None,
    state: Mapping[str, str | Reading] | None = None,
    cases: Iterable[Case] | None = None,
    steps: int = 1000,
    precision: str = "float64",
    ulps: float = LIMIT,
    missing: str | None = None,
    groups: Sequence[Mapping[str, Any]] = (),
    deviations: Iterable[Key] = (),
    seed: int = 0,
    diagnose: bool = True,
) -> Report:
    """Compare a port with the reference.

    Parameters
    ----------
    port : the port, or ``"MODULE:OBJECT"`` / ``"FILE.py:OBJECT"``; what it must be says :mod:`lra_ref.crosscheck.drivers`.
    method : name of a method of ours, or a :class:`~lra_ref.methods.Method` (``parameters`` then only go to the port).
    framework : "callable", "keras-like", "optax" or "torch"; default: torch for its optimizers, else callable.
    parameters : hyper-parameters of the method, given to both sides.
    port_parameters : more of them for the port alone, in its own names.
    names : our name -> the port's name of a hyper-parameter, None for one that the port does not take.
    state : our quantity -> where the port keeps it (a :class:`~lra_ref.crosscheck.trees.Reading`, or its text ``PATH*FACTOR@before``).
    cases : runs of your own in place of :func:`~lra_ref.crosscheck.battery`, whose ``steps`` this is.
    precision : of the port's tensors: "float64", "float32", "bfloat16".  The reference computes in float64, on gradients and a start that
        are rounded to it.
    ulps : largest difference that is rounding, in ulp of that precision.
    missing : what a tensor without gradient must do: be left out ("skip"), the same with its steps counted by itself ("count"), or have a
        zero gradient ("zero").  Default: where it never has one, what is usual in the framework; where it has one in some steps and none in
        others, any of the three, and the report names which.
    groups : settings of every parameter group in our names, on top of ``parameters``, for methods that share nothing between tensors
        (:func:`lra_ref.crosscheck.groups.separable`).
    deviations : pairs (name, detail) of the catalogue that the port is known to have: it is compared with the method that has them.
    seed : of starting points and sequences.
    diagnose : look for the known deviation behind a difference.

    Raises
    ------
    ValueError : unknown names, values out of range, a reading that leads nowhere.
    ImportError : the framework is not installed, with what to install.
    """
    parameters, names = settings_in("parameters", parameters), settings_in("names", names)
    groups = groups_in(groups)
    ours = Reference.of(method, parameters, groups, deviations, precision, ulps, missing, seed)
    theirs = Port.of(
        port, framework, in_names_of_port(parameters, names, settings_in("port_parameters", port_parameters)),
        [in_names_of_port(one, {name: new for name, new in names.items() if name in one}, {}) for one in groups],
        readings_in(state, ours.method),
    )  # fmt: skip
    runs = standard(ours.method, steps, seed, bool(groups)) if cases is None else listed(cases)
    pairs = _followed(theirs, ours, runs, all_of_them=cases is not None)
    report = Report(_title(port), theirs.framework, ours.method.name, ours.method.settings(), precision, ours.ulps, *_columns(pairs))
    if diagnose and not report.agrees:
        further = [] if cases is None else standard(ours.method, SHORT, seed, bool(groups))
        report.diagnosis = _diagnosis(report, theirs, ours, further)
    return report


def _followed(theirs: Port, ours: Reference, runs: list[Case], all_of_them: bool) -> list[tuple[Trace, Outcome]]:
    """The runs with a gradient for every tensor, then those with gaps: unless all of them are asked for, only where the former agree."""
    for case in runs:
        ours.admits(case)
    full, gapped = ([case for case in runs if case.sequence.gaps == gaps] for gaps in (False, True))
    pairs = [follow(theirs, ours, case) for case in full]
    # what a port does without a gradient can only be told of one that does the right thing with all of them
    if all_of_them or all(outcome.agrees for _, outcome in pairs):
        pairs += [follow(theirs, ours, case) for case in gapped]
    return pairs


def _diagnosis(report: Report, theirs: Port, ours: Reference, further: list[Case]) -> Diagnosis:
    """What explains the difference; where the runs leave several explanations, ``further`` ones may tell them apart."""
    diagnostician = Diagnostician(report.traces, report.outcomes, ours.plan, ours.ulps, ours.seed)
    found = diagnostician.diagnose()
    full = [case for case in further if not case.sequence.gaps]
    if found.ambiguous and full:
        return diagnostician.narrowed(found, *_columns(follow(theirs, ours, case) for case in full))
    return found


def _columns(pairs: Iterable[tuple[Trace, Outcome]]) -> tuple[list[Trace], list[Outcome]]:
    traces, outcomes = zip(*pairs, strict=True)
    return list(traces), list(outcomes)


def assert_matches(port: Any, method: str | Method, **options: Any) -> Report:
    """:func:`compare` for a test: raises :class:`Disagreement`, an AssertionError whose text is the report, unless the port agrees."""
    report = compare(port, method, **options)
    if not report.agrees:
        raise Disagreement(report)
    return report


def _title(port: Any) -> str:
    if isinstance(port, str):
        return port
    return str(getattr(port, "__qualname__", type(port).__qualname__))
