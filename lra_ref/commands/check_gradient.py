"""Compare a gradient with numerical derivatives: of a problem of ours, or of your own function f(x) -> (value, gradient).

  lra-ref check-gradient tanh_network --data iris
  lra-ref check-gradient mymodule:loss --dim 20
  lra-ref check-gradient path/to/file.py:loss --dim 20 --scale 0.1

Of a problem the Hessian-vector product is checked too. Exit code 0 if all is well, 1 if something is wrong or the differences are too
inaccurate to tell, 2 for a usage error.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from lra_ref.commands.output import emit, emit_json, number, wrapped

if TYPE_CHECKING:
    from lra_ref.crosscheck.gradients import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref check-gradient``."""
    add = parser.add_argument
    add("problem", metavar="PROBLEM", help="a problem, as lra-ref list problems shows, or MODULE:FUNCTION or FILE.py:FUNCTION")
    add("--problem-set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the problem; may be repeated")
    add("--data", metavar="DATA", help="data set of the problem: breast_cancer, iris, wine, digits, synthetic or a LIBSVM file")
    add("--dim", type=int, metavar="D", help="dimension of x for your own function")
    add("--scale", type=float, metavar="S", help="size of the random points for your own function (default: 1)")
    add("--points", type=int, default=10, metavar="N", help="number of points (default: 10)")
    add("--seed", type=int, default=0, metavar="S", help="seed of the random points (default: 0)")
    add("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref check-gradient``."""
    from lra_ref.checks import whole

    whole("--points", arguments.points, 1)
    whole("--seed", arguments.seed)
    subject, reports = _own(arguments) if ":" in arguments.problem else _ours(arguments)
    verdicts = [report.verdict for report in reports]
    verdict = next((name for name in ("wrong", "unclear") if name in verdicts), "ok")
    if arguments.json:
        found = [dataclasses.asdict(report) for report in reports]
        emit_json({"subject": subject, "verdict": verdict, "points": arguments.points, "seed": arguments.seed, "reports": found})
    else:
        emit("\n".join([subject, *(described(report) for report in reports), f"verdict: {verdict}"]))
    return 0 if verdict == "ok" else 1


def _ours(arguments: argparse.Namespace) -> tuple[str, list[Report]]:
    from lra_ref.commands.run import make_problem
    from lra_ref.crosscheck.gradients import check_problem

    for name in ("dim", "scale"):
        if getattr(arguments, name) is not None:
            hint = "; the dimension of a problem is --problem-set dim=D" if name == "dim" else ""
            raise ValueError(f"--{name} belongs to MODULE:FUNCTION{hint}")
    problem = make_problem(arguments)
    return f"{problem.name} (D = {problem.dim}), {arguments.points} points", check_problem(problem, arguments.points, arguments.seed)


def _own(arguments: argparse.Namespace) -> tuple[str, list[Report]]:
    from lra_ref.checks import whole
    from lra_ref.crosscheck.gradients import check_function
    from lra_ref.crosscheck.loading import load

    if arguments.dim is None:
        raise ValueError("MODULE:FUNCTION needs --dim D, the dimension of x")
    if arguments.data is not None or arguments.problem_set:
        raise ValueError("--data and --problem-set belong to a problem, not to MODULE:FUNCTION")
    dim, scale = whole("--dim", arguments.dim, 1), 1.0 if arguments.scale is None else arguments.scale
    if not 0 < scale < float("inf"):
        raise ValueError(f"--scale must be in (0, inf), got {scale}")
    function = load(arguments.problem, "FUNCTION", "function")
    reports = check_function(function, dim, arguments.points, arguments.seed, scale)
    return f"{arguments.problem} (D = {dim}), {arguments.points} points", reports


def described(report: Report) -> str:
    """A report for people."""
    lines = [wrapped(f"{report.what}: {report.verdict}; {report.checks} numbers against {report.method}", "", "  ")]
    if report.failed:
        lines.append(f"  {report.failed} of them differ by more than the numerical derivatives can be wrong")
    if report.blind:
        lines.append(f"  at {report.blind} of them the numerical derivatives are too inaccurate to tell")
    worst = report.worst
    if worst is not None:
        found, expected = f"{worst.relative_error:.2g}", f"{worst.expected_error:.2g}"
        lines.append(f"  worst relative error {found} at point {worst.point}, {worst.along} (expected up to {expected})")
        if report.failed:
            lines.append(f"    given {worst.given!r}, derivative {worst.derivative!r}")
            shown = ", ".join(map(number, worst.x[:8])) + (", ..." if len(worst.x) > 8 else "")
            lines.append(f"    x = ({shown})")
    return "\n".join(lines)
