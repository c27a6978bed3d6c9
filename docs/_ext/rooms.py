"""From one room of a part to the others: links between reference, claims and theory."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes

THEORY = Path(__file__).resolve().parents[1] / "theory"


def other_rooms(part: str, docname: str, claims: bool) -> list[nodes.Node]:
    """Links to the theory page, the outline of the proofs and, if wanted, the claims of a part; nothing without a theory page."""
    if not (THEORY / f"{part}.md").exists():
        return []
    links = [_page(f"/theory/{part}", "theory", docname)]
    if (THEORY / f"{part}_proofs.md").exists():
        links.append(_page(f"/theory/{part}_proofs", "proof steps", docname))
    if claims:
        links.append(_page("/reference/claims", "claims", docname))
    words = [node for link in links for node in (nodes.Text(" · "), link)][1:]
    return [nodes.paragraph("", "", nodes.Text(f"{part}: "), *words)]


def _page(target: str, title: str, docname: str) -> nodes.Node:
    known = {"refdomain": "std", "reftype": "doc", "reftarget": target, "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", nodes.inline("", title), refdoc=docname, **known)
