"""Running plans: verdicts of every outcome, controls, growing seeds, resuming, processes, witnesses."""

import concurrent.futures
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from lra_ref.runs.store import CELLS
from lra_ref.verify import Case, Claim, Control, Expectation, Settings, Verdict, replay, verify
from lra_ref.verify import runner as runner_module
from lra_ref.verify.cells import PILOT, check_cell
from tests.verify import zoo

ZOO = Path(zoo.__file__)
FIELDS = {
    "id",
    "part",
    "kind",
    "label",
    "provenance",
    "verdict",
    "lhs",
    "rhs",
    "tightness",
    "control",
    "cases",
    "seeds",
    "seconds",
    "notes",
}


@pytest.fixture(scope="module")
def result():
    return verify(ZOO)


def comparable(result):
    """Everything of a result but seconds."""
    data = json.loads(result.to_json())
    for row in data["rows"]:
        del row["seconds"]
    return data


def claim_of(name):
    return next(claim for claim in zoo.CLAIMS if claim.id == f"zoo.{name}")


VERDICTS = {
    "violated": Verdict.VIOLATED, "undecided": Verdict.UNDECIDED, "inapplicable": Verdict.NOT_APPLICABLE, "raises": Verdict.FAILED,
}  # fmt: skip


def test_every_outcome_of_the_zoo(result):
    for row in result.rows:
        name = row["id"].split(".")[1]
        assert (name, row["verdict"]) == (name, VERDICTS.get(name, Verdict.HOLDS))
        assert (name, row["control"]["fired"]) == (name, name != "silent")
        assert (name, result.as_claimed(row)) == (name, name in zoo.AS_CLAIMED)
    assert (result.ok, result.exit_code) == (False, 1)


def test_rows_have_exactly_the_fields_of_the_design(result):
    data = json.loads(result.to_json())
    assert set(data) == {"schema", "environment", "settings", "rows"}
    for row in data["rows"]:
        assert set(row) - {"estimate"} == FIELDS
        assert set(row["control"]) == {"what", "verdict", "fired"}
    estimated = {row["id"] for row in data["rows"] if "estimate" in row}
    assert estimated == {"zoo.mean", "zoo.law", "zoo.rate", "zoo.undecided"}
    law = next(row for row in data["rows"] if row["id"] == "zoo.law")["estimate"]
    assert law["low"] < law["value"] < law["high"]
    assert law["expected"] == 0.5


def test_notes_say_what_a_reader_must_know(result):
    notes = {row["id"]: row["notes"] for row in result.rows}
    assert "no step above 0.5 (largest step, measured 0.9" in notes["zoo.inapplicable"]
    assert "RuntimeError: no sides today" in notes["zoo.raises"]
    assert "equality in the mean" in notes["zoo.undecided"]


def test_seeds_grow_until_decided_or_the_budget_is_spent(result):
    assert result.records["zoo.undecided", "claim", "walk"]["looks"] == [[0, 32], [32, 64], [64, 128], [128, 256]]
    assert result.records["zoo.mean", "claim", "walk"]["looks"][0] == [0, 64]
    odd = dataclasses.replace(claim_of("undecided"), cases=(Case.everywhere("walk", seeds=20, budget=70),))
    assert check_cell(odd, "claim", odd.cases[0], Settings())["looks"] == [[0, 20], [20, 40], [40, 70]]


def test_cases_combine_to_the_worst():
    bound = claim_of("bound")
    good, bad = Case.everywhere("good", seeds=2), Case.everywhere("bad", seeds=2, shift=1)
    some = dataclasses.replace(
        bound, cases=(good, bad), run=lambda case, seeds, settings: zoo.walk(case, seeds, settings) + 50 * case.get("shift", 0)
    )
    row = verify([some]).rows[0]
    assert [case["verdict"] for case in row["cases"]] == ["HOLDS", "VIOLATED"]
    assert (row["verdict"], row["lhs"]) == ("VIOLATED", row["cases"][1]["lhs"])
    partly = dataclasses.replace(
        claim_of("inapplicable"),
        cases=(good, bad),
        run=lambda case, seeds, settings: (1 - case.get("shift", 0) * 0.6) * zoo.walk(case, seeds, settings),
    )
    row = verify([partly]).rows[0]
    assert [case["verdict"] for case in row["cases"]] == ["NOT APPLICABLE", "HOLDS"]
    assert row["verdict"] == "HOLDS"
    assert "not applicable to good: assumption not met" in row["notes"]


def test_a_claim_without_a_control_is_not_as_claimed():
    result = verify([dataclasses.replace(claim_of("bound"), control=None)])
    assert result.rows[0]["control"] == {"what": None, "verdict": None, "fired": False}
    assert "no control" in result.rows[0]["notes"]
    assert result.exit_code == 1


