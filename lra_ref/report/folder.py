"""The report of a run directory, whichever command made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lra_ref.report.elements import Plots
from lra_ref.runs.store import Contents, RunDirectoryError, load, write_atomically
from lra_ref.views.style import need_matplotlib


@dataclass(frozen=True)
class Written:
    """A report that was written: where, of what kind of run, with how many plots; ``missing`` counts the cells that are not finished."""

    path: Path
    kind: str
    plots: int
    missing: int


def write(folder: str | Path, out: str | Path | None = None) -> Written:
    """Write the report of a run directory of ``lra-ref verify`` or ``lra-ref sweep``, also of one that is not finished.

    out    the HTML file; None: ``report.html`` in the directory

    Raises ``ValueError`` with one line for a folder that is no run directory, holds nothing yet or is broken, and for a file that cannot
    be written.
    """
    need_matplotlib()
    contents = load(folder)
    drawn = Plots()
    try:
        page, missing = _page(contents, drawn)
    except (KeyError, TypeError, IndexError, AttributeError) as problem:
        # sound lines of something else: another version, or written by hand
        raise RunDirectoryError(f"{contents.path} holds records that this version does not understand: {problem!r}") from problem
    path = contents.path / "report.html" if out is None else Path(out)
    write_atomically(path, page)
    return Written(path, contents.kind, len(drawn.drawn), missing)


def _page(contents: Contents, drawn: Plots) -> tuple[str, int]:
    """The page and the number of cells that are not finished."""
    if contents.kind == "verify":
        from lra_ref.report import verification

        shown = verification.Verification.read(contents)
        return verification.render(shown, drawn), shown.missing
    from lra_ref.report import sweeps
    from lra_ref.sweep import load as load_sweep

    found = load_sweep(contents.path)
    if not found.records:
        raise RunDirectoryError(f"{contents.path} holds no finished cell yet: nothing to report")
    return sweeps.render(found, drawn), found.missing
