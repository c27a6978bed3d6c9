"""The table of tightness: every stored witness answers as stored, and a witness that is not so is noticed."""

from __future__ import annotations

import json
import shutil

import pytest

from experiments import tightness


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The stored witnesses of three cheap bounds and their page, in a folder of their own."""
    claims = [claim for claim in tightness.bounds(["learners"])[0] if claim.id in ("learners.O1p", "learners.O2", "learners.O3")]
    for claim in claims:
        shutil.copy(tightness.WITNESSES / f"{claim.id}.json", tmp_path)
    monkeypatch.setattr(tightness, "WITNESSES", tmp_path)
    monkeypatch.setattr(tightness, "TABLE", tmp_path / "page.md")
    (tmp_path / "page.md").write_text(tightness.page(claims), encoding="utf-8")
    return claims, tmp_path


def changed(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")


def test_what_is_stored_answers_as_stored(copied):
    claims, _ = copied
    assert len(claims) == 3
    assert tightness.differences(claims) == []


def test_a_changed_instance_is_noticed(copied):
    claims, folder = copied
    stored = json.loads((folder / "learners.O3.json").read_text(encoding="utf-8"))
    changed(folder / "learners.O3.json", parameters={**stored["parameters"], "coins": [0.5] * stored["parameters"]["T"]})
    assert [line.split(":")[0] for line in tightness.differences(claims)] == ["learners.O3"]


def test_a_witness_that_no_longer_runs_is_told(copied):
    claims, folder = copied
    changed(folder / "learners.O3.json", parameters={"learner": "adagrad"})
    assert "the stored witness does not run, KeyError" in tightness.differences(claims)[0]


def test_a_changed_ratio_changes_the_page(copied):
    claims, folder = copied
    changed(folder / "learners.O3.json", ratio=0.123)
    assert "the page differs" in tightness.differences(claims)[0]


def test_a_missing_witness_is_named(copied):
    claims, folder = copied
    (folder / "learners.O2.json").unlink()
    assert tightness.differences(claims)[0].startswith("learners.O2: no witness")


def test_a_bound_without_a_sentence_is_named_on_the_page(copied):
    claims, _ = copied
    assert "Not searched yet: mine.A, mine.B." in tightness.page(claims, ["mine.A", "mine.B"])
    assert "Not searched" not in tightness.page(claims)
    assert tightness.differences(claims, ["mine.A"])[0].startswith("the page differs")


def test_a_ratio_below_one_is_never_shown_as_one():
    assert [tightness.shown(ratio) for ratio in (1.0, 0.99999, 0.9912345, 0.5)] == ["1", "1 - 1e-05", "0.9912", "0.5"]


@pytest.mark.slow
def test_every_witness_and_the_page():
    assert tightness.main(["--check"]) == 0
