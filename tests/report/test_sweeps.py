"""The page of a sweep."""

from __future__ import annotations

import argparse
import copy
import csv
import dataclasses
import io
import shlex

import numpy as np
import pytest

from lra_ref.commands import sweep as command_line
from lra_ref.commands.output import literal
from lra_ref.report.elements import Plots
from lra_ref.report.sweeps import _costs, _option, command, render
from lra_ref.sweep import load, sweep
from tests.report.pages import Page, faults
from tests.report.test_elements import content
from tests.views.drawn import legend, lines


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep") / "run"
    return sweep("sgd,gala_sgd,polyak_sgd", "rosenbrock,quadratic", lr="1e-4:10:4", steps=40, seeds=3, out=out)


@pytest.fixture(scope="module")
def text(result):
    return render(result)


def saved(text: str, name: str) -> list[list[str]]:
    (link,) = Page(text).all("a", download=name)
    return list(csv.reader(io.StringIO(content(link))))


def test_the_page_is_valid_and_complete(result, text):
    assert faults(text) == []
    parsed = Page(text)
    assert "Sweep of sgd, gala_sgd, polyak_sgd on rosenbrock, quadratic" in parsed.words
    assert "4 initial rates · 40 steps · 3 seeds" in parsed.words
    # four plots of each problem, two profiles
    assert len(parsed.all("figure")) == 10
    for needed in ("18 cells, 0 raised", "numpy", "nonfinite gradient", "dimension 2 · oracle exact · F* = 0"):
        assert needed in parsed.words
    assert len(parsed.all("table", **{"class": "sortable"})) == 3


def test_the_directory_gives_the_page_of_its_result(result, text):
    assert render(load(result.out)) == text


def test_the_summary_is_that_of_the_sweep(result, text):
    header, *rows = saved(text, "summary.csv")
    assert header[:4] == ["problem", "method", "best rate", "loss"]
    assert len(rows) == len(result.rows)
    for shown, row in zip(rows, result.rows, strict=True):
        assert shown[:2] == [row["problem"], row["method"]]
        assert shown[2] == ("-" if row["best_lr"] is None else repr(row["best_lr"]))
        assert float(shown[3]) == row["loss"]["median"]
    outcomes = {(row[0], row[1]): row[-1] for row in rows}
    assert outcomes["rosenbrock", "sgd"] == "some failed"
    assert outcomes["quadratic", "sgd"] == "all ran"


def test_the_plot_of_robustness_holds_the_final_losses(result, text):
    header, *rows = saved(text, "rosenbrock--robustness.csv")
    assert header == ["method", "rate", "seed", "value"]
    expected = [
        [record["method"], "" if record["lr"] is None else repr(record["lr"]), str(seed), "" if loss is None else repr(loss)]
        for record in result.records if record["problem"] == "rosenbrock" for seed, loss in enumerate(record["final"]["loss"])
    ]  # fmt: skip
    assert sorted(rows) == sorted(expected)


def test_the_curves_are_those_at_the_best_rate(result, text):
    _, *rows = saved(text, "quadratic--loss.csv")
    best = next(row for row in result.rows if (row["problem"], row["method"]) == ("quadratic", "sgd"))
    record = next(r for r in result.records if (r["problem"], r["method"], r["lr"]) == ("quadratic", "sgd", best["best_lr"]))
    own = [float(row[3]) for row in rows if row[0] == f"sgd, {best['best_lr']:g}"]
    assert own == [value - record["f_star"] for value in record["curve"]["loss"]["median"]]


def test_losses_are_shown_above_the_lowest_value_where_it_is_known(result):
    own = [record for record in result.records if record["problem"] == "quadratic"]
    raised, unknown = ([record | {"f_star": floor} for record in own] for floor in (-2.0, None))
    before = render(dataclasses.replace(result, records=own))
    for records, above, name in ((raised, 2.0, "loss − F*"), (unknown, 0.0, "final loss")):
        text = render(dataclasses.replace(result, records=records))
        assert name in Page(text).words
        plain, shifted = (saved(page, "quadratic--loss.csv")[1:] for page in (before, text))
        for one, other in zip(plain, shifted, strict=True):
            assert [float(x) for x in other[2:]] == [float(x) + above for x in one[2:]]
        plain, shifted = (saved(page, "quadratic--robustness.csv")[1:] for page in (before, text))
        assert [float(row[3]) for row in shifted] == [float(row[3]) + above for row in plain]
        assert saved(text, "quadratic--norm.csv") == saved(before, "quadratic--norm.csv")


def test_values_of_options_are_read_back():
    for value in (True, False, None, 3, 1e-7, 0.1, "name", [1, 2.5], [4]):
        assert literal(_option(value)) == value


def test_the_command_makes_the_same_sweep(result):
    words = shlex.split(command(result))
    assert words[:2] == ["lra-ref", "sweep"]
    parser = argparse.ArgumentParser()
    command_line.add_arguments(parser)
    assert command_line.make_grid(parser.parse_args(words[2:])).as_dict() == result.grid


def test_the_command_knows_the_settings():
    found = sweep(
        "adam", "quadratic", lr=[0.1], steps=3, seeds=2, seed=7, oracle="gaussian", set={"eps": 1e-6}, problem_set={"dim": 3},
        oracle_set={"sigma": 0.5},
    )  # fmt: skip
    words = shlex.split(command(found))
    parser = argparse.ArgumentParser()
    command_line.add_arguments(parser)
    assert command_line.make_grid(parser.parse_args(words[2:])).as_dict() == found.grid


