"""The extensions that the site is made with: names, docstrings, formulas, links, the picture of the house."""

from __future__ import annotations

import copy
import functools
import importlib.util
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site needs the extra docs")
pytest.importorskip("latex2mathml", reason="the site needs the extra docs")

from docutils import nodes

from lra_ref.verify.discover import discover

ROOT = Path(__file__).resolve().parents[2]


def _module(path: str):
    """A module of ``docs/``, which is no package."""
    file = ROOT / "docs" / path
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    if file.stem in sys.modules:
        return sys.modules[file.stem]
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def _package():
    """The public names of lra_ref."""
    return _module("_ext/inventory.py").read_package(ROOT / "lra_ref")


@functools.cache
def _imports():
    return _module("pictures/house.py").imports()


def _plain(address: str, title: str) -> nodes.Node:
    return nodes.literal("", title)


def _kinds(text: str) -> list[str]:
    return [type(node).__name__ for node in _module("_ext/docstrings.py").body(text, _plain)]


# --- docstrings --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("One line.", ["paragraph"]),
        ("One.  Two sentences\nover two lines.", ["paragraph"]),
        ("Head:\n\n    x = y\n    z = w", ["paragraph", "literal_block"]),
        ("1. first\n   goes on\n2. second", ["enumerated_list"]),
        ("- a\n- b", ["bullet_list"]),
        ("1. alignment   a_t = 1\n               a_t = 2", ["literal_block"]),
        ("Parameters\n----------\nx : a point\ny, z : two", ["rubric", "definition_list"]),
        (">>> 1 + 1\n2", ["literal_block"]),
        ("Said first.\n\nThen::\n\n    import numpy", ["paragraph", "paragraph", "literal_block"]),
    ],
)
def test_blocks_of_docstrings(text, kinds):
    assert _kinds(text) == kinds


def test_what_is_aligned_stays_letter_by_letter():
    table = "    a      1.0   first\n    bcd    22    second"
    (block,) = _module("_ext/docstrings.py").body(table, _plain)
    assert block.astext() == "a      1.0   first\nbcd    22    second"


def test_text_of_docstrings_is_kept():
    (paragraph,) = _module("_ext/docstrings.py").body(
        "See :class:`~lra_ref.parts.Rate`, :mod:`the parts <lra_ref.parts>` and ``x * y``, *not* a*b*c.", _plain
    )
    assert paragraph.astext() == "See Rate, the parts and x * y, not a*b*c."
    assert [node.astext() for node in paragraph.findall(nodes.literal)] == ["Rate", "the parts", "x * y"]


def test_no_word_of_any_docstring_is_lost():
    docstrings = _module("_ext/docstrings.py")
    seen = 0
    for module in _package().values():
        for doc in (module.doc, *(name.doc for name in module.defined.values())):
            shown = " ".join(node.astext() for node in docstrings.body(doc, _plain))
            missing = _letters(doc) - _letters(shown)
            assert not missing, f"{module.address}: {missing}"
            seen += bool(doc)
    assert seen > 1000


