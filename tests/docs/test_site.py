"""The built site: no warning, every public name in its index, nothing fetched from elsewhere."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lra_ref

pytest.importorskip("sphinx", reason="the site needs the extra docs")

from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).resolve().parents[2]
LINE = ["-W", "--keep-going", "-b", "html"]
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|use)\b[^>]*?\b(?:src|href|data)=\"([^\"]*)\"|<link\b[^>]*>", re.I
)
HREF = re.compile(r"href=\"([^\"]*)\"")


def build(folder: Path) -> Path:
    """The site, from ``docs/`` as it is; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", *LINE, "-d", str(folder / "trees"), "docs", str(folder / "html")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": ""}, check=False)
    assert built.returncode == 0, built.stderr[-4000:]
    assert "WARNING" not in built.stderr
    return folder / "html"


def public_names() -> set[str]:
    """Every public name, as Python itself sees it: modules, their ``__all__`` or what they define."""
    found = set()
    for info in [pkgutil.ModuleInfo(None, "lra_ref", True), *pkgutil.walk_packages(lra_ref.__path__, "lra_ref.")]:
        if any(part.startswith("_") for part in info.name.split(".")):
            continue
        found.add(info.name)
        try:
            module = importlib.import_module(info.name)
        except ImportError as problem:
            # only what needs a library that is not there is left out
            if getattr(problem, "name", None) in (None, *sys.modules):
                raise
            continue
        listed = getattr(module, "__all__", None)
        for name in listed if listed is not None else vars(module):
            if name.startswith("_"):
                continue
            value = getattr(module, name)
            if inspect.ismodule(value):
                # a module that is passed on is documented under its own address
                found |= {value.__name__} if listed is not None else set()
                continue
            defined = getattr(value, "__module__", None) == info.name and (inspect.isclass(value) or inspect.isfunction(value))
            own = listed is not None or defined
            if own:
                found.add(f"{info.name}.{name}")
                found |= {f"{info.name}.{name}.{member}" for member in _members(value)}
    return found


def _members(value: object) -> set[str]:
    """Public functions and properties that a class of ours defines itself."""
    if not inspect.isclass(value) or not value.__module__.startswith("lra_ref"):
        return set()
    kinds = (property, classmethod, staticmethod)
    methods = {name for name, member in vars(value).items() if isinstance(member, kinds) or inspect.isfunction(member)}
    # generated methods, and functions that a class only holds (its kernels), are no methods in the source
    source = inspect.getsource(value)
    return {name for name in methods if not name.startswith("_") and re.search(rf"^    (async )?def {name}\b", source, re.M)}


@pytest.mark.slow
def test_the_site(tmp_path):
    """One test, for the site is built only once; what it must be is told by the functions below."""
    site = build(tmp_path)
    every_public_name_is_in_the_index(site)
    nothing_is_fetched_from_elsewhere(site)
    pages_are_made_for_narrow_screens_and_formulas_are_in_the_page(site)
    commands_and_their_options_are_there(site)


def every_public_name_is_in_the_index(site: Path) -> None:
    with (site / "objects.inv").open("rb") as stream:
        inventory = InventoryFile.load(stream, "", lambda base, target: target)
    listed = {name for kind, entries in inventory.items() if kind.startswith("py:") for name in entries}
    names = public_names()
    assert len(names) > 1500
    assert "lra_ref.run.no_such_name" not in listed
    assert {f"lra_ref.{name}" for name in lra_ref.__all__ if not name.startswith("_")} <= names
    assert sorted(names - listed) == []


def nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 80
    for page in pages:
        assert fetched(page.read_text(encoding="utf-8")) == [], page.name
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import\s+(url\()?[\"']?(https?:)?//|url\([\"']?(https?:)?//", text), sheet.name
    assert not list(site.rglob("*mathjax*"))


def fetched(text: str) -> list[str]:
    """What a page loads from another place than its own folder."""
    loaded = []
    for found in LOADED.finditer(text):
        address = found[1] if found[1] is not None else "".join(HREF.findall(found[0]))
        if re.match(r"(https?:)?//", address):
            loaded.append(address)
    return loaded


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.org/a.css">',
        '<img alt="x" src="http://example.org/a.png">',
    ],
)
def test_a_page_that_fetches_is_caught(text):
    assert len(fetched(f'<a href="https://example.org">a link is no load</a>{text}')) == 1


def pages_are_made_for_narrow_screens_and_formulas_are_in_the_page(site: Path) -> None:
    claims = (site / "reference" / "claims.html").read_text(encoding="utf-8")
    assert claims.count("<math") > 200
    assert 'name="viewport"' in claims
    assert '"site.css' in claims.replace("_static/", '"').replace("../", "")
    tutorial = (site / "tutorial" / "own_claim.html").read_text(encoding="utf-8")
    assert '<div class="formula"><math' in tutorial


def commands_and_their_options_are_there(site: Path) -> None:
    from lra_ref.cli import COMMANDS

    text = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f'id="lra-ref-{name}"' in text, name
    assert "--preset" in text
