"""What every reproduction is: a table computed in pieces, committed as CSV, judged against what was published, shown on a page.

A reproduction is one file of this folder that defines ``REPRODUCTION``; ``python -m experiments.reproductions [NAME ...]`` runs them
(``__main__.py`` says how), ``page.py`` writes what their pages show.

**Presets.**  ``full`` is the table that the page shows, in ``NAME.csv``.  ``quick`` is small enough to be repeated after every change:
either those rows of the full table that ``Reproduction.quick`` picks, or, without it, a table of its own in ``NAME_quick.csv``.  Both are
compared row by row, so no committed row of a preset can be missing and no computed row can be new.

**Tolerances.**  Runs are the same bits on every machine up to exp, log, sin and the linear algebra library, so committed numbers are
compared within a tolerance that each column states together with its reason.  Text is compared exactly.
"""

from __future__ import annotations

import csv
import io
import math
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lra_ref.runs.store import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs" / "reproductions"
PRESETS = ("quick", "full")
#: significant digits of the numbers in a CSV file
DIGITS = 10
#: see Column.spread
GROWTH, CHAOS = 1e4, 0.5

Row = dict[str, str]


@dataclass(frozen=True)
class Column:
    """A column of the table.

    ``key`` columns name a row.  ``program`` names what computed it: a row by another version of that program is said and not compared.
    ``version`` is said where it differs.  ``exact`` and ``number`` are compared, a number within ``atol + rtol * |committed|``, for the
    reason ``why``.  ``same(here, committed)`` replaces that rule.  ``spread`` names a column with the row's own condition: the relative
    change of the number when the start of its run moves by 1e-15.  Each of up to ``GROWTH`` steps may contribute as much as the start, so
    ``GROWTH`` times that is allowed on top; a row for which this is more than ``CHAOS`` is not determined by float64 and not compared.
    """

    name: str
    role: Literal["key", "exact", "number", "program", "version"] = "exact"
    rtol: float = 0.0
    atol: float = 0.0
    why: str = ""
    same: Callable[[str, str], bool] | None = None
    spread: str = ""

    def __post_init__(self) -> None:
        if (self.rtol or self.atol or self.same or self.spread) and not self.why:
            raise ValueError(f"column {self.name!r} has a tolerance and must say why")

    def grown(self, committed: Row) -> float:
        """The relative change that the row's own condition allows."""
        return GROWTH * float(committed[self.spread]) if self.spread else 0.0

    def agrees(self, row: Row, committed: Row) -> bool:
        """Is the entry computed here the committed one?"""
        here, old = row[self.name], committed[self.name]
        if here == old:
            return True
        if self.same is not None:
            return self.same(here, old)
        if self.role != "number":
            return False
        try:
            a, b = float(here), float(old)
        except ValueError:
            return False
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b or abs(a - b) <= self.atol + (self.rtol + self.grown(committed)) * abs(b)


@dataclass(frozen=True)
class Judgement:
    """A published conclusion, what was measured here, and whether they agree."""

    published: str
    measured: str
    agrees: Literal["yes", "no", "partly"]


def nothing(rows: Sequence[Row]) -> dict[str, Figure]:
    """No figures."""
    return {}


