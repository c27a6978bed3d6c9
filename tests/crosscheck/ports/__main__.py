"""``python -m tests.crosscheck.ports [STEPS]``: every port of the catalogue, the right and the wrong ones, as a table.

Ends with 1 if a right port differs, or a wrong one is not caught at its step or not named. Frameworks that are not installed are said.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from lra_ref.commands.output import emit, say
from lra_ref.crosscheck import Report, battery, compare
from tests.crosscheck.ports.catalog import HERE, OPTAX_SUBJECTS, PLAIN_SUBJECTS, TORCH_SUBJECTS, Subject, Wrong

#: JAX takes a millisecond for every operation outside jit
SHORTER = {"optax": 5}


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    fine: bool
    text: str


def right(subject: Subject, steps: int) -> Row:
    report = compare(HERE + subject.port, state=subject.state, port_parameters=subject.bugged(), steps=steps, **subject.options)
    ulps = ", ".join(f"{name} {value:.3g}" for name, value in report.ulps.items())
    settings = " ".join(f"{name}={value:g}" for name, value in subject.parameters.items())
    found = f"agrees over {report.steps} steps; ulp: {ulps}" if report.agrees else "DIFFERS"
    return Row(report.agrees, f"{subject.port} is {subject.method} ({settings}): {found}")


def wrong(subject: Subject, entry: Wrong, steps: int) -> Row:
    runs = [case for layout, name in entry.runs for case in battery(subject.made, steps, 0, [layout], [name])]
    report = compare(HERE + subject.port, port_parameters=subject.bugged(entry.bug), steps=steps, cases=runs or None, **subject.options)
    named = [key for finding in report.diagnosis.found for key in finding.deviations] if report.diagnosis else []
    caught = report.first is not None and report.first.step == entry.step
    fine = caught and any(name == entry.deviation and entry.detail in detail for name, detail in named[:1])
    return Row(fine, f"    {'' if fine else 'NOT AS EXPECTED '}{entry.bug}: {described(report)}")


def described(report: Report) -> str:
    if report.first is None:
        return "not caught"
    found = report.diagnosis.found if report.diagnosis else ()
    named = " | ".join(" + ".join(": ".join(filter(None, key)) for key in finding.deviations) for finding in found)
    return f"step {report.first.step}, {report.first.quantity}; {named or 'no diagnosis'}"


def main(steps: int) -> int:
    rows: list[Row] = []
    for subject in PLAIN_SUBJECTS + TORCH_SUBJECTS + OPTAX_SUBJECTS:
        length = max(40, steps // SHORTER.get(subject.framework, 1))
        try:
            found = [right(subject, length), *(wrong(subject, entry, 100) for entry in subject.wrong)]
        except ImportError as problem:
            say(f"{subject.port}: {problem}")
            continue
        emit("\n".join(row.text for row in found))
        rows += found
    bad = sum(not row.fine for row in rows)
    emit(f"{len(rows)} ports, {bad} not as expected")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