def test_cells_that_raised_are_named(result):
    records = copy.deepcopy(result.records)
    records[1] |= {
        "error": "ValueError: lr must be below <1>",
        "curve": None,
        "final": None,
        "status": ["failed"] * len(records[1]["seeds"]),
    }
    text = render(dataclasses.replace(result, records=records))
    assert faults(text) == []
    parsed = Page(text)
    assert "18 cells, 1 raised" in parsed.words
    assert "lr must be below <1>" in parsed.words
    assert [row[2] for row in saved(text, "cells-rosenbrock.csv")[1:]].count("raised") == 1


def test_a_cell_that_raised_is_named_as_in_the_plots(result):
    records = copy.deepcopy(result.records[:1])
    raised = {"error": "no", "curve": None, "final": None, "status": ["failed"]}
    for method, lr, name in (("dog_sgd", None, "dog_sgd: no"), ("sgd", 2.0, "sgd, 2: no")):
        records[0] |= raised | {"method": method, "lr": lr}
        assert f"<code>{name}</code>" in render(dataclasses.replace(result, records=records))


def test_all_cells_of_a_problem_may_have_raised(result):
    broken = {"error": "ValueError: no", "curve": None, "final": None}
    records = [record | broken | {"status": ["failed"] * len(record["seeds"])} for record in copy.deepcopy(result.records)]
    text = render(dataclasses.replace(result, records=records))
    assert faults(text) == []
    assert "No method made progress on any problem." in text


def test_the_plot_of_robustness_has_the_median_of_the_table(result):
    # half of the seeds fail: the median is still that of a seed, and the line is not broken
    records = [copy.deepcopy(record) for record in result.records if (record["problem"], record["method"]) == ("quadratic", "gala_sgd")]
    for record in records:
        record |= {"seeds": [0, 1, 2, 3], "final": record["final"] | {"loss": [4.0, 2.0, None, None]}}
        record["curve"]["loss"] = {side: [8.0] * 40 + [4.0] for side in ("low", "median", "high")}
    drawn = Plots()
    render(dataclasses.replace(result, records=records), drawn)
    (figure, _) = drawn.drawn["quadratic--robustness"]
    assert lines(figure)["gala_sgd"][:, 1].tolist() == [4.0] * len(records)
    assert "more than half failed" in legend(figure)


def test_without_initial_rates_there_is_no_plot_against_them():
    drawn = Plots()
    text = render(sweep("dog_sgd,hdm", "quadratic", steps=20), drawn)
    assert faults(text) == []
    assert list(drawn.drawn) == ["quadratic--loss", "quadratic--norm", "quadratic--rate"]
    assert "0 initial rates · 20 steps · 1 seed ·" in Page(text).words


def test_settings_are_words_and_not_python(result, text):
    shown = Page(text).words
    assert "minibatches of 32 rows where the problem is a finite sum, exact elsewhere" in shown
    assert "None" not in shown
    assert "{}" not in shown
    given = dataclasses.replace(result, grid=result.grid | {"set": {"adam.eps": 1e-6, "betas": [0.5, 1.0]}})
    assert "adam.eps = 1e-06, betas = 0.5, 1" in Page(render(given)).words


def test_a_cell_that_did_all_steps_does_not_end_as_running(text):
    ended = {word for row in saved(text, "cells-quadratic.csv")[1:] for word in row[-1].split(", ")}
    assert "all steps 1" in ended
    assert not any("running" in word for word in ended)


def test_the_dimension_is_that_of_a_cell_that_ran(result):
    records = copy.deepcopy([record for record in result.records if record["problem"] == "quadratic"])
    records[0] |= {
        "error": "lr is too large",
        "curve": None,
        "final": None,
        "status": ["failed"],
        "seeds": [0],
        "dim": None,
        "f_star": None,
    }
    assert "dimension 10 · oracle" in Page(render(dataclasses.replace(result, records=records))).words
    for record in records:
        record |= records[0] | {"method": record["method"], "lr": record["lr"]}
    assert "dimension" not in Page(render(dataclasses.replace(result, records=records))).words


def test_profiles_say_how_far_the_loss_has_come(text):
    shown = Page(text).words
    assert "the median loss has come 0.9 of the way from the start to the lowest" in shown
    assert "the median loss has come 0.999 of the way from the start to the lowest" in shown


def test_an_unfinished_sweep_says_so(result):
    text = render(dataclasses.replace(result, records=result.records[:5], missing=13))
    assert faults(text) == []
    assert "Unfinished: 5 of 18 cells are finished." in Page(text).words
    assert not Page(text).all("section", id="profiles")


def test_costs_of_the_profile_are_the_first_evaluations_low_enough(result):
    own = {name: [record for record in result.records if record["problem"] == name] for name in ("rosenbrock", "quadratic")}
    costs = _costs(own, 0.1)
    assert set(costs) == {"sgd", "gala_sgd", "polyak_sgd"}
    curves = {}
    for record in own["quadratic"]:
        last = record["curve"]["loss"]["median"][-1]
        if last is not None and last < curves.get(record["method"], ([np.inf], None))[0][-1]:
            curves[record["method"]] = record["curve"]["loss"]["median"], record["curve"]["gradient_evaluations"]
    low = min(min(losses) for losses, _ in curves.values())
    for method, (losses, spent) in curves.items():
        wanted = next((at for loss, at in zip(losses, spent, strict=True) if loss <= low + 0.1 * (losses[0] - low)), np.inf)
        assert costs[method][1] == wanted
