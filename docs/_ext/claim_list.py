"""The list of all claims, from the claim files: statement, kind, provenance, what is assumed, and the control that must be caught."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import docstrings
from docutils import nodes
from rooms import other_rooms
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

ROOT = Path(__file__).resolve().parents[2]
DOLLARS = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def statement(text: str) -> list[nodes.Node]:
    """A statement: text with ``$...$``, or a formula if it has no dollar sign."""
    if "$" not in text:
        return [nodes.math("", text)]
    out: list[nodes.Node] = []
    last = 0
    for found in DOLLARS.finditer(text):
        out += [*_plain(text[last : found.start()]), nodes.math("", found[1] or found[2])]
        last = found.end()
    return [*out, *_plain(text[last:])]


def _plain(text: str) -> list[nodes.Node]:
    return docstrings.inline(text, lambda _, title: nodes.literal("", title))


class ClaimsDirective(SphinxDirective):
    """``.. claims::``: a section per claim file, an entry per claim."""

    def run(self) -> list[nodes.Node]:
        """Every claim below ``experiments/``."""
        from lra_ref.verify.discover import files_of

        made: list[nodes.Node] = []
        for read in files_of(ROOT / "experiments"):
            self.env.note_dependency(str(read.path))
            name = read.path.stem
            if read.error:
                raise self.error(f"{name}: {read.error.strip().splitlines()[-1]}")
            section = nodes.section(ids=[make_id(self.env, self.state.document, "claims", name)])
            section += nodes.title("", name)
            self.state.document.note_implicit_target(section)
            section += other_rooms(name, self.env.docname, claims=False)
            listing = nodes.definition_list(classes=["claim"])
            for claim in read.claims:
                listing += self.entry(claim)
            section += listing
            made.append(section)
        return made

    def entry(self, claim: Any) -> nodes.Node:
        """One claim."""
        term = nodes.term("", "", nodes.literal("", claim.id), nodes.Text(f" {claim.title}"))
        kind = ", ".join(filter(None, [claim.kind, claim.label, claim.provenance]))
        rows = [nodes.paragraph("", "", *statement(claim.statement)), nodes.paragraph("", "", nodes.emphasis("", kind))]
        if claim.assumptions:
            words = "; ".join(assumption.text for assumption in claim.assumptions)
            rows.append(nodes.paragraph("", "", nodes.Text("Assumes: "), *statement_or_text(words)))
        rows.append(nodes.paragraph("", "", nodes.Text("Control, must be caught: "), *statement_or_text(claim.control.what)))
        term["ids"].append(make_id(self.env, self.state.document, "claim", claim.id))
        return nodes.definition_list_item("", term, nodes.definition("", *rows))


def statement_or_text(text: str) -> list[nodes.Node]:
    """Text that may hold formulas."""
    return statement(text) if "$" in text else _plain(text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("claims", ClaimsDirective)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
