"""The section of one claim."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lra_ref.report.elements import Cell, Plots, badge, code, esc, number, plain_table, prose, text
from lra_ref.report.typeset import typeset
from lra_ref.verify.cells import finding
from lra_ref.verify.claim import Settings
from lra_ref.verify.described import Described
from lra_ref.verify.discover import DEFAULT
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.table import control_word
from lra_ref.views.claims import figures

#: cases of a claim that are plotted, the one that decided first; the numbers of all stand in the table
PLOTTED = 1
BADGE = {
    Verdict.HOLDS: "good", Verdict.VIOLATED: "bad", Verdict.FAILED: "bad", Verdict.UNDECIDED: "open", Verdict.NOT_APPLICABLE: "none",
    "UNFINISHED": "open", "fired": "good", "did not fire": "bad", "none": "bad", "-": "none",
}  # fmt: skip


def mark(word: str) -> str:
    """A verdict, or what a control did, in its colour."""
    return badge(word, BADGE.get(word, "none"))


def anchor(row: Mapping[str, Any]) -> str:
    """The id of a claim's section."""
    return "claim-" + re.sub(r"[^\w-]", "-", row["id"])


def section(row: dict[str, Any], claim: Described | None, records: Sequence[dict[str, Any]], drawn: Plots, commands: Sequence[str]) -> str:
    """Everything about one claim: its row, its records, and the commands that compute it again."""
    title = f"<span>{esc(row['id'])}</span>{mark(row['verdict'])}"
    if claim is None:
        plots = _plots(row, records, drawn)
        return f'<section class="card" id="{anchor(row)}"><h3>{title}</h3><pre>{esc(row["notes"])}</pre>{plots}{_cases(row)}</section>'
    label = f"{row['label']} bound" if row["label"] in ("upper", "lower", "tight") else "no bound" if "bound" in row["kind"] else ""
    source = f"{row['provenance']}{f' ({claim.source})' if claim.source else ''}"
    meta = " · ".join(filter(None, [row["kind"], label, source, f"{row['seeds']} seeds", f"{row['seconds']:.1f} s"]))
    blocks = [
        f"<h3>{title}{f'<span>{esc(claim.title)}</span>' if claim.title else ''}</h3>",
        f'<p class="quiet small">{esc(meta)}</p>',
        f'<div class="statement" role="group" aria-label="statement">{typeset(claim.statement)}</div>' if claim.statement else "",
        f"<p>{prose(claim.explain)}</p>" if claim.explain else "",
        _notes(row["notes"]), _plots(row, records, drawn), _cases(row), _assumptions(claim, row), _control(row),
        f"<h4>Reproduce</h4>{code(commands)}" if commands else "",
    ]  # fmt: skip
    return f'<section class="card" id="{anchor(row)}">{"".join(blocks)}</section>'


def _notes(notes: str) -> str:
    if not notes:
        return ""
    return f"<pre>{esc(notes)}</pre>" if "\n" in notes else f'<p class="small">{esc(notes)}</p>'


def _plots(row: dict[str, Any], records: Sequence[dict[str, Any]], drawn: Plots) -> str:
    # the case that decided comes first, then the others by how close they came to failing
    rank = {verdict: place for place, verdict in enumerate((row["verdict"], "VIOLATED", "UNDECIDED", "HOLDS"))}
    near = {id(record): record["margin"] if record["margin"] is not None else 0.0 for record in records}
    out, plotted = [], 0
    for record in sorted(records, key=lambda record: (rank.get(record["verdict"], 9), near[id(record)], record["case"])):
        panels = list(figures(record)) if plotted < PLOTTED else []
        plotted += bool(panels)
        for name, figure in panels:
            out.append(drawn.figure(figure, f"{row['id']}--{record['case']}--{name}", f"{row['id']}, {record['case']}: {name}"))
    return f'<div class="figures">{"".join(out)}</div>' if out else ""


def _cases(row: dict[str, Any]) -> str:
    rows = []
    for case in row["cases"]:
        parameters = ", ".join(f"{name} = {value}" for name, value in case["parameters"].items())
        notes = "raised, see above" if case["verdict"] == Verdict.FAILED else case["notes"]
        what = Cell(f"{esc(case['name'])}<details><summary>parameters</summary>{esc(parameters)}</details>")
        rows.append([
            what, Cell(mark(case["verdict"])), number(case["lhs"]), number(case["rhs"]), number(case["tightness"]),
            number(case["seeds"]), text(notes),
        ])  # fmt: skip
    if not rows:
        return ""
    header = ("case", "verdict", "lhs", "rhs", "tightness", "seeds", "notes")
    return "<h4>Cases</h4>" + plain_table(header, rows, f"cases of {row['id']}", numbers=(2, 3, 4, 5), wide=(4, 5, 6))


def _assumptions(claim: Described, row: dict[str, Any]) -> str:
    rows = []
    for index, (what, how) in enumerate(claim.assumptions):
        found = []
        for case in row["cases"]:
            entry = (case["assumptions"] or [])[index] if index < len(case["assumptions"] or []) else None
            if entry is not None:
                met = "met" if entry["ok"] else "<strong>NOT met</strong>"
                found.append(", ".join(filter(None, [f"{esc(case['name'])}: {met}", esc(finding(entry))])))
        rows.append([Cell(prose(what)), Cell(prose(how)), Cell("<br>".join(found))])
    if not rows:
        return ""
    return "<h4>Assumptions, measured on the run</h4>" + plain_table(
        ("assumption", "how", "found"), rows, f"assumptions of {row['id']}", wide=(1,)
    )


def _control(row: dict[str, Any]) -> str:
    control = row["control"]
    if control["what"] is None:
        return "<h4>Control</h4><p><strong>None: a check that cannot fail proves nothing.</strong></p>"
    found = f"the same check answers {control['verdict']}" if control["verdict"] else "not run in this preset"
    return f"<h4>Control</h4><p>{mark(control_word(row))} {prose(control['what'])}: {esc(found)}</p>"


def reproduce(settings: Mapping[str, Any], folder: Path | None, row: dict[str, Any], claims: Mapping[str, Described]) -> list[str]:
    """The commands that compute a claim again, and replay its violations."""
    claim = claims.get(row["id"])
    if claim is None or claim.file is None:
        return []
    file = os.path.relpath(claim.file)
    target = claim.id if Path(file).parent == Path(DEFAULT) else f"{file}::{claim.id}"
    words = ["lra-ref", "verify", target, "--preset", settings["preset"], "--seed", str(settings["seed"])]
    words += [] if settings["alpha"] == Settings().alpha else ["--alpha", str(settings["alpha"])]
    lines = [shlex.join(words)]
    if row["verdict"] == Verdict.VIOLATED and folder is not None:
        stored = sorted((folder / "witnesses").glob(f"{claim.id}--*.json"))
        lines += [shlex.join(["lra-ref", "verify", "--replay", str(witness)]) for witness in stored]
    return lines
