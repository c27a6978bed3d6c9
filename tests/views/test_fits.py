from __future__ import annotations

import numpy as np
import pytest

from lra_ref.verify.fits import loglog_slope
from lra_ref.views import slope_fits, table_of
from tests.views.drawn import legend, lines

T = np.array([10.0, 30.0, 100.0, 300.0, 1000.0])


def noisy(exponent: float) -> np.ndarray:
    return T**exponent * np.exp(0.2 * np.random.default_rng(0).standard_normal((12, T.size)))


def test_the_line_has_the_slope_of_the_fit() -> None:
    values = noisy(-0.5)
    figure = slope_fits({"gala": (T, values)}, claimed=-0.5)
    slope = loglog_slope(T, values, 1e-3)
    label = f"gala: slope {slope.value:.3f} [{slope.low:.3f}, {slope.high:.3f}]"
    assert legend(figure) == [label, "slope -0.5 claimed"]
    line = np.log(lines(figure)[label])
    assert np.allclose(np.diff(line[:, 1]) / np.diff(line[:, 0]), slope.value)
    assert np.allclose(line[:, 1], slope.intercept + slope.value * np.log(T))
    claimed = np.log(lines(figure)["slope -0.5 claimed"])
    assert np.allclose(np.diff(claimed[:, 1]) / np.diff(claimed[:, 0]), -0.5)


def test_an_exact_power_has_no_wedge() -> None:
    figure = slope_fits({"": (T, 3 * T**2)})
    assert legend(figure) == ["slope 2.000 [2.000, 2.000]"]
    rows = table_of(figure).rows
    assert rows[0][1:3] == (10.0, pytest.approx(300.0))
    assert rows[0][3] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "at least one set of points"),
        ({"a": (T[:2], T[:2])}, "at least 3 points"),
        ({"a": (T, T[:3])}, "at least 3 points"),
        ({"a": (T, -T)}, "must be positive"),
        ({"a": (T, np.where(T > 50, np.inf, T))}, "must be positive and finite"),
    ],
)
def test_what_is_refused(data: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slope_fits(data)
