from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref import make_method, make_oracle, make_problem, run
from lra_ref.engine.run import Run
from lra_ref.views.runs import plot_run, run_figure
from lra_ref.views.style import table_of


def noisy(**changes: Any) -> Run:
    settings = {"steps": 60, "trajectories": 9, "seed": 1, **changes}
    return run(make_method("gala_sgd", eta_0=0.01), make_oracle("gaussian", make_problem("sphere", dim=3), sigma=0.5), **settings)


def exploding() -> Run:
    method, problem = make_method("sgd", lr=0.25), make_problem("quartic")
    return run(method, make_oracle("gaussian", problem, sigma=2.0), steps=100, trajectories=8)


def curves(found: Run) -> list[dict[str, Any]]:
    """What the three panels show: the lines by label, and the band."""
    return [
        {"axes": axes, **{str(line.get_label()): line.get_xydata() for line in axes.lines}, "bands": len(axes.collections)}
        for axes in run_figure(found).axes
    ]


def test_median_and_quantiles_against_gradient_evaluations() -> None:
    found = noisy()
    panels = curves(found)
    # F* = 0 is known exactly, so the first panel shows the loss itself as a gap
    for panel, name in zip(panels, ("loss", "gradient_norm", "rate"), strict=True):
        assert np.array_equal(panel["median"][:, 0], found.records["gradient_evaluations"][0])
        assert np.array_equal(panel["median"][:, 1], np.median(found.records[name], axis=0))
        assert panel["bands"] == 1
    # the band: every edge is an 80% quantile
    (band,) = panels[2]["axes"].collections
    heights = band.get_paths()[0].vertices[:, 1]
    low, high = np.quantile(found.records["rate"], [0.1, 0.9], axis=0)
    assert np.isin(low, heights).all()
    assert np.isin(high, heights).all()
    assert panels[0]["axes"].get_ylabel() == "loss − F*"
    assert panels[2]["axes"].get_xlabel() == "gradient evaluations"


def test_one_trajectory_has_no_band_and_no_legend() -> None:
    for panel in curves(noisy(trajectories=1)):
        assert panel["bands"] == 0
        assert panel["axes"].get_legend() is None


def test_a_bound_of_f_star_is_not_subtracted() -> None:
    problem = make_problem("factorization", n=6, dim=5)
    assert problem.f_star is not None
    assert problem.f_star.value > 0
    found = run(make_method("sgd", lr=0.001), make_oracle("minibatch", problem, batch=4), steps=10, trajectories=2)
    panels = curves(found)
    assert panels[0]["axes"].get_ylabel() == "loss F(x)"
    assert np.array_equal(panels[0]["median"][:, 1], np.median(found.records["loss"], axis=0))
    assert panels[2]["axes"].get_xlabel() == "gradient evaluations, each a minibatch of 4"


def test_stopped_trajectories_leave_a_cross_and_the_median_in_sight() -> None:
    found = exploding()
    stopped = np.isnan(found.records["rate"]).any(axis=1)
    assert 0 < stopped.sum() < 8
    assert np.nanmax(found.records["loss"]) > 1e100
    panels = curves(found)
    assert len(panels[2]["stopped"]) == stopped.sum()
    bottom, top = panels[0]["axes"].get_ylim()
    median = panels[0]["median"][:, 1]
    assert np.all((bottom < median) & (median < top))
    # a few trajectories that explode do not squeeze the rest into a line
    assert top < 1e8 * np.max(median)


def test_all_stopped_at_once_is_drawn() -> None:
    found = run(make_method("sgd", lr=1e200), make_problem("quartic"), steps=5)
    assert found.records["status"][0, -1] != 0
    assert len(curves(found)) == 3


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_files_are_whole_and_reproducible(tmp_path: Path, suffix: str) -> None:
    found = noisy(steps=5)
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    plot_run(found, one)
    plot_run(found, other)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([one.name, other.name])
    if suffix == "svg":
        assert ElementTree.parse(one).getroot().tag.endswith("svg")


def test_the_table_has_every_record_up_to_where_its_trajectory_stopped() -> None:
    found = exploding()
    table = table_of(run_figure(found))
    assert table.header == ("seed", "gradient evaluations", "loss", "gradient norm", "rate")
    alive = np.isfinite(found.records["gradient_evaluations"])
    assert len(table.rows) == alive.sum() < alive.size
    assert table.rows[5][2] == found.records["loss"][0, 5]
