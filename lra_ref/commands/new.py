"""Write the five rooms of a new part into a checkout, or a claim file anywhere, from templates that work.

lra-ref new rate NAME         lra_ref/rates/NAME.py, its claim, proof steps, tests and theory page
lra-ref new direction NAME    the same for a direction
lra-ref new claim NAME        NAME.py, a claim file; needs no checkout

Nothing is overwritten. The claim has no statement yet: lra-ref verify says so until you have written it.
"""

from __future__ import annotations

import argparse

from lra_ref.commands.output import emit, emit_json, say
from lra_ref.new import KINDS, new


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref new``."""
    parser.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}")
    parser.add_argument("name", metavar="NAME", help="lower-case words joined by underscores")
    parser.add_argument("--dir", default=".", metavar="DIR", help="the checkout, or the folder of the claim file (default: here)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref new``."""
    written = new(arguments.kind, arguments.name, arguments.dir)
    files, changed = [str(path) for path in written.files], [str(path) for path in written.changed]
    if arguments.json:
        emit_json({"kind": arguments.kind, "name": arguments.name, "files": files, "changed": changed, "next": list(written.steps)})
        return 0
    emit("\n".join([*files, *(f"{path} (a line more)" for path in changed)]))
    say("next:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(written.steps, 1)))
    return 0
