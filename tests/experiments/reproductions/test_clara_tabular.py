"""CLARA on tabular data: one run by hand, committed rows, comparisons, and what the page says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.reproductions import clara_tabular as script
from experiments.reproductions import clara_tabular_tables as tables
from experiments.reproductions.frame import Row, computed, differences
from lra_ref.problems import make_problem
from lra_ref.problems.classification import split

pytest.importorskip("sklearn")
MADE = script.REPRODUCTION


def test_the_protocol_by_hand() -> None:
    """SGD on wine: 142 rows in batches of 128 and 14, softmax regression written out."""
    problem = make_problem("multinomial", data="wine", standardize=False, l2=0.0)
    train, held = split(problem.samples, 0.2, 3)
    features, labels = problem.data[:, :-1], problem.data[:, -1].astype(int)
    x0 = script.start(problem, 3)
    assert np.max(np.abs(x0)) <= 1 / math.sqrt(13)
    training = script.on_rows(problem, train)
    oracle = script.make_oracle("minibatch", training, batch=128, replacement="reshuffle_all")
    w, b = x0[:39].reshape(3, 13).copy(), x0[39:].copy()
    for t in range(200):
        order = oracle.sample(3, 0, t)[: 128 if t % 2 == 0 else 14].astype(int)
        a, y = features[train][order], labels[train][order]
        s = a @ w.T + b
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        w, b = w - 1e-6 * p.T @ a / len(y), b - 1e-6 * p.sum(axis=0) / len(y)
    ends, factors = script.ends(training, [script.make_method("sgd", lr=1e-6)], 3, x0)
    # not chaotic at this rate: 200 steps round x, which is below 1, and a sum of 128 products of numbers below 2000
    atol = 200 * (1 + 128 * 2000 * 1e-6) * np.finfo(float).eps
    np.testing.assert_allclose(ends[0], np.concatenate([w.ravel(), b]), rtol=0, atol=atol)
    assert factors.tolist() == [1.0]
    right = np.mean(np.argmax(features[held] @ w.T + b, axis=1) == labels[held])
    assert script.trained("wine", "sgd", 3)["at_1e-06"] == f"{right:.6f}"


@pytest.mark.parametrize("algorithm", ["sgd_clara_unit", "adam_clara_plain", "dadapt_adam"])
def test_rows_are_computed_again_and_a_change_is_seen(algorithm: str) -> None:
    rows = list(computed(MADE, [("iris", algorithm, range(2))]))
    committed = [row for row in MADE.stored() if (row["data"], row["algorithm"]) == ("iris", algorithm) and int(row["seed"]) < 2]
    judged = replace(MADE, judge=lambda rows: [])
    assert differences(judged, rows, committed) == ([], [])
    other = [{**rows[0], "at_0.01": "0.123456"}, rows[1]]
    assert len(differences(judged, other, committed)[0]) == 1
    other = [{**rows[0], "factor_high": str(tables.number(rows[0]["factor_high"]) * 1.001)}, rows[1]]
    assert len(differences(judged, other, committed)[0]) == 1


def test_every_row_is_committed() -> None:
    rows = MADE.stored()
    assert len(rows) == len(script.SETS) * len(script.ALGORITHMS) * len(script.SEEDS)
    assert set(tables.SHOWN) == set(script.ALGORITHMS) == {*tables.SGD_FAMILY, *tables.ADAM_FAMILY}
    for data, (dim, steps) in tables.SIZES.items():
        problem = make_problem("multinomial", data=data, standardize=False, l2=0.0)
        train, _ = split(problem.samples, script.SHARE, 0)
        assert (problem.dim, script.EPOCHS * math.ceil(train.size / script.BATCH)) == (dim, steps)


@pytest.mark.parametrize(
    ("here", "committed", "agree"),
    [
        ("0.5", "0.5", True), ("0.5", "0.500001", True), ("0.5", "0.51", False),
        ("0.1~", "0.9~", True), ("0.1~", "0.9", False), ("0.5~", "0.5", True),
    ],
)  # fmt: skip
def test_entries_of_chaotic_runs(here: str, committed: str, agree: bool) -> None:
    assert script.same(here, committed) is agree


def made_up(values: dict[str, Any]) -> list[Row]:
    """Rows of one data set: algorithm -> accuracies (seeds, rates)."""
    return [
        {"data": "iris", "algorithm": name, "seed": str(seed), "factor_low": "1", "factor_high": "1"}
        | {tables.accuracy_column(rate): f"{value:.6f}" for rate, value in zip(tables.RATES, line, strict=True)}
        for name, table in values.items()
        for seed, line in enumerate(table)
    ]


def drawn(gain: float, noise: float = 0.01, seed: int = 0) -> Any:
    return 0.5 + gain + noise * np.random.default_rng(seed).normal(size=(10, 7))


def test_comparisons_are_paired_and_adjusted() -> None:
    rows = made_up({"sgd": drawn(0, seed=1), "sgd_clara_unit": drawn(0.1, seed=2), "sgd_clara_plain": drawn(0, seed=3)})
    pairs = {"sgd_clara_unit": "sgd", "sgd_clara_plain": "sgd"}
    unit, plain = tables.compared(rows, pairs)
    means = {name: tables.accuracies(rows, "iris", name).mean(axis=1) for name in ("sgd", *pairs)}
    p = [float(stats.ttest_rel(means[name], means["sgd"]).pvalue) for name in pairs]
    assert (unit.p, plain.p) == pytest.approx((2 * p[0], p[1]), rel=1e-6)
    assert (unit.outcome, plain.outcome) == ("better", "open")
    (worse,) = tables.compared(rows, {"sgd": "sgd_clara_unit"})
    assert worse.outcome == "worse"
    assert tables.compared(rows, {"sgd": "sgd"})[0].p == 1.0


@pytest.mark.parametrize(
    ("sgd", "adam", "agree"),
    [((0.1, 0.1), (0, 0), ("yes", "no")), ((0.1, 0), (0.1, 0), ("partly", "yes")), ((0, -0.1), (0.1, -0.1), ("no", "yes"))],
)
def test_conclusions_follow_from_the_rows(sgd: Any, adam: Any, agree: Any) -> None:
    gains = {
        "sgd": 0,
        "adam": 0,
        "sgd_clara_unit": sgd[0],
        "sgd_clara_plain": sgd[1],
        "adam_clara_unit": adam[0],
        "adam_clara_plain": adam[1],
    }
    rows = made_up({name: drawn(gain, seed=k) for k, (name, gain) in enumerate(gains.items())})
    assert tuple(entry.agrees for entry in tables.judge(rows)) == agree


def test_the_rate_never_grows_beyond_its_bound() -> None:
    printed = {"iris": 1.05, "wine": 1.10, "breast_cancer": 1.20, "digits": 1.75}
    for row in MADE.stored():
        if row["algorithm"] in tables.STATIC:
            # the printed factor has six digits
            assert tables.number(row["factor_high"]) <= tables.largest_growth(row["data"], row["algorithm"]) * (1 + 1e-5)
    for data, value in printed.items():
        assert round(tables.largest_growth(data, "adam_clara_unit"), 2) == value


def test_what_the_page_says_is_what_was_measured() -> None:
    rows = MADE.stored()
    found = {(entry.data, entry.first): entry for entry in tables.compared(rows, tables.STATIC)}
    better = {key for key, entry in found.items() if entry.outcome == "better"}
    assert better == {
        ("breast_cancer", "sgd_clara_plain"),
        ("digits", "sgd_clara_unit"),
        ("digits", "sgd_clara_plain"),
        ("digits", "adam_clara_plain"),
    }
    worse = {key for key, entry in found.items() if entry.outcome == "worse"}
    assert worse == {("wine", "sgd_clara_unit"), *((data, "adam_clara_unit") for data in ("iris", "wine", "digits"))}
    assert all(abs(entry.difference) < 0.01 for (_, name), entry in found.items() if name == "adam_clara_plain")
    alone = {(entry.data, entry.first): entry for entry in tables.compared(rows, tables.ALONE)}
    assert {data for (data, name), entry in alone.items() if name == "adam_clara_unit" and entry.outcome != "open"} == {"digits"}
    for data in script.SETS:
        assert np.mean(tables.accuracies(rows, data, "dadapt_adam"), axis=0).min() > 0.89
    growth = [tables.number(row["factor_high"]) for row in rows if row["algorithm"] == "dadapt_adam"]
    assert 1e4 <= min(growth) <= max(growth) < 1e6


def test_figures() -> None:
    pytest.importorskip("matplotlib")
    found = MADE.figures([row for row in MADE.stored() if row["data"] == "iris"])
    assert list(found) == ["clara_tabular_iris_sgd.svg", "clara_tabular_iris_adam.svg"]


def test_tables_hold_every_algorithm() -> None:
    text = MADE.tables(MADE.stored())
    assert all(text.count(f"| {name} | ") >= 8 for name in tables.SHOWN.values())
