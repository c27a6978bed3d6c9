"""Conformance vectors: what every method was given and what it did, for checking a port in any language.

  lra-ref vectors export DIR                       the whole set, JSON and npz (docs/vectors.md says what is in them)
  lra-ref vectors export DIR --method adam --method gala_sgd
  lra-ref vectors check DIR --results FILE         compare numbers computed elsewhere, bit for bit
  lra-ref vectors check DIR --results FILE --ulps 16 --json

Exit code 0 if all that was given agrees, 1 if something differs (or, with --complete, is missing), 2 for a file that cannot be used.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lra_ref.commands.output import emit, emit_json, number, say, table

if TYPE_CHECKING:
    from lra_ref.vectors.compare import Report

#: so many vectors that differ are shown one by one
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref vectors``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="export|check")
    add = actions.add_parser("export", help="write the vectors").add_argument
    add("folder", metavar="DIR", help="folder to write to; an earlier export in it is replaced")
    add("--method", action="append", metavar="NAME", help="only this method; may be repeated (default: the whole set)")
    add("--json", action="store_true", help="print JSON instead of text")
    add = actions.add_parser("check", help="compare results with the vectors").add_argument
    add("folder", metavar="DIR", help="folder that lra-ref vectors export wrote")
    add("--results", required=True, metavar="FILE", help="what the port computed: JSON or .npz, see docs/vectors.md")
    add("--ulps", type=float, default=0.0, metavar="N", help="an element agrees within N representable numbers (default: 0)")
    add("--absolute", type=float, default=0.0, metavar="A", help="or within A of the reference (default: 0)")
    add("--complete", action="store_true", help="a vector of DIR that FILE leaves out is a failure")
    add("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref vectors``."""
    return _export(arguments) if arguments.action == "export" else _check(arguments)


def _export(arguments: argparse.Namespace) -> int:
    from lra_ref.vectors.folder import export

    index = export(arguments.folder, arguments.method)
    methods = list(dict.fromkeys(entry["method"] for entry in index["vectors"]))
    if arguments.json:
        emit_json({"folder": arguments.folder, "methods": methods, "vectors": [entry["name"] for entry in index["vectors"]]})
    else:
        emit(f"{arguments.folder}: {len(index['vectors'])} vectors of {len(methods)} methods")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from lra_ref.vectors.compare import check

    report = check(arguments.folder, arguments.results, ulps=arguments.ulps, absolute=arguments.absolute)
    failed = not report.same or (arguments.complete and bool(report.missing))
    if arguments.json:
        emit_json({"verdict": "different" if failed else "same", "complete": not report.missing, **report.as_dict()})
    else:
        emit(described(report, arguments.complete))
    if report.missing and not arguments.complete:
        say(
            f"of the {len(report.missing) + len(report.rows)} vectors of the folder {len(report.rows)} are in the results and were compared"
        )
    return 1 if failed else 0


def described(report: Report, complete: bool) -> str:
    """A report for people."""
    different = [row for row in report.rows if not row.same]
    lines = []
    for row in different[:SHOWN]:
        shapes = [f"{name} has shape {e.shapes[0]}, expected {e.shapes[1]}" for name, e in row.compared.items() if e.shapes]
        lines.append(f"DIFFERENT  {row.first or row.vector}{'; ' if row.first and shapes else ': ' if shapes else ''}{'; '.join(shapes)}")
    if len(different) > SHOWN:
        lines.append(f"... and {len(different) - SHOWN} more vectors that differ")
    cells = [("quantity", "largest distance in ulps")] + [(name, number(value)) for name, value in report.largest().items()]
    lines.append(table(cells))
    if complete and report.missing:
        listed = [*report.missing[:SHOWN], *(["..."] if len(report.missing) > SHOWN else [])]
        lines.append(f"MISSING    {len(report.missing)} vectors: {', '.join(listed)}")
    bound = f"within {number(report.ulps)} ulps of {report.precision}" + (f" or {number(report.absolute)}" if report.absolute else "")
    lines.append(f"{len(report.rows) - len(different)} of {len(report.rows)} vectors compared are the same {bound}")
    return "\n".join(lines)
