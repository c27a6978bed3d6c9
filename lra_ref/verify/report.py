"""The HTML report: one self-contained page, no network, no scripts."""

from __future__ import annotations

import base64
import html
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.verify.cells import finding
from lra_ref.verify.claim import Claim, Settings
from lra_ref.verify.discover import DEFAULT
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.page import STYLE
from lra_ref.verify.plots import figures, png, svg
from lra_ref.verify.runner import Result
from lra_ref.verify.store import write_atomically
from lra_ref.verify.table import control_word, number, summary
from lra_ref.verify.typeset import typeset

#: cases of a claim that are plotted, the one that decided first; the numbers of all stand in the table
PLOTTED = 1
BADGE = {
    Verdict.HOLDS: "good", Verdict.VIOLATED: "bad", Verdict.FAILED: "bad", Verdict.UNDECIDED: "open", Verdict.NOT_APPLICABLE: "none",
    "fired": "good", "did not fire": "bad", "none": "bad", "-": "none",
}  # fmt: skip
esc = html.escape


@dataclass(frozen=True)
class Plot:
    """A plot of the report: its figure and its SVG."""

    figure: Any
    svg: str


def write_report(result: Result, path: str | Path, plots: str | Path | None = None, *, with_png: bool = False) -> None:
    """Write the report to ``path``, and its plots as SVG files, if asked also as PNG, into the folder ``plots`` if given.

    Raises ``ValueError`` with one line if a file cannot be written.
    """
    drawn: dict[str, Plot] = {}
    write_atomically(Path(path), page(result, drawn))
    for name, plot in drawn.items() if plots is not None else ():
        write_atomically(Path(plots or "") / f"{name}.svg", plot.svg)
        if with_png:
            write_atomically(Path(plots or "") / f"{name}.png", png(plot.figure))


def page(result: Result, drawn: dict[str, Plot] | None = None) -> str:
    """The report as text; the plots that it holds are added to ``drawn`` by name."""
    drawn = {} if drawn is None else drawn
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in result.rows:
        parts.setdefault(row["part"], []).append(row)
    sections = []
    for part, rows in parts.items():
        sections.append(f"<h2>{esc(part)}</h2>" + "".join(section(result, row, drawn) for row in rows))
    title = "Verification report" + (f": {', '.join(parts)}" if len(parts) <= 3 else "")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{esc(title)}</title><style>{STYLE}</style></head><body><header><h1>{esc(title)}</h1>'
        f'<p class="quiet small">{esc(_heading(result))}</p></header><main>{_summary(result)}{"".join(sections)}</main>'
        f"<footer>{_environment(result)}</footer></body></html>\n"
    )


def badge(word: str) -> str:
    """A coloured word."""
    return f'<span class="badge {BADGE.get(word, "none")}">{esc(word)}</span>'


def table(header: list[str], rows: list[list[str]], numbers: tuple[int, ...] = (), wide: tuple[int, ...] = ()) -> str:
    """An HTML table of ready HTML cells; columns ``numbers`` to the right, columns ``wide`` hidden on narrow screens."""

    def cell(tag: str, column: int, text: str) -> str:
        names = [name for name, chosen in (("n", numbers), ("wide", wide)) if column in chosen]
        return f"<{tag}{f' class={chr(34)}{chr(32).join(names)}{chr(34)}' if names else ''}>{text}</{tag}>"

    lines = [("th", header)] + [("td", row) for row in rows]
    body = "".join("<tr>" + "".join(cell(tag, column, text) for column, text in enumerate(line)) + "</tr>" for tag, line in lines)
    return f'<div class="scroll"><table>{body}</table></div>'


def prose(text: str) -> str:
    """Text in which only what stands between dollar signs is a formula."""
    return typeset(text) if "$" in text else esc(text)


def _heading(result: Result) -> str:
    settings = result.settings
    return f"{result.started} \u00b7 preset {settings.preset} \u00b7 seed {settings.seed} \u00b7 lra_ref {result.environment['lra_ref']}"


def _anchor(row: dict[str, Any]) -> str:
    return re.sub(r"[^\w-]", "-", row["id"])


def _summary(result: Result) -> str:
    rows = []
    for row in result.rows:
        claim = result.claims.get(row["id"])
        name = f'<a href="#{_anchor(row)}">{esc(row["id"])}</a>'
        rows.append([
            name, esc(claim.title if claim else ""), esc(row["kind"]), badge(row["verdict"]), number(row["lhs"]), number(row["rhs"]),
            "-" if row["tightness"] is None else f"{row['tightness']:.4g}", badge(control_word(row)), str(row["seeds"]),
        ])  # fmt: skip
    header = ["claim", "", "kind", "verdict", "lhs", "rhs", "tightness", "control", "seeds"]
    shown = table(header, rows, numbers=(4, 5, 6, 8), wide=(1, 2, 4, 5, 6, 8))
    return f'<section class="card"><p><strong>{esc(summary(result))}</strong></p>{shown}</section>'


