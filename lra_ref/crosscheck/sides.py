"""The two sides of a comparison, checked and ready to follow runs: the port with its settings, the reference as a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lra_ref.checks import real, settings_in
from lra_ref.crosscheck.cases import Case
from lra_ref.crosscheck.diagnosis import Key, deviating
from lra_ref.crosscheck.drivers import Driver, framework_of, make_driver
from lra_ref.crosscheck.gaps import CONVENTIONS, judge_gaps
from lra_ref.crosscheck.groups import fits_groups, methods_of
from lra_ref.crosscheck.loading import load
from lra_ref.crosscheck.machine import Plan, needs_objective, quantities
from lra_ref.crosscheck.trace import Outcome, Trace, check, drive
from lra_ref.crosscheck.trees import Reading
from lra_ref.crosscheck.ulp import digits
from lra_ref.methods import Method, make_method
from lra_ref.parameters import shown, unknown


@dataclass(frozen=True)
class Reference:
    """Our side: the method, its plan with the deviations that the port is known to have, and how a port is held against it."""

    method: Method
    plan: Plan
    precision: str
    ulps: float
    missing: str | None
    seed: int

    @classmethod
    def of(
        cls, method: str | Method, parameters: Mapping[str, Any], groups: Sequence[Mapping[str, Any]], deviations: Iterable[Key],
        precision: str, ulps: float, missing: str | None, seed: int,
    ) -> Reference:  # fmt: skip
        """From arguments of :func:`~lra_ref.crosscheck.compare`; ``ValueError`` for values out of range."""
        found = method if isinstance(method, Method) else make_method(method, **parameters)
        digits(precision)
        ulps = real("ulps", ulps)
        if not ulps > 0:
            raise ValueError(f"ulps must be above 0, got {ulps}")
        if missing is not None and not (isinstance(missing, str) and missing in CONVENTIONS):
            raise ValueError(f"missing must be skip, count or zero, got {shown(missing)}")
        plan = deviating(Plan(found, groups=methods_of(found, parameters, groups)), deviations)
        return cls(found, plan, precision, ulps, missing, seed)

    def admits(self, case: Case) -> None:
        """``ValueError`` for a run on which the method cannot be driven."""
        fits_groups(case.layout, self.plan.groups)
        if case.sequence.gaps and self.method.rate.late:
            raise ValueError(
                f"{self.method.name} uses sums over the tensors of the step before, which may be others: it is not driven with gaps"
            )

    def judge(self, trace: Trace) -> Outcome:
        """A run of a port against the method."""
        if trace.sequence.gaps:
            return judge_gaps(trace, self.plan, self.missing, self.ulps, self.seed)
        return check(trace, replace(self.plan, missing=trace.missing), self.ulps, seed=self.seed)


@dataclass(frozen=True)
class Port:
    """Their side: the port, its hyper-parameters in its own names, for all tensors and on top of them group by group, and where it keeps
    what is read.
    """

    made: Any
    framework: str
    values: dict[str, Any]
    groups: list[dict[str, Any]]
    readings: dict[str, Reading]

    @classmethod
    def of(
        cls, port: Any, framework: str | None, values: dict[str, Any], groups: list[dict[str, Any]], readings: dict[str, Reading]
    ) -> Port:
        """The port itself or ``"MODULE:OBJECT"``, in the framework that is named or that it shows."""
        made = load(port) if isinstance(port, str) else port
        framework = framework_of(made) if framework is None else framework
        if not isinstance(framework, str):
            raise ValueError(f"framework must be a name, got {shown(framework)}")
        return cls(made, framework, values, groups, readings)

    def driver(self, reference: Reference) -> Driver:
        """A fresh driver of the port."""
        driver = make_driver(self.framework, self.made, needs_objective(reference.method), self.groups)
        if reference.precision not in driver.precisions:
            raise ValueError(f"the framework {self.framework} has the precisions {', '.join(driver.precisions)}, not {reference.precision}")
        return driver


def follow(port: Port, reference: Reference, case: Case) -> tuple[Trace, Outcome]:
    """One run: what the port did, and what the reference says to it."""
    driver, precision = port.driver(reference), reference.precision
    trace = drive(driver, case.layout, case.sequence, precision, port.values, port.readings, reference.seed, case.x0)
    if reference.missing is not None:
        trace.missing = "zero" if reference.missing == "zero" else "skip"
    return trace, reference.judge(trace)


def groups_in(groups: Any) -> list[Mapping[str, Any]]:
    """Settings of groups as a list of dictionaries."""
    listed = isinstance(groups, Sequence) and not isinstance(groups, str | bytes)
    if not listed or not all(isinstance(group, Mapping) for group in groups):
        raise ValueError(f"groups must be a list of dictionaries, got {shown(groups)}")
    return list(groups)


def readings_in(state: Any, method: Method) -> dict[str, Reading]:
    """What is read of the port, by our names; ``ValueError`` for a quantity that the method does not have."""
    readings = {name: Reading.parse(text) for name, text in settings_in("state", state).items()}
    for name in readings:
        if name not in quantities(method):
            raise ValueError(unknown(f"quantity of {method.name}", name, quantities(method)))
    return readings


def in_names_of_port(parameters: Mapping[str, Any], names: Mapping[str, str | None], more: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters by the names that the port has for them, and ``more`` that it alone has."""
    for name in names:
        if name not in parameters:
            raise ValueError(unknown("parameter to rename: it is not set:", name, parameters))
    renamed = {names.get(name, name): value for name, value in parameters.items()}
    kept = {name: value for name, value in renamed.items() if name is not None}
    twice = sorted(set(kept) & set(more))
    if twice:
        raise ValueError(f"the port's parameter {twice[0]} is given twice")
    return {**kept, **more}
