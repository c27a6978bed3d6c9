"""Is it the method?  Drive a port and the reference with the same tensors and gradients, and say where they differ and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lra_ref.checks import block_offsets, names_in, real, settings_in, vector, whole
from lra_ref.crosscheck.diagnosis import Diagnostician, Key, deviating
from lra_ref.crosscheck.drivers import Driver, framework_of, make_driver
from lra_ref.crosscheck.gaps import CONVENTIONS, judge_gaps
from lra_ref.crosscheck.groups import fits_groups, methods_of
from lra_ref.crosscheck.layouts import Layout, flat_layout, layout_named
from lra_ref.crosscheck.loading import load
from lra_ref.crosscheck.machine import Machine, Plan, needs_objective, quantities
from lra_ref.crosscheck.report import Report
from lra_ref.crosscheck.sequences import GAPS, PATTERNS, Fixed, Function, Gradients, make_sequence
from lra_ref.crosscheck.trace import Outcome, Trace, check, drive
from lra_ref.crosscheck.trees import Reading
from lra_ref.crosscheck.ulp import digits
from lra_ref.methods import Method, make_method
from lra_ref.parameters import shown, unknown
from lra_ref.typing import Array

#: differences up to so many ulp are rounding; docs/crosscheck.md says why
LIMIT = 64.0
#: steps of the runs on adversarial gradients and on the models with groups and with tensors to be left alone
SHORT = 60
#: models and sequences of groups with settings of their own
GROUPED = (("groups",), ("normal", "zeros", "scales"))


class Disagreement(AssertionError):
    """A port that differs from the reference; ``report`` says how."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.text())
        self.report = report


@dataclass(frozen=True)
class Case:
    """One run: a model, a sequence of gradients, and where x starts (None: drawn from the seed)."""

    layout: Layout
    sequence: Gradients
    x0: Array | None = None

    def __post_init__(self) -> None:
        dim = self.layout.dim
        if isinstance(self.sequence, Fixed) and self.sequence.gradients.shape[1] != dim:
            raise ValueError(f"the gradients must have shape (T, {dim}) on this layout, got {self.sequence.gradients.shape}")
        if self.x0 is not None and vector("x0", self.x0, dim, finite=True).ndim != 1:
            raise ValueError(f"x0 must have shape ({dim},), got {np.shape(self.x0)}")


def battery(method: Method, steps: int = 1000, seed: int = 0, layouts: Iterable[str] = (), sequences: Iterable[str] = ()) -> list[Case]:
    """The runs of a comparison: all of the standard ones, or every named model with every named sequence."""
    if not isinstance(method, Method):
        raise ValueError(f"method must be a Method, as from make_method(name), got {shown(method)}")
    steps = whole("steps", steps, 1)
    short = min(steps, SHORT)
    if needs_objective(method):
        pairs = [("vector", "noisy_quadratic", steps), ("model", "noisy_quadratic", steps), ("model", "quadratic", short)]
        pairs += [(name, "noisy_quadratic", short) for name in ("groups", "awkward")]
        plain = "noisy_quadratic"
    else:
        pairs = [("vector", "normal", steps), ("model", "normal", steps)]
        pairs += [("model", name, short) for name in PATTERNS if name != "normal"]
        pairs += [("groups", "normal", short), ("awkward", "normal", short)]
        pairs += [("model", GAPS, short)] if not method.rate.late else []
        plain = "normal"
    names, patterns = names_in("layouts", layouts), names_in("sequences", sequences)
    if names or patterns:
        pairs = [(name, pattern, steps) for name in names or ["model"] for pattern in patterns or [plain]]
    made = []
    for name, pattern, length in pairs:
        layout = layout_named(name)
        made.append(Case(layout, make_sequence(pattern, _ends(layout), length, seed)))
    return made


def _ends(layout: Layout) -> Any:
    """Ends of the tensors that have elements."""
    ends = layout.offsets
    return ends[[0, *(k + 1 for k, tensor in enumerate(layout.tensors) if tensor.size)]]


