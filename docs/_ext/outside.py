"""Links that leave ``docs/`` for files at the root lead to the pages that show these files."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}


def redirect(app: Sphinx, docname: str, source: list[str]) -> None:
    """Rewrite ``](../README.md)`` and its like."""
    up = "../" * (docname.count("/") + 1)
    for name, page in PAGES.items():
        source[0] = re.sub(rf"\]\({re.escape(up + name)}(#[^)]*)?\)", f"]({up[3:]}{page})", source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("source-read", redirect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
