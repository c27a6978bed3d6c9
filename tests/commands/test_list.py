from __future__ import annotations

import json
from pathlib import Path

import pytest

from lra_ref.commands.catalog import KINDS, READERS, method
from lra_ref.learners import CODES
from lra_ref.methods import METHODS, make_method
from lra_ref.methods.base import method_names
from lra_ref.oracles import ORACLES
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.problems import PROBLEMS
from tests.commands.conftest import Call

REGISTERED = {
    "methods": [*METHODS, *WHOLES, *DIRECTIONS],
    "directions": DIRECTIONS,
    "rates": RATES,
    "learners": CODES,
    "problems": PROBLEMS,
    "oracles": ORACLES,
}


@pytest.mark.parametrize("kind", list(READERS))
def test_every_registered_name_is_listed_and_described(call: Call, kind: str) -> None:
    code, out, err = call("list", kind, "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)[kind]
    assert sorted(row["name"] for row in rows) == sorted(REGISTERED[kind])
    for row in rows:
        assert row["description"], row["name"]
        assert row["source"], row["name"]
        assert "`" not in row["description"]
        for parameter in row["parameters"]:
            assert set(parameter) == {"name", "default", "required", "constraint", "doc"}


def test_the_overview_names_everything_once_per_kind(call: Call) -> None:
    code, out, _ = call("list")
    assert code == 0
    for kind, names in REGISTERED.items():
        section = next(part for part in out.split("\n\n") if part.startswith(kind.upper()))
        shown = [line.split()[0] for line in section.splitlines() if line.startswith("  ") and line[2] != " "]
        assert sorted(shown) == sorted([*METHODS, *WHOLES] if kind == "methods" else names)
    assert all(kind.upper() + ":" in out for kind in KINDS)


def test_defaults_of_a_method_are_those_it_has(call: Call) -> None:
    code, out, _ = call("list", "methods", "gala_sgd_practical", "inverse_time_adam", "adagrad", "--json")
    assert code == 0
    for row in json.loads(out)["methods"]:
        made = make_method(row["name"])
        assert (row["direction"], row["rate"]) == (made.direction.name, made.rate.name)
        used = {**made.direction.parameters.as_dict(), **made.rate.parameters.as_dict()}
        listed = {parameter["name"]: parameter["default"] for parameter in row["parameters"]}
        assert used.items() <= listed.items()


def test_a_name_that_both_parts_have_is_listed_once_and_said_of_each(call: Call) -> None:
    _, out, _ = call("list", "methods", "agadam", "alera_rmsprop", "--json")
    shared = {row["name"]: [p for p in row["parameters"] if p["name"] in ("weight_decay", "alpha")] for row in json.loads(out)["methods"]}
    (decay,) = (p for p in shared["agadam"] if p["name"] == "weight_decay")
    assert (decay["default"], decay["constraint"]) == (0.0, "in [0, inf)")
    assert decay["doc"].startswith("direction: L2 penalty, added to the gradient; rate: L2 penalty, added to the gradient before the path")
    made = make_method("agadam", weight_decay=0.5)
    assert (made.direction.parameters.weight_decay, made.rate.parameters.weight_decay) == (0.5, 0.5)
    (alpha,) = (p for p in shared["alera_rmsprop"] if p["name"] == "alpha")
    assert alpha["default"] == {"rate": 0.001, "direction": 0.99}
    assert "alpha = 0.001 (rate), 0.99 (direction)" in call("list", "methods", "alera_rmsprop")[1]


def test_no_method_lists_a_name_twice() -> None:
    for name in method_names():
        listed = [parameter["name"] for parameter in method(name).parameters]
        assert len(listed) == len(set(listed)), name


def test_text_in_full_shows_default_meaning_and_range(call: Call) -> None:
    _, out, _ = call("list", "oracles", "minibatch")
    assert out.startswith("minibatch\n")
    assert "batch (required)" in out
    assert "replacement = with" in out
    assert "'reshuffle'" in out
    _, out, _ = call("list", "problems", "quadratic")
    assert "rotated = false" in out
    assert "spectrum = none" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["problms"], "unknown kind 'problms'; did you mean problems?"),
        (["rates", "cosin"], "unknown rate 'cosin'; did you mean cosine?"),
        (["methods", "cosin_adam"], "did you mean cosine_adam"),
        (["problems", "logistik"], "did you mean logistic"),
    ],
)
def test_unknown_names(call: Call, words: list[str], message: str) -> None:
    code, out, err = call("list", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


SOUND = """
from lra_ref.verify import Case, Claim, Identity
CLAIMS = [Claim(id="mine.A", kind="identity", provenance="derived", statement="a = b", title="A title", cases=(Case.everywhere("only"),),
                run=lambda case, seeds, settings: {}, sides=lambda evidence: None)]
"""


def test_claims_of_the_folder_are_listed_and_broken_files_are_named(call: Call) -> None:
    folder = Path("experiments")
    folder.mkdir()
    (folder / "mine.py").write_text(SOUND)
    (folder / "broken.py").write_text("CLAIMS = 1 / 0\n")
    code, out, err = call("list", "claims", "--json")
    assert code == 0
    (row,) = json.loads(out)["claims"]
    assert (row["name"], row["kind"], row["provenance"], row["control"]) == ("mine.A", "identity", "derived", None)
    assert row["cases"]["smoke"] == ["only"]
    assert "broken.py: ZeroDivisionError" in err
    code, out, _ = call("list", "claims")
    assert "A title (identity, derived)" in out
    assert "statement: a = b" in out
