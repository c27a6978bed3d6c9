"""The page of a verification: every claim with its statement, its plots, its cases, its assumptions as measured, and its control."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lra_ref.report import claims as sections
from lra_ref.report.elements import Cell, Column, Plots, entries, esc, number, page, slug, table, text
from lra_ref.runs.store import Contents, RunDirectoryError, write_atomically
from lra_ref.verify import described
from lra_ref.verify.described import Described
from lra_ref.verify.discover import discover
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.rows import as_claimed, make_row
from lra_ref.verify.runner import Result
from lra_ref.verify.table import control_word, summary
from lra_ref.views.style import png

RESULT = "result.json"
#: verdict of a claim that lacks cells
UNFINISHED = "UNFINISHED"
COLUMNS = (
    Column("claim"), Column("title", wide=True), Column("kind", wide=True, filter=True), Column("verdict", filter=True),
    Column("lhs", number=True, wide=True), Column("rhs", number=True, wide=True), Column("tightness", number=True, wide=True),
    Column("control", filter=True), Column("seeds", number=True, wide=True),
)  # fmt: skip
Records = dict[tuple[str, str, str], dict[str, Any]]


@dataclass(frozen=True)
class Verification:
    """What the page shows. ``missing`` counts cells that are not finished; ``folder`` is the run directory, if there is one."""

    settings: dict[str, Any]
    environment: dict[str, Any]
    rows: list[dict[str, Any]]
    claims: dict[str, Described]
    records: Records
    started: str
    folder: Path | None = None
    missing: int = 0

    @classmethod
    def of(cls, result: Result) -> Verification:
        """The result of :func:`lra_ref.verify.verify`."""
        claims = described.describe(result.found, result.settings.preset)
        return cls(
            result.settings.as_dict(), result.environment, result.rows, claims, result.records, result.started, result.out,
        )  # fmt: skip

    @classmethod
    def read(cls, contents: Contents) -> Verification:
        """A run directory, also one that is not finished: what is there is shown, what lacks is said.

        Raises :class:`lra_ref.runs.store.RunDirectoryError` with one line if it holds no finished cell or a file in it is broken.
        """
        folder = contents.path
        result = _result(folder / RESULT)
        if not contents.cells and not result.get("rows"):
            raise RunDirectoryError(f"{folder} holds no finished cell yet: nothing to report")
        records = {(record["claim"], record["role"], record["case"]): record for record in contents.cells.values()}
        known = described.read(folder) or _discovered(contents.settings["preset"], {name for name, _, _ in records})
        rows = list(result.get("rows", []))
        told = {row["id"] for row in rows}
        names = dict.fromkeys([*known, *(name for name, _, _ in records)])
        rows += [_row(name, known.get(name), records) for name in names if name not in told]
        missing = sum((name, *cell) not in records for name, claim in known.items() if name not in told for cell in claim.cells)
        environment = result.get("environment", {})
        return cls(contents.settings, environment, rows, known, records, contents.started, folder, missing or int(not result))

    def as_claimed(self, row: dict[str, Any]) -> bool:
        """Whether a row is as claimed."""
        return as_claimed(row, cast(Any, self.claims.get(row["id"])))


def _result(path: Path) -> dict[str, Any]:
    """What the last finished call found, empty if none finished."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {"rows": list(found["rows"]), "environment": dict(found["environment"])}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RunDirectoryError(f"{path} is not the result of a verification: {problem}") from None


def _discovered(preset: str, names: set[str]) -> dict[str, Described]:
    """For a directory without descriptions: the claims of the default folder that it has cells of."""
    try:
        found, _ = discover()
    except ValueError:
        return {}
    return {name: claim for name, claim in described.describe(found, preset).items() if name in names}


