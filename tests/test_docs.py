"""What the documentation shows must run: Python blocks, doctests, command lines, links."""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lra_ref.cli import parser_of
from tests.docs.pages import Block, Page, blocks, does_something

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in DOCS.rglob("*.md") if not path.relative_to(DOCS).parts[0].startswith("_")),
]


def _blocks(page: Path) -> list[Block]:
    return list(blocks(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")))


def _run(name: str, text: str, folder: Path) -> None:
    page = Page(folder)
    for block in blocks(name, text):
        page.run(block)


def _pages_that_run() -> list:
    """Pages with something to run; slow ones carry the marker."""
    found = []
    for page in PAGES:
        if any(map(does_something, _blocks(page))):
            marks = [pytest.mark.slow] if page.read_text(encoding="utf-8").startswith("<!-- slow -->") else []
            found.append(pytest.param(page, marks=marks, id=str(page.relative_to(ROOT))))
    return found


def _modules_with_examples() -> list[str]:
    files = [path for path in sorted((ROOT / "lra_ref").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]


@pytest.mark.parametrize("page", _pages_that_run())
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _run(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize("name", _modules_with_examples())
def test_doctests(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_command_lines_are_understood():
    shown = [block.text.replace("\\\n", " ") for page in PAGES for block in _blocks(page) if block.language == "sh"]
    commands = [line for text in shown for line in text.splitlines() if line.startswith("lra-ref ")]
    assert len(commands) >= 3
    for line in commands:
        words = shlex.split(line, comments=True)
        assert parser_of(words[1]).parse_args(words[2:]) is not None, line


def test_make_targets_exist():
    rules = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    shown = [line for page in PAGES for block in _blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    targets = [shlex.split(line, comments=True)[1] for line in shown if line.startswith("make ")]
    assert len(targets) >= 3
    assert sorted(set(targets) - set(rules)) == []


def test_links_between_pages_lead_somewhere():
    checked = 0
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", page.read_text(encoding="utf-8")):
            # pages of the Python reference are made when the site is built
            assert (page.parent / target).exists() or target.startswith("api/"), f"{page.name}: {target}"
            checked += 1
    assert checked >= 3


def _alone_in_a_paragraph(tokens: list[Token], place: int, lines: list[str]) -> bool:
    """Whether a list has one entry only and follows text without a blank line."""
    first = tokens[place].map[0]
    closes = next(k for k in range(place, len(tokens)) if tokens[k].type == "bullet_list_close" and tokens[k].level == 0)
    entries = sum(token.type == "list_item_open" and token.level == 1 for token in tokens[place:closes])
    return entries == 1 and first > 0 and bool(lines[first - 1].strip()) and tokens[place - 1].type == "paragraph_close"


def _misread(text: str) -> list[str]:
    """Places where Markdown takes a formula in plain text for markup and drops its signs."""
    lines, found = text.splitlines(), []
    tokens = MarkdownIt().enable("table").parse(text)
    for place, token in enumerate(tokens):
        first = token.map[0] if token.map else 0
        if token.type == "bullet_list_open" and token.markup == "+":
            found.append(f"line {first + 1} begins with a plus")
        elif token.type == "bullet_list_open" and token.level == 0 and _alone_in_a_paragraph(tokens, place, lines):
            found.append(f"line {first + 1} begins with a minus")
        elif token.type == "blockquote_open":
            found.append(f"line {first + 1} begins with a sign of order")
        elif token.type == "heading_open" and token.markup in ("=", "-"):
            found.append(f"line {first + 1} is underlined")
        elif token.type == "inline":
            found += [f"line {first + 1}: emphasis by underscores" for part in token.children or () if part.markup in ("_", "__")]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_formulas_in_plain_text_stay_formulas(page):
    assert _misread(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["a <= b\n+ c\n", "x^2 = y\n- z\n", "a\n>= b\n", "sum\n===\n", "[x]_+ and d_{k+1} <= R, |P|_F = |P_{k+1}|\n"]
)
def test_formulas_that_are_misread_are_caught(text):
    assert len(set(_misread(text))) == 1


def test_nothing_outside_the_project_is_named():
    for page in [*PAGES, ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"]:
        assert "../shared" not in page.read_text(encoding="utf-8"), page


PRINTS = "```python\nprint(6 * 7)\n```\n"
#: pages that say what is not so, and what is then told
WRONG = {
    "another output": (f"{PRINTS}<!-- output -->\n```text\n41\n```\n", AssertionError, "41"),
    "another exit code": ("<!-- run: exit 1 -->\n```sh\nlra-ref --version\n```\n", AssertionError, "ended with 0, the page says 1"),
    "a failing command": ("<!-- run -->\n```sh\nlra-ref run no_such sphere\n```\n", AssertionError, "ended with 2, the page says 0"),
    "a command of something else": ("<!-- run -->\n```sh\nrm -r here\n```\n", AssertionError, "only lra-ref can be run, got rm"),
    "a name from nowhere": ("```python\nprint(n)\n```\n", NameError, "'n' is not defined"),
    "a mark that means nothing": ("<!-- ruin -->\n```sh\nlra-ref list\n```\n", ValueError, "page:2: unknown mark 'ruin'"),
    "what is not run must compile": ("<!-- not run: no device -->\n```python\nx ==\n```\n", SyntaxError, "invalid syntax"),
}


@pytest.mark.parametrize("name", WRONG)
def test_pages_that_say_what_is_not_so_are_caught(name, tmp_path):
    text, error, told = WRONG[name]
    with pytest.raises(error, match=re.escape(told)):
        _run("page", text, tmp_path)


TOGETHER = """\
```python
n = 2
```
<!-- file: a.txt -->
```text
hello
```
```python
from pathlib import Path

print(n, Path("a.txt").read_text())
```
<!-- output -->
```text
2 he...
```
"""


def test_blocks_share_a_namespace_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _run("page", TOGETHER, tmp_path)
