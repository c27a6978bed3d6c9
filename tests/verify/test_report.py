"""The HTML report, the plots, the typesetting and the table."""

import html.parser
import io
import os
import re
from pathlib import Path

import pytest

from lra_ref.verify import verify
from lra_ref.verify.page import STYLE
from lra_ref.verify.plots import figures, png, svg
from lra_ref.verify.report import page, write_report
from lra_ref.verify.table import show, summary
from lra_ref.verify.typeset import formula, pieces, tall, typeset
from tests.verify import zoo

ZOO = Path(zoo.__file__)
VOID = {"meta", "link", "img", "br", "wbr", "path"}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    (folder := tmp_path_factory.mktemp("claims")).joinpath("broken.py").write_text("1 / 0\n")
    return verify([ZOO, folder / "broken.py"], out=folder / "run")


@pytest.fixture(scope="module")
def text(result):
    return page(result)


class Page(html.parser.HTMLParser):
    """Collects tags and text, and refuses tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_is_well_formed_self_contained_and_complete(result, text):
    parsed = Page(text)
    for tag, attributes in parsed.tags:
        assert tag not in ("script", "iframe")
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "@import" not in text
    assert "url(" not in text
    anchors = {attributes["id"] for tag, attributes in parsed.tags if tag == "section" and "id" in attributes}
    links = {attributes["href"][1:] for tag, attributes in parsed.tags if tag == "a"}
    assert anchors == links
    assert len(anchors) == len(result.rows)
    words = " ".join(parsed.texts)
    for needed in (
        "no step above 0.5", "NOT met", "the same check answers VIOLATED", "ZeroDivisionError", "RuntimeError: no sides today", "numpy",
        "preset quick", f"lra-ref verify {os.path.relpath(ZOO)}::zoo.bound --preset quick --seed 0", "--replay", "zoo.violated--walk.json",
    ):  # fmt: skip
        assert needed in words


def test_text_of_claims_is_escaped():
    import dataclasses

    claim = dataclasses.replace(zoo.CLAIMS[0], statement="<script>alert(1)</script> $a<b$", title="<b>", notes="a < b & c", explain="<i>")
    parsed = Page(page(verify([claim])))
    assert not {"script", "b", "i"} & {tag for tag, _ in parsed.tags}
    assert "a < b & c" in " ".join(parsed.texts)


def test_the_same_result_gives_the_same_page(result, text):
    assert page(result) == text


def test_every_kind_with_something_to_see_has_a_plot(result):
    titles = {
        name: [title for title, _ in figures(result.records[f"zoo.{name}", "claim", "walk"])]
        for name in ("identity", "mean", "law", "rate", "sdp", "scale")
    }
    assert titles == {
        "identity": ["both sides", "difference"], "mean": ["both sides", "difference of the means"], "law": ["estimates"], "rate": ["rate"],
        "sdp": ["worst case"], "scale": [],
    }  # fmt: skip
    _, figure = next(figures(result.records["zoo.rate", "claim", "walk"]))
    assert svg(figure).startswith("<?xml")
    assert png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1.0, 1e9], [None, 1.0], [1e-300, 1e300]])
def test_plots_bear_awkward_numbers(values):
    band = {"mean": values, "low": values, "high": values}
    series = {"plot": "bound", "x": [1.0, 1000.0], "x_name": "T", "lhs": band, "rhs": band}
    record = {"series": series | {"slack": {"x": [1.0, 1000.0], "lhs": band}}}
    assert all(svg(figure) for _, figure in figures(record))


def test_reports_write_their_plots(tmp_path):
    result = verify(f"{ZOO}::zoo.rate")
    write_report(result, tmp_path / "r.html", tmp_path / "plots", with_png=True)
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert {"zoo.rate--walk--rate.svg", "zoo.rate--walk--rate.png"} <= names
    assert len([name for name in names if name.endswith(".svg")]) == (tmp_path / "r.html").read_text().count("<figure>")
    with pytest.raises(ValueError, match="cannot write"):
        write_report(result, tmp_path / "r.html" / "below.html")


def test_a_formula_becomes_svg_with_its_source_for_readers_of_the_screen():
    out = formula(r"x^2 \leq \frac{a}{b}")
    assert out.startswith('<svg class="math"')
    assert r'aria-label="x^2 \leq \frac{a}{b}"' in out
    number = r"-?\d+\.\d"
    assert re.search(rf'd="M{number} {number}[LQCM]', out)


def test_what_cannot_be_typeset_is_shown_as_source():
    assert formula(r"\nosuchmacro{x} < 1") == r'<code class="tex">\nosuchmacro{x} &lt; 1</code>'


def test_statements_mix_text_and_formulas():
    out = typeset("For all $u$, $$a = b$$ and 1 < 2")
    assert out.startswith("For all ")
    assert '</svg>,</span> <div class="display">' in out
    assert out.endswith(" and 1 &lt; 2")
    assert typeset("a = b").startswith('<div class="display"><svg')


def test_long_formulas_are_cut_at_relations_and_signs_outside_brackets():
    assert pieces(r"R(u, v) \leq \frac{a = b}{c} - \left(d + e\right)^{f+g} + h, k") == [
        "R(u, v)", r"\leq \frac{a = b}{c}", r"- \left(d + e\right)^{f+g}", "+ h,", "k",
    ]  # fmt: skip
    long = r"a_1 + b_1 + c_1 + d_1 + e_1 + f_1 + g_1 + h_1 + i_1 + j_1 + k_1 + l_1 + m_1"
    assert formula(long).count("<svg") == 13


def test_fractions_outside_groups_are_tall():
    assert tall(r"\frac{\frac{a}{b}}{c} + \fraction \{ \frac12 \}") == r"\dfrac{\frac{a}{b}}{c} + \fraction \{ \dfrac12 \}"


def test_the_table_off_a_terminal_is_plain_aligned_text(result):
    stream = io.StringIO()
    show(result, stream)
    lines = stream.getvalue().splitlines()
    assert "\x1b" not in stream.getvalue()
    assert lines[0].split() == ["claim", "kind", "label", "verdict", "lhs", "rhs", "tightness", "control", "seeds", "seconds"]
    starts = {
        line.index(word) for line in lines[1:14] for word in ("HOLDS", "VIOLATED", "UNDECIDED", "NOT APPLICABLE", "FAILED") if word in line
    }
    assert starts == {lines[0].index("verdict")}
    assert lines[-1] == summary(result)
    assert "NOT as claimed: zoo.violated, zoo.raises, zoo.silent, broken" in lines[-1]
    assert any(line.startswith("zoo.silent HOLDS") and "did not fire" in line for line in lines)


@pytest.mark.parametrize(("width", "shown"), [("200", ["kind", "lhs", "seconds"]), ("80", ["lhs", "rhs"]), ("50", ["verdict"])])
def test_the_table_on_a_terminal_has_the_columns_that_fit(result, monkeypatch, width, shown):
    monkeypatch.setenv("COLUMNS", width)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    show(result, stream)
    assert "zoo.bound" in stream.getvalue()
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in stream.getvalue().splitlines()]
    framed = [line for line in lines if line[0] in "┏┃┡│└"]
    assert all(len(line) <= int(width) for line in framed)
    header = framed[1].split()
    assert {"claim", "verdict", "control", *shown} <= set(header)
    assert ("kind" in header) == (width == "200")


def test_the_style_sheet_has_whole_strings_and_balanced_braces():
    assert STYLE.count("{") == STYLE.count("}")
    assert all(line.count('"') % 2 == 0 for line in STYLE.splitlines())