@dataclass(frozen=True)
class Reproduction:
    """One reproduction.

    Parameters
    ----------
    name : the name of its file, its CSV files and its page.
    title, source : one line each; the source says what is published and where.
    columns : the columns of the table, in order.
    tasks : preset -> the pieces of the table, each computed by itself, so that ``--jobs`` can share them out; must be picklable.
    compute : piece -> its rows, column -> text or number (a float is kept with 10 digits).  A module-level function.
    judge : rows -> the published conclusions against the measured ones.  Its answers ``agrees`` are compared, too.
    tables : rows -> Markdown for the page: every number that the page shows comes from here or from ``judge``.
    figures : rows -> file name in docs/reproductions -> figure (lra_ref.views).
    quick : which rows of the full table the quick preset computes; None: the quick preset has a table of its own.
    needs : modules without which it cannot run.
    files : paths of the user's own data files -> pieces; None: it takes none.
    page : the page that holds the generated block.
    """

    name: str
    title: str
    source: str
    columns: tuple[Column, ...]
    tasks: Callable[[str], Sequence[Any]]
    compute: Callable[[Any], Iterable[Mapping[str, Any]]]
    judge: Callable[[Sequence[Row]], Sequence[Judgement]]
    tables: Callable[[Sequence[Row]], str]
    figures: Callable[[Sequence[Row]], dict[str, Figure]] = nothing
    quick: Callable[[Row], bool] | None = None
    needs: tuple[str, ...] = ()
    files: Callable[[Sequence[str]], Sequence[Any]] | None = None
    page: Path | None = None
    folder: Path = field(default=HERE)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns that name a row."""
        return tuple(column.name for column in self.columns if column.role == "key")

    @property
    def page_path(self) -> Path:
        """The page."""
        return self.page or PAGES / f"{self.name}.md"

    def csv_path(self, preset: str) -> Path:
        """The committed file of a preset."""
        return self.folder / (f"{self.name}_quick.csv" if preset == "quick" and self.quick is None else f"{self.name}.csv")

    def missing(self) -> list[str]:
        """Modules that it needs and that are not installed."""
        return [name for name in self.needs if find_spec(name) is None]

    def key(self, row: Row) -> tuple[str, ...]:
        """What names the row."""
        return tuple(row[name] for name in self.keys)

    def stored(self, preset: str = "full") -> list[Row]:
        """The committed rows of a preset."""
        path = self.csv_path(preset)
        if not path.exists():
            raise ValueError(f"{path.name} does not exist; write it with --write --{preset}")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        names = [column.name for column in self.columns]
        if reader.fieldnames != names:
            raise ValueError(f"{path.name} must have the columns {', '.join(names)}, got {', '.join(reader.fieldnames or ())}")
        return [row for row in rows if preset == "full" or self.quick is None or self.quick(row)]


def entry(value: Any) -> str:
    """An entry of the table as text: a float with 10 digits, anything else as it prints."""
    if isinstance(value, str):
        return value
    return f"{float(value):.{DIGITS}g}" if isinstance(value, float) or getattr(value, "dtype", None) is not None else str(value)


def computed(reproduction: Reproduction, tasks: Sequence[Any], jobs: int = 1) -> Iterator[Row]:
    """The rows of the pieces, in their order; with ``jobs`` > 1 over as many processes."""
    names = [column.name for column in reproduction.columns]
    with closing(_pieces(reproduction.compute, tasks, jobs)) as pieces:
        for row in chain.from_iterable(pieces):
            if set(row) != set(names):
                raise ValueError(f"{reproduction.name} must compute the columns {', '.join(names)}, got {', '.join(row)}")
            yield {name: entry(row[name]) for name in names}


def _pieces(compute: Callable[[Any], Iterable[Mapping[str, Any]]], tasks: Sequence[Any], jobs: int) -> Iterator[list[Mapping[str, Any]]]:
    if jobs == 1 or len(tasks) == 1:
        for task in tasks:
            yield list(compute(task))
        return
    with ProcessPoolExecutor(min(jobs, len(tasks)), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_Listed(compute), tasks)


@dataclass(frozen=True)
class _Listed:
    """A generator function as one that returns a list, which can be sent between processes."""

    compute: Callable[[Any], Iterable[Mapping[str, Any]]]

    def __call__(self, task: Any) -> list[Mapping[str, Any]]:
        return list(self.compute(task))


def as_csv(reproduction: Reproduction, rows: Iterable[Row]) -> str:
    """The rows as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [column.name for column in reproduction.columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(reproduction: Reproduction, rows: Sequence[Row], preset: str) -> Path:
    """Write the committed file of a preset."""
    key, count = Counter(map(reproduction.key, rows)).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{reproduction.name}: rows must have different keys, got {' '.join(key)} {count} times")
    if preset == "quick" and reproduction.quick is not None:
        raise ValueError(f"the quick rows of {reproduction.name} are part of {reproduction.csv_path('full').name}; write it with --full")
    path = reproduction.csv_path(preset)
    write_atomically(path, as_csv(reproduction, rows))
    return path


def differences(reproduction: Reproduction, rows: Sequence[Row], committed: Sequence[Row]) -> tuple[list[str], list[str]]:
    """What differs between the rows computed here and the committed ones, and what is only worth saying; one line each."""
    known, here = ({reproduction.key(row): row for row in some} for some in (committed, rows))
    wrong = [f"{' '.join(key)}: committed, but not computed here" for key in known if key not in here]
    wrong += [f"{' '.join(key)}: computed here, but not committed" for key in here if key not in known]
    pairs = [(key, here[key], known[key]) for key in here if key in known]
    said = list(dict.fromkeys(
        f"{row[column.name]} here, {old[column.name]} committed"
        for _, row, old in pairs for column in reproduction.columns
        if column.role in ("program", "version") and row[column.name] != old[column.name]
    ))  # fmt: skip
    free = 0
    for key, row, old in pairs:
        if any(column.role == "program" and row[column.name] != old[column.name] for column in reproduction.columns):
            continue
        for column in reproduction.columns:
            if column.role in ("program", "version") or column.agrees(row, old):
                continue
            if column.grown(old) > CHAOS:
                free += 1
            else:
                wrong.append(f"{' '.join(key)}: {column.name} is {row[column.name] or 'empty'}, committed {old[column.name] or 'empty'}")
    if free:
        said.append(f"{free} numbers that differ are not determined by float64, see Column.spread")
    if not wrong:
        judged, before = reproduction.judge(rows), reproduction.judge(committed)
        wrong += [
            f"{old.published}: agrees {new.agrees} here, {old.agrees} committed"
            for new, old in zip(judged, before, strict=True)
            if new.agrees != old.agrees
        ]
    return wrong, said
