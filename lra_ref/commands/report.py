"""Write the HTML report of a run directory that lra-ref verify or lra-ref sweep made, also of one that is not finished.

  lra-ref report runs/first
  lra-ref report runs/first --out first.html --open yes

One file without network: tables sort and filter, every plot has its data as CSV. Exit code 0 if the run is finished, 1 if the report is of
an unfinished one, 2 for a folder that is no run directory, holds nothing yet or is broken.
"""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from lra_ref.commands.output import emit, emit_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref report``."""
    parser.add_argument("folder", metavar="DIR", help="run directory of lra-ref verify or lra-ref sweep")
    parser.add_argument("--out", metavar="FILE", help="the HTML file, in an existing folder (default: report.html in DIR)")
    parser.add_argument("--open", choices=("yes", "no"), default="no", help="show it in the browser (default: no)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the path")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref report``."""
    from lra_ref.report.folder import write

    if arguments.out is not None:
        out = Path(arguments.out)
        if out.suffix.lower() not in (".html", ".htm") or out.is_dir() or not out.absolute().parent.is_dir():
            raise ValueError(f"--out must be an .html file in an existing folder, got {out}")
    written = write(arguments.folder, arguments.out)
    if written.missing:
        say(f"{arguments.folder} is unfinished: the report shows what is there")
    if arguments.json:
        emit_json({"report": str(written.path), "kind": written.kind, "plots": written.plots, "finished": not written.missing})
    else:
        emit(str(written.path))
    if arguments.open == "yes" and not webbrowser.open(written.path.absolute().as_uri()):
        say("no browser was found")
    return 1 if written.missing else 0
