"""Claims, cases and settings: what is accepted, what is refused with which words."""

import json

import pytest

from lra_ref.verify import Case, CaseView, Claim, Control, Settings
from lra_ref.verify.cells import seed_counts


def claim(**more):
    given = {"id": "a.b", "kind": "identity", "provenance": "derived", "statement": "", "run": None, "sides": None}
    return Claim(**{**given, "cases": (Case("first", quick={}), Case("second", smoke={}, quick={})), **more})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: claim(id="nodot"), "id must look like part.name, got 'nodot'"),
        (lambda: claim(kind="identty"), "a.b: unknown kind 'identty'; did you mean identity?"),
        (lambda: claim(label="uper"), "unknown label 'uper'; did you mean upper?"),
        (lambda: claim(provenance="rumour"), "unknown provenance 'rumour'"),
        (lambda: claim(cases=()), "at least one case"),
        (lambda: claim(cases=(Case("x"), Case("x"))), "each with a name of its own"),
        (lambda: claim(control=Control("c", cases=("frist",))), "unknown case of the control 'frist'; did you mean first?"),
        (lambda: Case(""), "a case needs a name"),
        (lambda: Case("x", quick={"f": len}), "parameters of case 'x' must be plain data"),
        (lambda: Case("x", quick={"f": float("nan")}), "must be plain data"),
        (lambda: Settings("quikc"), "unknown preset 'quikc'; did you mean quick?"),
        (lambda: Settings(seed=-1), r"seed must be a whole number in \[0, 2\^64\), got -1"),
        (lambda: Settings(seed=2**64), "seed must be a whole number"),
        (lambda: Settings(seed=True), "seed must be a whole number"),
        (lambda: Settings(alpha=0.0), r"alpha must be in \(0, 1\), got 0.0"),
        (lambda: seed_counts(claim(), Case("x"), {"seeds": 0}), "seeds of case 'x' must be a whole number in"),
        (lambda: seed_counts(claim(), Case("x"), {"seeds": 8, "budget": 4}), "budget of case 'x' must be at least seeds = 8"),
    ],
)
def test_bad_input_is_one_clear_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_part_is_the_beginning_of_the_id():
    assert claim().part == "a"
    assert claim(part="other").part == "other"


def test_parameters_of_a_preset():
    case = Case("x", smoke={"steps": 1}, full={"steps": 3, "dim": 7}, common={"dim": 2})
    assert case.parameters("smoke") == {"dim": 2, "steps": 1}
    assert case.parameters("quick") is None
    assert case.parameters("full") == {"dim": 7, "steps": 3}


def test_a_view_answers_an_unknown_parameter_with_the_nearest():
    view = CaseView("x", {"steps": 3})
    assert view["steps"] == 3
    assert view.get("dim", 5) == 5
    with pytest.raises(KeyError, match="did you mean steps"):
        view["step"]


def test_a_control_runs_on_the_first_case_of_the_preset_unless_it_says():
    chosen = claim(control=Control("c"))
    assert [case.name for case in chosen.control_cases("quick")] == ["first"]
    assert [case.name for case in chosen.control_cases("smoke")] == ["second"]
    own = Case("own", quick={})
    assert claim(control=Control("c", cases=("second", own))).control_cases("quick") == (chosen.cases[1], own)
    assert claim().control_cases("quick") == ()


def test_statistical_kinds_have_a_budget_of_eight_times_the_first_look():
    assert seed_counts(claim(), Case("x"), {}) == (1, 1)
    assert seed_counts(claim(kind="rate"), Case("x"), {}) == (32, 256)
    assert seed_counts(claim(kind="rate"), Case("x"), {"seeds": 10, "budget": 30}) == (10, 30)


def test_a_case_from_a_witness_reads_hexadecimal_floats(tmp_path):
    path = tmp_path / "spiral.json"
    path.write_text(json.dumps({"parameters": {"eta": (0.1).hex(), "start": ["0x1.8p+1", 2], "name": "0x"}, "case": "spiral"}))
    case = Case.from_witness(path)
    assert case.name == "spiral"
    assert case.parameters("smoke") == {"eta": 0.1, "start": [3.0, 2], "name": "0x"}
    path.write_text("{}")
    with pytest.raises(ValueError, match="cannot read the counterexample"):
        Case.from_witness(path)