def section(result: Result, row: dict[str, Any], drawn: dict[str, Plot]) -> str:
    """Everything about one claim."""
    claim = result.claims.get(row["id"])
    title = f"<span>{esc(row['id'])}</span>{badge(row['verdict'])}"
    if claim is None:
        return f'<section class="card" id="{_anchor(row)}"><h3>{title}</h3><pre>{esc(row["notes"])}</pre></section>'
    label = f"{row['label']} bound" if row["label"] in ("upper", "lower", "tight") else "no bound" if "bound" in row["kind"] else ""
    source = f"{row['provenance']}{f' ({claim.source})' if claim.source else ''}"
    meta = " \u00b7 ".join(filter(None, [row["kind"], label, source, f"{row['seeds']} seeds", f"{row['seconds']:.1f} s"]))
    blocks = [
        f"<h3>{title}{f'<span>{esc(claim.title)}</span>' if claim.title else ''}</h3>",
        f'<p class="quiet small">{esc(meta)}</p>',
        f'<div class="statement">{typeset(claim.statement)}</div>' if claim.statement else "",
        f"<p>{prose(claim.explain)}</p>" if claim.explain else "",
        _notes(row["notes"]), _plots(result, claim, row, drawn), _cases(row), _assumptions(claim, row), _control(row),
        _reproduce(result, claim, row),
    ]  # fmt: skip
    return f'<section class="card" id="{_anchor(row)}">{"".join(blocks)}</section>'


def _notes(notes: str) -> str:
    if not notes:
        return ""
    return f"<pre>{esc(notes)}</pre>" if "\n" in notes else f'<p class="small">{esc(notes)}</p>'


def _plots(result: Result, claim: Claim, row: dict[str, Any], drawn: dict[str, Plot]) -> str:
    records = [record for (name, role, _), record in result.records.items() if name == claim.id and role == "claim"]
    # the case that decided comes first, then the others by how close they came to failing
    rank = {verdict: place for place, verdict in enumerate((row["verdict"], "VIOLATED", "UNDECIDED", "HOLDS"))}
    near = {id(record): record["margin"] if record["margin"] is not None else 0.0 for record in records}
    records.sort(key=lambda record: (rank.get(record["verdict"], 9), near[id(record)], record["case"]))
    out, plotted = [], 0
    for record in records:
        panels = list(figures(record)) if plotted < PLOTTED else []
        plotted += bool(panels)
        for name, figure in panels:
            text = svg(figure)
            drawn[re.sub(r"[^\w.-]+", "_", f"{claim.id}--{record['case']}--{name}")] = Plot(figure, text)
            data = base64.b64encode(text.encode()).decode()
            caption = esc(f"{record['case']}: {name}")
            image = f'<img alt="{esc(claim.id)}, {caption}" src="data:image/svg+xml;base64,{data}">'
            out.append(f"<figure>{image}<figcaption>{caption}</figcaption></figure>")
    return f'<div class="figures">{"".join(out)}</div>' if out else ""


def _cases(row: dict[str, Any]) -> str:
    rows = []
    for case in row["cases"]:
        parameters = ", ".join(f"{name} = {value}" for name, value in case["parameters"].items())
        tight = "-" if case["tightness"] is None else f"{case['tightness']:.4g}"
        notes = "raised, see above" if case["verdict"] == Verdict.FAILED else case["notes"]
        what = f"{esc(case['name'])}<details><summary>parameters</summary>{esc(parameters)}</details>"
        rows.append([
            what, badge(case["verdict"]), number(case["lhs"]), number(case["rhs"]), tight, str(case["seeds"]), esc(notes)
        ])  # fmt: skip
    if not rows:
        return ""
    header = ["case", "verdict", "lhs", "rhs", "tightness", "seeds", "notes"]
    return "<h4>Cases</h4>" + table(header, rows, numbers=(2, 3, 4, 5), wide=(4, 5, 6))


def _assumptions(claim: Claim, row: dict[str, Any]) -> str:
    rows = []
    for index, assumption in enumerate(claim.assumptions):
        found = []
        for case in row["cases"]:
            entry = (case["assumptions"] or [])[index] if index < len(case["assumptions"] or []) else None
            if entry is not None:
                met = "met" if entry["ok"] else "<strong>NOT met</strong>"
                found.append(", ".join(filter(None, [f"{esc(case['name'])}: {met}", esc(finding(entry))])))
        rows.append([prose(assumption.text), prose(assumption.how), "<br>".join(found)])
    return "<h4>Assumptions, measured on the run</h4>" + table(["assumption", "how", "found"], rows, wide=(1,)) if rows else ""


def _control(row: dict[str, Any]) -> str:
    control = row["control"]
    if control["what"] is None:
        return "<h4>Control</h4><p><strong>None: a check that cannot fail proves nothing.</strong></p>"
    found = f"the same check answers {control['verdict']}" if control["verdict"] else "not run in this preset"
    return f"<h4>Control</h4><p>{badge(control_word(row))} {prose(control['what'])}: {esc(found)}</p>"


def _reproduce(result: Result, claim: Claim, row: dict[str, Any]) -> str:
    path = next(entry.path for entry in result.found if entry.claim is claim)
    if path is None:
        return ""
    file = os.path.relpath(path)
    target = claim.id if Path(file).parent == Path(DEFAULT) else f"{file}::{claim.id}"
    words = ["lra-ref", "verify", target, "--preset", result.settings.preset, "--seed", str(result.settings.seed)]
    words += [] if result.settings.alpha == Settings().alpha else ["--alpha", str(result.settings.alpha)]
    lines = [shlex.join(words)]
    if row["verdict"] == Verdict.VIOLATED and result.out is not None:
        folder = result.out / "witnesses"
        stored = sorted(folder.glob(f"{claim.id}--*.json"))
        lines += [shlex.join(["lra-ref", "verify", "--replay", str(witness)]) for witness in stored]
    return f"<h4>Reproduce</h4><pre><code>{esc(chr(10).join(lines))}</code></pre>"


def _environment(result: Result) -> str:
    entries = {**result.environment, **result.settings.as_dict(), "started": result.started}
    rows = [[esc(name), esc("not installed" if value is None else str(value))] for name, value in entries.items()]
    return f"<h2>Environment and settings</h2>{table(['', ''], rows)}"
