"""Compare a port with the reference: where it differs first, by how much, and which known deviation explains it.

  lra-ref crosscheck ports/clara.py:Clara --method clara_sgd --set lr=0.1 --set d=1e-3
  lra-ref crosscheck mymodule:Clara --method clara_sgd --framework torch --state path=p --state eta=lr@before
  lra-ref crosscheck mymodule:adam --method adam --framework optax --set lr=0.1 --map lr=learning_rate
  lra-ref crosscheck ports/clara.py:Clara --method clara_sgd --layout 3x4,4 --sequence jump --steps 200

PORT is a class or factory, see docs/crosscheck.md. --set goes to both sides (--map renames for the port, NAME= leaves out), --port-set
to the port alone. Exit code 0 if the port agrees, 1 if it differs, 2 for a usage error.
"""

from __future__ import annotations

import argparse
from typing import Any

from lra_ref.commands.output import assignments, emit, emit_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref crosscheck``."""
    add = parser.add_argument
    add("port", metavar="PORT", help="MODULE:OBJECT or FILE.py:OBJECT")
    add("--method", metavar="METHOD", required=True, help="what it should be, as lra-ref list methods shows")
    add("--framework", metavar="FRAMEWORK", help="torch, optax, keras-like or callable (default: torch for its optimizers, else callable)")
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyper-parameter, for both sides; may be repeated, as the next three",
    )
    add("--port-set", action="append", default=[], metavar="NAME=VALUE", help="a hyper-parameter of the port alone, in its own name")
    add("--map", action="append", default=[], metavar="NAME=PORTNAME", help="the port's name of a hyper-parameter; NAME= leaves it out")
    add("--state", action="append", default=[], metavar="NAME=PATH", help="where the port keeps a quantity: PATH, PATH*FACTOR, PATH@before")
    add("--steps", type=int, default=1000, metavar="T", help="steps of the longest runs (default: 1000)")
    add(
        "--layout",
        action="append",
        default=[],
        metavar="LAYOUT",
        help="vector, model, groups, awkward or shapes as in 3x4,4 (default: all)",
    )
    add("--sequence", action="append", default=[], metavar="SEQUENCE", help="normal, jump, zeros, ... (default: all that suit the method)")
    add("--gradients", metavar="FILE", help="recorded gradients, an array (T, D) in a .npy or .npz file, in place of the standard runs")
    add("--problem", metavar="PROBLEM", help="a problem of ours in place of the standard runs, as lra-ref list problems shows")
    add("--problem-set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the problem")
    add("--data", metavar="DATA", help="data set of the problem")
    add("--batch", type=int, metavar="B", help="rows of a minibatch of the problem (default: 32 if it has rows)")
    add("--feedback", action="store_true", help="with --problem: each side sees the gradient at its own point, not that of the reference")
    add("--precision", default="float64", metavar="P", help="of the port: float64, float32 or bfloat16 (default: float64)")
    add("--ulps", type=float, metavar="N", help="differences up to N units in the last place are rounding (default: 64)")
    add(
        "--missing",
        choices=("skip", "count", "zero"),
        help="tensors without gradient: left out, also with a count of their own, or with a zero gradient (default: as is usual)",
    )
    add("--group", action="append", default=[], metavar="N:NAME=VALUE", help="a hyper-parameter of parameter group N, 0 or 1")
    add(
        "--deviation", action="append", default=[], metavar="NAME[: DETAIL]", help="a deviation that the port is known to have, as reported"
    )
    add("--seed", type=int, default=0, metavar="S", help="seed of starting points and gradients (default: 0)")
    add("--no-diagnosis", action="store_true", help="do not look for the deviation that explains a difference")
    add("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref crosscheck``."""
    from lra_ref.crosscheck.comparison import LIMIT, compare
    from lra_ref.methods import make_method

    parameters = assignments(arguments.set, "--set", {})
    method = make_method(arguments.method, **parameters)
    report = compare(
        arguments.port,
        method,
        framework=arguments.framework,
        parameters=parameters,
        port_parameters=assignments(arguments.port_set, "--port-set", {}),
        names={name: new or None for name, new in texts(arguments.map, "--map").items()},
        state=texts(arguments.state, "--state"),
        cases=_cases(arguments, method),
        steps=arguments.steps,
        precision=arguments.precision,
        ulps=LIMIT if arguments.ulps is None else arguments.ulps,
        missing=arguments.missing,
        groups=_groups(arguments.group),
        deviations=[(name.strip(), detail.strip()) for name, _, detail in (text.partition(":") for text in arguments.deviation)],
        seed=arguments.seed,
        diagnose=not arguments.no_diagnosis,
    )
    if arguments.json:
        emit_json(report.to_json())
    else:
        emit(report.text())
    return 0 if report.agrees else 1


