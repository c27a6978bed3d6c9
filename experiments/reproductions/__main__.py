"""Published figures and tables, computed again: ``python -m experiments.reproductions [NAME ...]``.

    python -m experiments.reproductions --list                 what there is
    python -m experiments.reproductions NAME                   compute the quick table, print it and the conclusions
    python -m experiments.reproductions --check                compute every quick table, compare with the committed files and the pages
    python -m experiments.reproductions NAME --full --write    write NAME.csv, the figures and the generated part of the page
    python -m experiments.reproductions NAME --page            write figures and page again, from the committed table
    python -m experiments.reproductions NAME --figure FILE     draw a figure of the committed table (svg, png, pdf)
    python -m experiments.reproductions NAME --data PATH       LIBSVM files in place of the bundled sets

Exit code 0: as committed; 1: something differs, one line each; 2: it could not be run as asked.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from experiments.reproductions import page
from experiments.reproductions.frame import HERE, PAGES, PRESETS, Reproduction, as_csv, computed, differences, write
from lra_ref.commands.output import emit, emit_json, say
from lra_ref.parameters import unknown
from lra_ref.runs.store import write_atomically

#: files of this folder that are no reproductions
OTHER = {"__init__", "__main__", "frame", "page"}
INDEX = PAGES / "index.md"
BEGIN, END = "<!-- generated: list -->", "<!-- end of the list -->"


def names() -> list[str]:
    """Names of the reproductions: the files that define REPRODUCTION."""
    return sorted(
        path.stem for path in HERE.glob("*.py") if path.stem not in OTHER and "\nREPRODUCTION = " in path.read_text(encoding="utf-8")
    )


def load(name: str) -> Reproduction:
    """The reproduction of that name."""
    if name not in names():
        raise ValueError(unknown("reproduction", name, names()))
    made = importlib.import_module(f"experiments.reproductions.{name}").REPRODUCTION
    assert isinstance(made, Reproduction)
    return made


def listed() -> str:
    """The list of docs/reproductions/index.md: title, source, how many published conclusions agree."""
    lines = []
    for reproduction in map(load, names()):
        found = [entry.agrees for entry in reproduction.judge(reproduction.stored())]
        counts = ", ".join(f"{found.count(word)} {word}" for word in ("yes", "partly", "no") if word in found)
        place = reproduction.page_path
        link = place.name if place.parent == PAGES else f"../{place.name}"
        lines.append((f"[{reproduction.name}]({link})", reproduction.title, reproduction.source, counts))
    return page.markdown(("name", "what", "source", "agrees"), lines)


def index_text() -> str:
    """docs/reproductions/index.md with its list written anew."""
    before, _, rest = INDEX.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{listed()}\n{END}{after}"


def show(reproduction: Reproduction, rows: Sequence[dict[str, str]], as_json: bool) -> None:
    """The table and what follows from it."""
    judged = reproduction.judge(rows)
    if as_json:
        emit_json({"name": reproduction.name, "rows": rows, "judgements": [vars(entry) for entry in judged]})
        return
    emit(as_csv(reproduction, rows).rstrip("\n"))
    for entry in judged:
        say(f"{entry.agrees:<7} {entry.published} | {entry.measured}")


def run(reproduction: Reproduction, options: argparse.Namespace) -> int:
    """Compute, show, write or check one reproduction; the exit code."""
    preset, name = options.preset, reproduction.name
    missing = reproduction.missing()
    if missing:
        say(f"{name}: skipped, {' and '.join(missing)} not installed")
        return 0 if options.all else 2
    if options.figure is not None:
        page.draw(reproduction, options.figure)
        return 0
    if options.page:
        say(f"{name}: wrote {', '.join(path.name for path in page.write(reproduction))}")
        return 0
    if options.data and reproduction.files is None:
        raise ValueError(f"{name} takes no data files")
    started = time.perf_counter()
    tasks = reproduction.files(options.data) if options.data and reproduction.files else reproduction.tasks(preset)
    rows = list(computed(reproduction, tasks, options.jobs))
    seconds = time.perf_counter() - started
    if options.check:
        wrong, said = differences(reproduction, rows, reproduction.stored(preset))
        page_wrong, page_said = page.differences(reproduction)
        for line in (*said, *page_said, *wrong, *page_wrong):
            say(f"{name}: {line}")
        found = len(wrong) + len(page_wrong)
        emit(f"{name}: {len(rows)} rows, {found} difference{'' if found == 1 else 's'} ({preset}, {seconds:.0f} s)")
        return 1 if found else 0
    show(reproduction, rows, options.json)
    if options.write:
        written = [write(reproduction, rows, preset), *(page.write(reproduction) if preset == "full" else [])]
        say(f"{name}: wrote {', '.join(path.name for path in written)} ({seconds:.0f} s)")
    return 0


def _guarded(name: str, options: argparse.Namespace) -> int:
    """One of several: what cannot be run does not keep the others from running."""
    if not options.all:
        return run(load(name), options)
    try:
        return run(load(name), options)
    except (ValueError, OSError) as problem:
        say(f"{name}: {problem}")
        return 2


def parser() -> argparse.ArgumentParser:
    """Options."""
    made = argparse.ArgumentParser(
        prog="python -m experiments.reproductions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("names", nargs="*", metavar="NAME", help="reproductions (default: all)")
    size = made.add_mutually_exclusive_group()
    for preset in PRESETS:
        size.add_argument(f"--{preset}", dest="preset", action="store_const", const=preset, help=f"the {preset} table")
    made.set_defaults(preset="quick")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare with the committed files and the pages")
    what.add_argument("--write", action="store_true", help="write the CSV file; with --full the figures and the page, too")
    what.add_argument("--page", action="store_true", help="write figures and page again, from the committed table")
    what.add_argument("--figure", type=Path, metavar="FILE", help="draw a figure of the committed table")
    what.add_argument("--index", action="store_true", help="write the list in docs/reproductions/index.md")
    what.add_argument("--list", action="store_true", help="print the list")
    made.add_argument("--data", action="append", metavar="PATH", help="a LIBSVM file in place of the bundled sets (may be repeated)")
    made.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    made.add_argument("--json", action="store_true", help="rows and conclusions as JSON, one object per reproduction")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit code."""
    made = parser()
    options = made.parse_args(argv)
    options.all = not options.names
    try:
        if options.jobs < 1:
            raise ValueError(f"--jobs must be at least 1, got {options.jobs}")
        if options.data and (options.check or options.write):
            raise ValueError("--data computes tables that are not committed: it cannot be checked or written")
        if (options.figure or options.data) and len(options.names) != 1:
            raise ValueError(f"--figure and --data want one NAME, got {len(options.names)}")
        if options.list:
            emit(listed())
            return 0
        if options.index:
            write_atomically(INDEX, index_text())
            return 0
        code = max([_guarded(name, options) for name in (options.names or names())])
        if options.check and options.all and code < 2 and index_text() != INDEX.read_text(encoding="utf-8"):
            say(f"{INDEX.name} is not that of the committed tables: --index")
            code = max(code, 1)
        return code
    except (ValueError, OSError) as problem:
        made.exit(2, f"{made.prog}: {problem}\n")


if __name__ == "__main__":
    sys.exit(main())