def test_an_unexplained_undecided_is_not_as_claimed_nor_one_with_nan():
    undecided = claim_of("undecided")
    assert verify([undecided]).ok
    assert not verify([dataclasses.replace(undecided, may_be_undecided="")]).ok
    nan = dataclasses.replace(
        undecided, sides=lambda x: zoo.exactly(np.where(x > 20, np.nan, x)), control=Control("c", sides=undecided.control.sides)
    )
    result = verify([nan])
    assert (result.rows[0]["verdict"], result.ok) == ("UNDECIDED", False)
    assert result.records["zoo.undecided", "claim", "walk"]["seeds"] == 32


def test_a_case_of_no_preset_is_left_out_and_said():
    full = dataclasses.replace(claim_of("bound"), cases=(Case("long", full={"seeds": 2}),))
    result = verify([full], preset="smoke")
    assert (result.rows[0]["verdict"], result.rows[0]["cases"], result.ok) == ("NOT APPLICABLE", [], True)
    assert "no case runs in this preset" in result.rows[0]["notes"]


@pytest.mark.parametrize(
    ("sides", "error"),
    [
        (zoo.identity, "must return Bound, got Identity"),
        (lambda x: zoo.bound(x[:-1]), "one row for each of the 4 seeds, got 3"),
        (lambda x: x, "must return Bound, got ndarray"),
    ],
)
def test_sides_of_another_kind_or_size_fail(sides, error):
    row = verify([dataclasses.replace(claim_of("violated"), sides=sides)]).rows[0]
    assert row["verdict"] == "FAILED"
    assert error in row["notes"]


def test_the_error_budget_is_split_over_the_cases_and_looks():
    seen = []

    class Spy(Expectation):
        def judge(self, alpha):
            seen.append(alpha)
            return super().judge(alpha)

    def sides(x):
        at = zoo.exactly(x)
        return Spy(lhs=at.lhs, rhs=at.rhs, scale=at.scale, operations=at.operations, at=at.at)

    cases = tuple(Case.everywhere(name, seeds=16, budget=64) for name in ("one", "two"))
    claim = dataclasses.replace(claim_of("undecided"), sides=sides, cases=cases)
    check_cell(claim, "claim", cases[0], Settings(alpha=0.008))
    assert seen == [0.002, 0.001, 0.0005]


def test_a_pilot_sees_seeds_of_its_own_and_its_answer_reaches_the_run():
    seen = []

    def pilot(case, seeds, settings):
        seen.append(seeds)
        return 7.0

    def run(case, seeds, settings):
        return zoo.walk(case, seeds, settings) + case.pilot

    record = check_cell(dataclasses.replace(claim_of("violated"), run=run, pilot=pilot), "claim", claim_of("violated").cases[0], Settings())
    assert record["lhs"] > 7
    assert len(seen) == 1
    assert seen[0][0] == PILOT
    assert seen[0].size == 32


def test_a_control_reads_the_run_of_its_claim():
    calls = []

    def run(case, seeds, settings):
        calls.append(case.name)
        return zoo.walk(case, seeds, settings)

    assert verify([dataclasses.replace(claim_of("bound"), run=run)]).ok
    assert calls == ["four", "eight"]


class Stop:
    """Interrupts after a number of cells."""

    def __init__(self, cells):
        self.left = cells

    def __call__(self, done, total, task, record):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("torn", [b"", b'{"key": "torn'])
def test_an_interrupted_run_resumes_to_the_same_result(tmp_path, result, torn):
    for cells in (5, 8):
        with pytest.raises(KeyboardInterrupt):
            verify(ZOO, out=tmp_path, progress=Stop(cells))
        with open(tmp_path / CELLS, "ab") as file:
            file.write(torn)
    computed = []
    resumed = verify(ZOO, out=tmp_path, progress=lambda done, total, task, record: computed.append(task))
    # the cells of zoo.raises are never stored
    assert len(computed) == len(result.records) - 5 - 8
    assert comparable(resumed) == comparable(result)
    assert json.loads((tmp_path / "result.json").read_text()) == json.loads(resumed.to_json())


def test_a_second_run_computes_nothing_and_seconds_are_those_of_the_first(tmp_path):
    first = verify(f"{ZOO}::zoo.bound", out=tmp_path)
    again = verify(f"{ZOO}::zoo.bound", out=tmp_path, progress=Stop(1))
    assert again.to_json() == first.to_json()
    assert again.started == first.started


def test_an_edited_claim_file_is_computed_again(tmp_path):
    path = tmp_path / "zoo_copy.py"
    path.write_text(ZOO.read_text())
    assert verify(f"{path}::zoo.bound", out=tmp_path / "run").ok
    path.write_text(ZOO.read_text().replace("rhs=STEPS, scale", "rhs=STEPS * 0.5, scale"))
    assert verify(f"{path}::zoo.bound", out=tmp_path / "run").rows[0]["verdict"] == "VIOLATED"


