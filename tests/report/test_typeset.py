"""Statements as inline SVG."""

import re

from lra_ref.report.typeset import formula, pieces, tall, typeset


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