def _row(name: str, claim: Described | None, records: Records) -> dict[str, Any]:
    """The row of a claim that no finished call has judged."""
    own = {role: [record for (owner, kind, _), record in records.items() if (owner, kind) == (name, role)] for role in ("claim", "control")}
    control = None if claim is None or claim.control is None else SimpleNamespace(what=claim.control)
    texts = {
        "id": name,
        "part": name.split(".")[0],
        "kind": "claim",
        "label": None,
        "provenance": None,
        "notes": "",
        "may_be_undecided": "",
    }
    shown = SimpleNamespace(**texts if claim is None else {key: getattr(claim, key) for key in texts}, control=control)
    row = make_row(cast(Any, shown), own["claim"], own["control"])
    wanted = set() if claim is None else {cell for cell in claim.cells if (name, *cell) not in records}
    if claim is None or wanted:
        done = len(own["claim"]) + len(own["control"])
        row["verdict"] = UNFINISHED
        row["notes"] = f"{done} cells finished" + (f", {len(wanted)} to come" if wanted else ", its claim file was not found")
    return row


def write_report(found: Result | Verification, path: str | Path, plots: str | Path | None = None, *, with_png: bool = False) -> None:
    """Write the report to ``path``, and its plots as SVG files, if asked also as PNG, into the folder ``plots`` if given.

    Raises ``ValueError`` with one line if a file cannot be written.
    """
    drawn = Plots()
    write_atomically(Path(path), render(found, drawn))
    for name, (figure, svg) in drawn.drawn.items() if plots is not None else ():
        write_atomically(Path(plots or "") / f"{name}.svg", svg)
        if with_png:
            write_atomically(Path(plots or "") / f"{name}.png", png(figure))


def render(found: Result | Verification, drawn: Plots | None = None) -> str:
    """The report as text; the plots that it holds are added to ``drawn``."""
    shown = Verification.of(found) if isinstance(found, Result) else found
    drawn = Plots() if drawn is None else drawn
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in shown.rows:
        parts.setdefault(row["part"], []).append(row)
    body, links = [_summary(shown)], []
    for part, rows in parts.items():
        body.append(f'<h2 id="part-{slug(part)}">{esc(part)}</h2>' + "".join(_section(shown, row, drawn) for row in rows))
        links.append((f"part-{slug(part)}", part))
    links.append(("environment", "environment"))
    title = "Verification report" + (f": {', '.join(parts)}" if len(parts) <= 3 else "")
    settings = shown.settings
    heading = f"{shown.started} · preset {settings['preset']} · seed {settings['seed']} · lra_ref {shown.environment.get('lra_ref', '?')}"
    values = {**shown.environment, **settings, "started": shown.started}
    footer = f'<h2 id="environment">Environment and settings</h2>{entries(values, "environment and settings")}'
    return page(title, heading, "".join(body), footer, links, _banner(shown))


def _section(shown: Verification, row: dict[str, Any], drawn: Plots) -> str:
    own = [record for (name, role, _), record in shown.records.items() if (name, role) == (row["id"], "claim")]
    return sections.section(
        row, shown.claims.get(row["id"]), own, drawn, sections.reproduce(shown.settings, shown.folder, row, shown.claims)
    )


def _banner(shown: Verification) -> str:
    if not shown.missing:
        return ""
    open_rows = sum(row["verdict"] == UNFINISHED for row in shown.rows)
    lacking = f"{len(shown.records)} cells are finished, {open_rows} claims lack some" if open_rows else "the run did not come to its end"
    return f"Unfinished: {lacking}. The command that began it goes on when it is given --out {shown.folder}"


def breakable(name: str) -> str:
    """A name that a line may break behind a dot or an underscore, so that a long one does not widen its column."""
    return name.replace(".", ".<wbr>").replace("_", "_<wbr>")


def _summary(shown: Verification) -> str:
    rows = []
    for row in shown.rows:
        claim = shown.claims.get(row["id"])
        control = control_word(row)
        rows.append((
            Cell(f'<a href="#{sections.anchor(row)}">{breakable(esc(row["id"]))}</a>'), text(claim.title if claim else ""),
            text(row["kind"]),
            Cell(sections.mark(row["verdict"])), number(row["lhs"]), number(row["rhs"]), number(row["tightness"]),
            Cell(sections.mark(control)), number(row["seeds"]),
        ))  # fmt: skip
    finished = replace(shown, rows=[row for row in shown.rows if row["verdict"] in set(Verdict)])
    told = summary(finished) if finished.rows else "no claim is finished"
    return (
        f'<section class="card"><p><strong>{esc(told)}</strong></p>{table(COLUMNS, rows, "claims and their verdicts", "claims")}</section>'
    )