def texts(options: list[str], option: str) -> dict[str, str]:
    """``name=text`` options as they are: a path is never a number."""
    values: dict[str, str] = {}
    for text in options:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (equals and name):
            raise ValueError(f"{option} must look like name=value, got {text!r}")
        if name in values:
            raise ValueError(f"{option} gives {name} twice")
        values[name] = value
    return values


def _groups(options: list[str]) -> list[dict[str, Any]]:
    """Settings of the groups, from ``N:NAME=VALUE``."""
    found: dict[int, list[str]] = {}
    for text in options:
        number, colon, setting = text.partition(":")
        if not (colon and number.strip().isdigit()):
            raise ValueError(f"--group must look like N:name=value, got {text!r}")
        found.setdefault(int(number), []).append(setting)
    return [assignments(found.get(k, []), "--group", {}) for k in range(max(found, default=-1) + 1)]


def _cases(arguments: argparse.Namespace, method: Any) -> list[Any] | None:
    """The runs of the options; None: those of the comparison itself."""
    from lra_ref.checks import whole
    from lra_ref.crosscheck.cases import battery, own_case
    from lra_ref.crosscheck.sequences import fixed

    steps, seed = whole("--steps", arguments.steps, 1), whole("--seed", arguments.seed)
    named = bool(arguments.layout or arguments.sequence)
    if sum((named, arguments.gradients is not None, arguments.problem is not None)) > 1:
        raise ValueError("--layout and --sequence, --gradients, and --problem exclude each other")
    if arguments.problem is None and (arguments.problem_set or arguments.data or arguments.batch is not None or arguments.feedback):
        raise ValueError("--problem-set, --data, --batch and --feedback belong to --problem")
    if arguments.gradients is not None:
        sequence = fixed(arguments.gradients)
        return [own_case(sequence, sequence.gradients.shape[1])]
    if arguments.problem is not None:
        return [_problem_case(arguments, method, steps, seed)]
    return None if arguments.group and not named else battery(method, steps, seed, arguments.layout, arguments.sequence)


def _problem_case(arguments: argparse.Namespace, method: Any, steps: int, seed: int) -> Any:
    """A problem behind its oracle; without --feedback both sides get the gradients that the reference meets."""
    from lra_ref.commands.run import BATCH, make_problem
    from lra_ref.crosscheck.cases import Case, recorded
    from lra_ref.crosscheck.layouts import flat_layout
    from lra_ref.crosscheck.machine import needs_objective
    from lra_ref.crosscheck.sequences import of_oracle
    from lra_ref.oracles import make_oracle

    problem = make_problem(arguments)
    batched = arguments.batch is not None or problem.samples
    values = {"batch": BATCH if arguments.batch is None else arguments.batch} if batched else {}
    source = of_oracle(make_oracle("minibatch" if batched else "exact", problem, **values), steps, seed)
    layout = flat_layout(problem.name, [0, problem.dim] if problem.offsets is None else problem.offsets)
    if arguments.feedback or needs_objective(method):
        return Case(layout, source, problem.start)
    return Case(layout, recorded(method, source, layout, problem.start), problem.start)