def _letters(text: str) -> set[str]:
    """Words with letters, without addresses inside of roles (``~a.b.C`` is shown as C), signs of markup and numbers of lists."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"\1", re.sub(r":\w+:`([^`<]+) <[^>]+>`", r"\1", text))
    return set(re.findall(r"[A-Za-z]{2,}", text))


# --- names -------------------------------------------------------------------------------------------------------------------------
def test_a_name_is_documented_at_its_shortest_address():
    inventory, modules = _module("_ext/inventory.py"), _package()
    known = inventory.addresses(modules)
    assert known["lra_ref.engine.run.run"] == ["lra_ref.run", "lra_ref.engine.run.run"]
    assert known["lra_ref.methods.base.compose"][0] == "lra_ref.compose"
    assert inventory.definition(modules, "lra_ref.methods", "gala") is None  # a module


def test_signatures_are_those_of_the_source(tmp_path):
    inventory = _module("_ext/inventory.py")
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "__init__.py").write_text('''
from dataclasses import dataclass, field
#: how many
N: int = 3
A, B = 1, 2
_hidden = 4
@dataclass(frozen=True, kw_only=True)
class C:
    """Doc."""
    x: float = parameter(0.5, Range(0), "half")
    y: list = field(default_factory=list)
    @property
    def z(self) -> int: ...
    @classmethod
    def made(cls, n: int = 1) -> "C": ...
class D:
    def __init__(self, a, *, b=2) -> None: ...
    def _own(self): ...
''')
    module = inventory.read_package(tmp_path / "p")["p"]
    assert module.public == ["N", "A", "B", "C", "D"]
    assert (module.defined["N"].doc, module.defined["N"].value, module.defined["N"].signature) == ("how many", "3", "int")
    made = module.defined["C"]
    assert made.signature == "(*, x: float = 0.5, y: list = list())"
    assert [(m.kind, m.name, m.signature) for m in made.members] == [
        ("attribute", "x", "float"), ("attribute", "y", "list"), ("property", "z", "() -> int"), ("method", "made", "(n: int=1) -> 'C'"),
    ]  # fmt: skip
    assert module.defined["D"].signature == "(a, *, b=2)"
    assert module.defined["D"].members == []


def test_hyper_parameters_are_told_with_default_and_constraint():
    inventory, api = _module("_ext/inventory.py"), _module("_ext/api.py")
    origin = "lra_ref.rates.schedules.CosineParameters"
    name = copy.deepcopy(inventory.name_at(_package(), origin))
    api.declare(name, origin)
    told = {member.name: (member.value, member.doc) for member in name.members}
    assert told["eta_min"][0] == "0.0"
    assert told["eta_min"][1].endswith("; in (-inf, inf)")
    # required: no default
    assert told["T_max"][0] == ""
    assert "a whole number in [1, " in told["T_max"][1]


# --- formulas ----------------------------------------------------------------------------------------------------------------------
def test_every_statement_can_be_typeset():
    claims = _module("_ext/claim_list.py")
    found, broken = discover([ROOT / "experiments"])
    assert not broken
    assert len(found) > 100
    for hit in found:
        texts = [hit.claim.statement, *(assumption.text for assumption in hit.claim.assumptions if "$" in assumption.text)]
        for text in texts:
            for node in claims.statement(text):
                if isinstance(node, nodes.math):
                    assert _module("_ext/mathml.py").mathml(node.astext()).startswith("<math"), hit.claim.id


@pytest.mark.parametrize("source", [r"\nosuchcommand{x}", r"x^", r"\left( x"])
def test_what_cannot_be_typeset_is_an_error(source):
    with pytest.raises(ValueError, match="cannot typeset"):
        _module("_ext/mathml.py").mathml(source)


def test_words_and_bars_in_formulas():
    made = _module("_ext/mathml.py").mathml(r"\mathrm{Var} |p|^2")
    assert '<mi mathvariant="normal">Var</mi>' in made
    assert made.count('lspace="0"') == 2


def test_long_formulas_can_be_broken_and_short_ones_are_not():
    breakable = _module("_ext/mathml.py").breakable
    assert "<wbr>" not in breakable("a + b = c")
    long = breakable(r"F(x_{t+1}) \leq F(x_t) - \frac{\eta}{2} |g_t|^2 + \sum_{s \leq t} a_s")
    assert long.count("<wbr>") == long.count("<math") - 1 >= 2


def test_the_rooms_of_a_part_are_linked():
    rooms = _module("_ext/rooms.py").other_rooms
    (line,) = rooms("gala", "reference/claims", claims=True)
    assert line.astext() == "gala: theory · proof steps · claims"
    assert [node["reftarget"] for node in line.children if "reftarget" in getattr(node, "attributes", ())] == [
        "/theory/gala", "/theory/gala_proofs", "/reference/claims",
    ]  # fmt: skip
    assert rooms("no_such_part", "reference/claims", claims=True) == []


# --- links and picture -------------------------------------------------------------------------------------------------------------
def test_links_to_files_at_the_root_lead_to_their_pages():
    text = ["see [a](../README.md), [b](../CHANGELOG.md#now), [c](other.md)"]
    _module("_ext/outside.py").redirect(None, "adapters", text)
    assert text == ["see [a](index.md), [b](changelog.md), [c](other.md)"]
    text = ["see [a](../../README.md)"]
    _module("_ext/outside.py").redirect(None, "howto/port", text)
    assert text == ["see [a](../index.md)"]


def test_the_picture_of_the_house_is_that_of_the_imports():
    house = _module("pictures/house.py")
    assert house.faults(_imports()) == []
    assert (ROOT / "docs/pictures/house.svg").read_text(encoding="utf-8") == house.draw(_imports()), "python docs/pictures/house.py"


def test_imports_against_the_picture_are_told():
    house = _module("pictures/house.py")
    graph = _imports()
    assert house.faults(graph) == []
    assert house.faults({**graph, "backends": {"base", "engine"}})[0] == "backends imports engine, which is above it"
    assert any(fault.startswith("imports in a circle: ") for fault in house.faults({**graph, "runs": {"verify"}}))
    assert house.faults({**graph, "attic": {"base"}}) == ["attic has no room"]
    assert house.faults({name: used for name, used in graph.items() if name != "vectors"}) == ["there is no package vectors"]