def test_other_settings_in_the_same_directory_are_refused(tmp_path):
    verify(f"{ZOO}::zoo.bound", out=tmp_path)
    with pytest.raises(ValueError, match="was made with seed = 0, asked for 1"):
        verify(f"{ZOO}::zoo.bound", out=tmp_path, seed=1)


def test_another_seed_gives_other_numbers_and_the_same_verdict(result):
    other = verify(f"{ZOO}::zoo.bound", seed=2**64 - 1).rows[0]
    same = next(row for row in result.rows if row["id"] == "zoo.bound")
    assert other["verdict"] == same["verdict"]
    assert other["lhs"] != same["lhs"]


def test_processes_give_the_same_result(tmp_path, result):
    names = [f"{ZOO}::zoo.{name}" for name in ("bound", "mean", "raises")]
    spread = comparable(verify(names, jobs=2, out=tmp_path))
    assert spread["rows"] == [row for row in comparable(result)["rows"] if row["id"] in ("zoo.bound", "zoo.mean", "zoo.raises")]


def test_any_executor_will_do(result):
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        assert comparable(verify(ZOO, executor=executor)) == comparable(result)
        with pytest.raises(ValueError, match="only claims from a file run in other processes"):
            verify([claim_of("bound")], executor=executor)


@pytest.mark.parametrize("jobs", [0, -1, True, 1.5])
def test_jobs_must_be_a_whole_number(jobs):
    with pytest.raises(ValueError, match="jobs must be a whole number >= 1"):
        verify(ZOO, jobs=jobs)


def test_a_witness_is_stored_and_replayed_bit_for_bit(tmp_path):
    result = verify(f"{ZOO}::zoo.violated", out=tmp_path)
    (path,) = (tmp_path / "witnesses").iterdir()
    witness = json.loads(path.read_text())
    assert witness["looks"] == [[witness["trajectory"], witness["trajectory"] + 1]]
    assert float.fromhex(witness["lhs_hex"]) == witness["lhs"] == result.rows[0]["lhs"]
    assert witness["prefix"] == zoo.STEPS[witness["index"][0]]
    outcome = replay(path)
    assert (outcome.reproduced, outcome.exact) == (True, True)
    assert "reproduced; lhs" in outcome.sentence()


def test_a_statistical_witness_replays_all_its_looks(tmp_path):
    claim = dataclasses.replace(
        claim_of("undecided"), sides=lambda x: zoo.exactly(1.06 * x), cases=(Case.everywhere("walk", seeds=16, budget=256),)
    )
    record = check_cell(claim, "claim", claim.cases[0], Settings())
    assert len(record["looks"]) > 1
    path = runner_module.witnesses.save(tmp_path, record["witness"], None)
    outcome = replay(path, claim)
    assert (outcome.reproduced, outcome.exact) == (True, True)


def test_a_mended_claim_does_not_reproduce_its_witness(tmp_path):
    verify(f"{ZOO}::zoo.violated", out=tmp_path)
    (path,) = (tmp_path / "witnesses").iterdir()
    outcome = replay(path, dataclasses.replace(claim_of("violated"), sides=zoo.bound))
    assert (outcome.reproduced, outcome.exact) == (False, False)
    assert "NOT reproduced, the check answers HOLDS" in outcome.sentence()


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not a witness"), ("[]", "schema is missing"), ('{"schema": 1}', "claim is missing")]
)
def test_what_is_no_witness_is_refused(tmp_path, text, message):
    path = tmp_path / "w.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        replay(path)
    with pytest.raises(ValueError, match="cannot read the witness"):
        replay(tmp_path / "none.json")


def test_refutations_rest_on_a_stored_counterexample(tmp_path):
    path = tmp_path / "linear.json"
    path.write_text(json.dumps({"parameters": {"seeds": 1, "slope": "0x1.4p+0"}}))

    def run(case, seeds, settings):
        return case["slope"] * zoo.STEPS[np.newaxis]

    claim = Claim(
        id="zoo.slope", kind="refutation", provenance="derived", statement="NOT: x_T <= T", cases=(Case.from_witness(path),), run=run,
        sides=zoo.bound, control=Control("a smaller slope", cases=(Case.everywhere("small", slope=0.5),)),
    )  # fmt: skip
    row = verify([claim]).rows[0]
    assert (row["verdict"], row["tightness"], row["control"]["verdict"]) == ("HOLDS", 1.25, "VIOLATED")
    path.write_text(json.dumps({"parameters": {"slope": 0.75}}))
    row = verify([dataclasses.replace(claim, cases=(Case.from_witness(path),))]).rows[0]
    assert row["verdict"] == "VIOLATED"


def test_a_failed_cell_is_tried_again(tmp_path):
    computed = []
    for _ in range(2):
        verify(f"{ZOO}::zoo.raises", out=tmp_path, progress=lambda done, total, task, record: computed.append(task.role))
    assert computed == ["claim", "control", "claim"]
