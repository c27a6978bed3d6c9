"""What the documentation shows must run: Python blocks, doctests, command lines, links."""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest

from lra_ref.cli import parser_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, text in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)):
            found.append((f"{page.relative_to(ROOT)}:{number}", text))
    return found


def _modules_with_examples() -> list[str]:
    files = [path for path in sorted((ROOT / "lra_ref").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]


@pytest.mark.parametrize(("where", "code"), _blocks("python"), ids=lambda v: v if len(v) < 60 else "code")
def test_python_blocks_run(where, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, where, "exec"), {"__name__": "__main__"})
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", _modules_with_examples())
def test_doctests(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_command_lines_are_understood():
    commands = [line for _, text in _blocks("sh") for line in text.splitlines() if line.startswith("lra-ref ")]
    assert len(commands) >= 3
    for line in commands:
        words = shlex.split(line, comments=True)
        assert parser_of(words[1]).parse_args(words[2:]) is not None, line


def test_links_between_pages_lead_somewhere():
    checked = 0
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
            checked += 1
    assert checked >= 3


def test_nothing_outside_the_project_is_named():
    for page in [*PAGES, ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"]:
        assert "../shared" not in page.read_text(encoding="utf-8"), page
