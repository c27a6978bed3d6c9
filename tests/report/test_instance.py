"""The figure of a worst instance."""

from __future__ import annotations

import pytest

from lra_ref.report.instance import draw
from lra_ref.verify.falsify import falsify
from tests.verify.falsify.toys import HUMP


def test_the_figure_names_the_parameters(tmp_path):
    pytest.importorskip("matplotlib")
    outcome = falsify(HUMP, role="control", budget=60)
    path = draw(outcome, tmp_path / "figure.svg", 1e-3)
    text = path.read_text(encoding="utf-8")
    assert "toy.bound, control" in text
    assert '"x":' in text.replace("&quot;", '"')
