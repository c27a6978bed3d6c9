"""The page of a verification: from a result, from a finished directory, and from one that is not."""

import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from lra_ref.report.claims import anchor
from lra_ref.report.elements import Plots
from lra_ref.report.verification import UNFINISHED, Verification, render, write_report
from lra_ref.runs.store import RunDirectoryError, load
from lra_ref.verify import verify
from tests.report.pages import Page, faults
from tests.verify import zoo

ZOO = Path(zoo.__file__)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    (folder := tmp_path_factory.mktemp("claims")).joinpath("broken.py").write_text("1 / 0\n")
    return verify([ZOO, folder / "broken.py"], out=folder / "run")


@pytest.fixture(scope="module")
def drawn():
    return Plots()


@pytest.fixture(scope="module")
def text(result, drawn):
    return render(result, drawn)


def test_the_page_is_valid_self_contained_and_complete(result, text):
    assert faults(text) == []
    parsed = Page(text)
    assert {own["id"] for own in parsed.all("section") if "id" in own} == {anchor(row) for row in result.rows}
    for needed in (
        "no step above 0.5", "NOT met", "the same check answers VIOLATED", "ZeroDivisionError", "RuntimeError: no sides today", "numpy",
        "preset quick", f"lra-ref verify {os.path.relpath(ZOO)}::zoo.bound --preset quick --seed 0", "--replay", "zoo.violated--walk.json",
    ):  # fmt: skip
        assert needed in parsed.words


def test_text_of_claims_is_escaped():
    claim = dataclasses.replace(zoo.CLAIMS[0], statement="<script>alert(1)</script> $a<b$", title="<b>", notes="a < b & c", explain="<i>")
    parsed = Page(render(verify([claim])))
    assert not {"b", "i"} & {tag for tag, _ in parsed.tags}
    assert len(parsed.all("script")) == 1
    assert "a < b & c" in parsed.words


def test_the_directory_gives_the_page_of_its_result_and_twice_the_same(result, text):
    assert render(Verification.read(load(result.out))) == text


def test_every_plot_has_its_data(text, drawn):
    links = [own for own in Page(text).all("a") if "download" in own]
    assert {own["download"] for own in links} == {f"{name}.csv" for name in [*drawn.drawn, "claims"]}
    assert len(Page(text).all("figure")) == len(drawn.drawn) > 10


def test_reports_write_their_plots(tmp_path):
    result = verify(f"{ZOO}::zoo.rate")
    write_report(result, tmp_path / "r.html", tmp_path / "plots", with_png=True)
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert {"zoo.rate--walk--rate.svg", "zoo.rate--walk--rate.png"} <= names
    assert len([name for name in names if name.endswith(".svg")]) == (tmp_path / "r.html").read_text().count("<figure>")
    with pytest.raises(ValueError, match="cannot write"):
        write_report(result, tmp_path / "r.html" / "below.html")


def cut(source: Path, target: Path, cells: int, *names: str) -> Path:
    """A directory as an interruption leaves it: its first cells, and only some of the other files."""
    target.mkdir()
    for name in ("run.json", *names):
        (target / name).write_bytes((source / name).read_bytes())
    lines = (source / "cells.jsonl").read_bytes().splitlines(keepends=True)
    (target / "cells.jsonl").write_bytes(b"".join(lines[:cells]))
    return target


def test_an_unfinished_directory_shows_what_is_there_and_says_so(result, tmp_path):
    found = Verification.read(load(cut(result.out, tmp_path / "run", 4, "claims.json")))
    verdicts = {row["id"]: row["verdict"] for row in found.rows}
    # zoo.identity: claim and control; zoo.bound: one of two cases and its control
    assert verdicts["zoo.identity"] == "HOLDS"
    assert verdicts["zoo.bound"] == UNFINISHED
    assert verdicts["zoo.rate"] == UNFINISHED
    assert found.missing > 10
    text = render(found)
    assert faults(text) == []
    parsed = Page(text)
    assert "Unfinished: 4 cells are finished" in parsed.words
    assert "1 claim: 1 HOLDS" in parsed.words
    assert "2 cells finished, 1 to come" in next(row["notes"] for row in found.rows if row["id"] == "zoo.bound")


def test_a_run_that_ended_before_its_result_says_so(result, tmp_path):
    folder = cut(result.out, tmp_path / "run", 1000, "claims.json")
    found = Verification.read(load(folder))
    # the cells that raised are never kept: their claim is unfinished
    assert {row["id"] for row in found.rows if row["verdict"] == UNFINISHED} == {"zoo.raises"}
    assert found.missing == 1
    whole = verify(f"{ZOO}::zoo.rate", out=tmp_path / "whole")
    found = Verification.read(load(cut(whole.out, tmp_path / "cut", 1000, "claims.json")))
    assert found.missing == 1
    assert "Unfinished: the run did not come to its end" in render(found)


def test_a_directory_without_descriptions_is_shown_by_its_cells(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Verification.read(load(cut(result.out, tmp_path / "run", 3)))
    assert {row["verdict"] for row in found.rows} == {UNFINISHED}
    text = render(found)
    assert faults(text) == []
    assert "its claim file was not found" in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("result.json", "{", "is not the result of a verification"),
        ("result.json", '{"rows": 1}', "is not the result of a verification"),
        ("claims.json", "[]", "does not describe claims"),
        ("claims.json", '{"schema": 7, "claims": []}', "schema 7, this version reads 1"),
    ],
)
def test_broken_files_are_named(result, tmp_path, name, content, message):
    folder = cut(result.out, tmp_path / "run", 4, "claims.json", "result.json")
    (folder / name).write_text(content)
    with pytest.raises(RunDirectoryError, match=re.escape(message)):
        Verification.read(load(folder))


def test_an_empty_directory_has_nothing_to_report(result, tmp_path):
    with pytest.raises(RunDirectoryError, match="holds no finished cell yet"):
        Verification.read(load(cut(result.out, tmp_path / "run", 0, "claims.json")))


def test_a_broken_description_does_not_keep_a_run_from_going_on(tmp_path):
    verify(f"{ZOO}::zoo.rate", out=tmp_path / "run")
    (tmp_path / "run" / "claims.json").write_text("rubbish")
    verify(f"{ZOO}::zoo.rate", out=tmp_path / "run")
    assert list(Verification.read(load(tmp_path / "run")).claims) == ["zoo.rate"]


def test_descriptions_of_several_calls_are_kept(tmp_path):
    verify(f"{ZOO}::zoo.rate", out=tmp_path / "run")
    verify(f"{ZOO}::zoo.sdp", out=tmp_path / "run")
    kept = json.loads((tmp_path / "run" / "claims.json").read_text())["claims"]
    assert [entry["id"] for entry in kept] == ["zoo.rate", "zoo.sdp"]
    found = Verification.read(load(tmp_path / "run"))
    assert {row["id"]: row["verdict"] for row in found.rows} == {"zoo.rate": "HOLDS", "zoo.sdp": "HOLDS"}
    assert found.missing == 0