def own_case(sequence: Gradients, dim: int, offsets: Any = None, x0: Any = None) -> Case:
    """A sequence of your own on one-dimensional tensors with these ends (default: one tensor)."""
    return Case(flat_layout("own", block_offsets(offsets, whole("dim", dim, 1))), sequence, x0)


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
    cases : runs of your own in place of :func:`battery`, whose ``steps`` this is.
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
    port_parameters, state = settings_in("port_parameters", port_parameters), settings_in("state", state)
    groups = _groups(groups)
    made = method if isinstance(method, Method) else make_method(method, **parameters)
    found = load(port) if isinstance(port, str) else port
    framework = framework_of(found) if framework is None else framework
    if not isinstance(framework, str):
        raise ValueError(f"framework must be a name, got {shown(framework)}")
    digits(precision)
    ulps = real("ulps", ulps)
    if not ulps > 0:
        raise ValueError(f"ulps must be above 0, got {ulps}")
    if missing is not None and not (isinstance(missing, str) and missing in CONVENTIONS):
        raise ValueError(f"missing must be skip, count or zero, got {shown(missing)}")
    readings = {name: Reading.parse(text) for name, text in (state or {}).items()}
    for name in readings:
        if name not in quantities(made):
            raise ValueError(unknown(f"quantity of {made.name}", name, quantities(made)))
    values = _for_port(parameters or {}, names or {}, port_parameters or {})
    methods = methods_of(made, parameters or {}, groups)
    settings = [_for_port(one, {name: new for name, new in (names or {}).items() if name in one}, {}) for one in groups]
    if cases is not None and (not isinstance(cases, Iterable) or isinstance(cases, np.ndarray)):
        raise ValueError(f"cases must be a list of Case, got {shown(cases)}")
    runs = list(cases if cases is not None else battery(made, steps, seed, *(GROUPED if groups else ())))
    if not runs:
        raise ValueError("cases must not be empty")
    if not all(isinstance(case, Case) for case in runs):
        raise ValueError(f"cases must be a list of Case, got {shown(cases)}")
    for case in runs:
        fits_groups(case.layout, groups)
        if case.sequence.gaps and made.rate.late:
            raise ValueError(f"{made.name} uses sums over the tensors of the step before, which may be others: it is not driven with gaps")
    plan = deviating(Plan(made, groups=methods), deviations)

    def follow(case: Case) -> tuple[Trace, Outcome]:
        driver = _driver(framework, found, made, precision, settings)
        trace = drive(driver, case.layout, case.sequence, precision, values, readings, seed, case.x0)
        if missing is not None:
            trace.missing = "zero" if missing == "zero" else "skip"
        if case.sequence.gaps:
            return trace, judge_gaps(trace, plan, missing, ulps, seed)
        return trace, check(trace, replace(plan, missing=trace.missing), ulps, seed=seed)

    full, gapped = ([case for case in runs if case.sequence.gaps == gaps] for gaps in (False, True))
    pairs = list(map(follow, full))
    # what a port does without a gradient can only be told of one that does the right thing with all of them
    pairs += list(map(follow, gapped)) if all(outcome.agrees for _, outcome in pairs) or cases is not None else []
    report = Report(_title(port), framework, made.name, made.settings(), precision, ulps, *_columns(pairs))
    if diagnose and not report.agrees:
        diagnostician = Diagnostician(report.traces, report.outcomes, plan, ulps, seed)
        report.diagnosis = diagnostician.diagnose()
        if report.diagnosis.ambiguous and cases is not None:
            # the standard runs are made to tell the deviations apart
            further = [case for case in battery(made, SHORT, seed, *(GROUPED if groups else ())) if not case.sequence.gaps]
            report.diagnosis = diagnostician.narrowed(report.diagnosis, *_columns(map(follow, further)))
    return report


def _groups(groups: Any) -> list[Mapping[str, Any]]:
    """Settings of groups as a list of dictionaries."""
    listed = isinstance(groups, Sequence) and not isinstance(groups, str | bytes)
    if not listed or not all(isinstance(group, Mapping) for group in groups):
        raise ValueError(f"groups must be a list of dictionaries, got {shown(groups)}")
    return list(groups)


def _columns(pairs: Iterable[tuple[Trace, Outcome]]) -> tuple[list[Trace], list[Outcome]]:
    traces, outcomes = zip(*pairs, strict=True)
    return list(traces), list(outcomes)


def assert_matches(port: Any, method: str | Method, **options: Any) -> Report:
    """:func:`compare` for a test: raises :class:`Disagreement`, an AssertionError whose text is the report, unless the port agrees."""
    report = compare(port, method, **options)
    if not report.agrees:
        raise Disagreement(report)
    return report


def recorded(method: str | Method, source: Function, layout: Layout, x0: Any, **parameters: Any) -> Fixed:
    """The gradients that the reference meets on a function from ``x0`` on, as a sequence without feedback."""
    made = method if isinstance(method, Method) else make_method(method, **parameters)
    machine, rows = Machine(Plan(made), layout, source, x0), []
    for t in range(len(source)):
        rows.append(source.evaluate(("step", t), machine.x)[1])
        if not machine.step():
            raise ValueError(f"no gradients to record: at step {t} the reference {machine.status.message}")
    return Fixed(f"{source.name}, recorded", np.array(rows))


def _driver(framework: str, port: Callable[..., Any], method: Method, precision: str, groups: list[dict[str, Any]]) -> Driver:
    driver = make_driver(framework, port, needs_objective(method), groups)
    if precision not in driver.precisions:
        raise ValueError(f"the framework {framework} has the precisions {', '.join(driver.precisions)}, not {precision}")
    return driver


def _for_port(parameters: Mapping[str, Any], names: Mapping[str, str | None], more: Mapping[str, Any]) -> dict[str, Any]:
    for name in names:
        if name not in parameters:
            raise ValueError(unknown("parameter to rename: it is not set:", name, parameters))
    renamed = {names.get(name, name): value for name, value in parameters.items()}
    kept = {name: value for name, value in renamed.items() if name is not None}
    twice = sorted(set(kept) & set(more))
    if twice:
        raise ValueError(f"the port's parameter {twice[0]} is given twice")
    return {**kept, **more}


def _title(port: Any) -> str:
    if isinstance(port, str):
        return port
    return str(getattr(port, "__qualname__", type(port).__qualname__))
