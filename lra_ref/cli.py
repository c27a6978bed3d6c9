"""The command line ``lra-ref``.

Data go to stdout, messages and progress to stderr. Exit codes: 0 all as claimed, 1 a claim failed or a control did not fire (or what a
subcommand says), 2 a usage error, told in one line, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

#: subcommand -> what it does; its module is ``lra_ref.commands.<name>`` with underscores for dashes
COMMANDS = {
    "verify": "check claims and write table, JSON and report",
    "falsify": "search for the instance on which a claim fails or comes closest to failing",
    "report": "write the HTML report of a run directory of verify or sweep",
    "list": "list directions, rates, problems, oracles and claims",
    "run": "run a method on a problem and plot it",
    "sweep": "run methods on problems over initial rates and seeds, and keep what is finished",
    "crosscheck": "compare a port (torch, optax, any callable) with the reference",
    "check-gradient": "compare a problem's derivatives with finite differences",
    "vectors": "export conformance vectors, check a port against them",
    "bench": "measure speed and memory against peers and against this machine",
    "new": "write the files of a new rate, direction or claim from templates",
    "info": "versions, machine and folders, for bug reports",
}
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with exit code 2."""
        print(f"{self.prog}: error: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def overview() -> str:
    """The text of ``lra-ref --help``; subcommands are not imported for it."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: lra-ref COMMAND ...", "", *lines, "", "lra-ref COMMAND --help explains a command; lra-ref --version"])


def parser_of(name: str) -> Parser:
    """The parser of a subcommand; only its module is imported."""
    module = importlib.import_module(f"lra_ref.commands.{name.replace('-', '_')}")
    parser = Parser(prog=f"lra-ref {name}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    module.add_arguments(parser)
    parser.set_defaults(handler=module.main)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        print(overview())
        return 0 if words else 2
    if words[0] == "--version":
        import lra_ref

        print(f"lra_ref {lra_ref.__version__}")
        return 0
    if words[0] not in COMMANDS:
        from lra_ref.parameters import unknown

        print(f"lra-ref: error: {unknown('command', words[0], COMMANDS)}", file=sys.stderr)
        return 2
    try:
        arguments = parser_of(words[0]).parse_args(words[1:])
        return int(arguments.handler(arguments))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 2
    except BrokenPipeError:
        # the reader of stdout has gone; nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (ValueError, OSError, ImportError) as problem:
        print(f"lra-ref {words[0]}: error: {' '.join(str(problem).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"lra-ref {words[0]}: {' '.join(map(str, interrupt.args)) or 'interrupted'}", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
