"""Nothing registered is left out, and every variant makes a difference."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.methods import METHODS
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.vectors.catalogue import VARIANTS, configurations, covered
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import SCENARIOS


def test_everything_registered_is_covered() -> None:
    made = [configuration.make() for configuration in configurations()]
    assert {m.direction.name for m in made if m.rate.name == "constant"} == set(DIRECTIONS)
    assert {m.rate.name for m in made} == set(RATES) | set(WHOLES)
    composed = {f"{rate}_{direction}" for rate in RATES if rate != "constant" for direction in ("sgd", "adam")}
    assert composed | set(METHODS) | set(WHOLES) <= {configuration.method for configuration in configurations()}
    names = [configuration.name for configuration in configurations()]
    assert len(names) == len(set(names))
    assert all(f"{name}.default" in names for name in covered())


def test_other_names_and_repeated_ones() -> None:
    assert [c.name for c in configurations(["cosine_adamw", "cosine_adamw"])] == ["cosine_adamw.default"]
    with pytest.raises(ValueError, match="unknown method 'adamm'; did you mean adam"):
        configurations(["adamm"])


@pytest.mark.parametrize("method", VARIANTS)
def test_every_variant_moves_x_otherwise_than_the_defaults(method: str) -> None:
    first, *others = configurations([method])
    for other in others:
        pairs = [(record(first, SCENARIOS[s]).quantities["x"], record(other, SCENARIOS[s]).quantities["x"]) for s in SCENARIOS]
        assert any(a.shape != b.shape or not np.array_equal(a, b) for a, b in pairs), other.name
