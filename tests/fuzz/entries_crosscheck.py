"""Entries: comparing ports, sequences of gradients, checking gradients, templates."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref import crosscheck
from lra_ref.crosscheck.gradients import check_function, check_problem
from lra_ref.new import new
from tests.fuzz.entries_engine import method, noisy, problem
from tests.fuzz.hostile import D
from tests.fuzz.law import Entry


def compared(**given: Any) -> Any:
    """A comparison of a port in a few lines with SGD."""
    return crosscheck.compare(plain, "sgd", **{"parameters": {"lr": 0.1}, "steps": 3, "diagnose": False, **given})


def plain(tensors: Any, gradients: Any, state: Any, lr: float = 0.1) -> Any:
    """SGD, a port in one line."""
    return [x if g is None else x - lr * g for x, g in zip(tensors, gradients, strict=True)], state


def bowl(x: Any) -> Any:
    """|x|^2 and its gradient."""
    with np.errstate(all="ignore"):
        return float(x @ x), 2 * x


ENTRIES = [
    Entry(
        "lra_ref.crosscheck.compare",
        compared,
        dict,
        {
            "steps": "count",
            "seed": "scalar",
            "ulps": "scalar",
            "precision": "name",
            "framework": "name",
            "missing": "name",
            "parameters": "mapping",
            "port_parameters": "mapping",
            "names": "mapping",
            "state": "mapping",
            "cases": "listed",
            "groups": "listed",
            "deviations": "listed",
        },
        {
            "missing": ("missing",),
            "port_parameters": ("port_parameters", "parameter", "argument"),
            "parameters": ("parameters", "parameter"),
            "names": ("names", "parameter"),
            "state": ("state", "quantity", "reading"),
            "deviations": ("deviations", "deviation"),
        },
    ),
    Entry("lra_ref.crosscheck.fixed", crosscheck.fixed, lambda: {"gradients": np.ones((2, D))}, {"gradients": "array"}),
    Entry(
        "lra_ref.crosscheck.make_sequence",
        crosscheck.make_sequence,
        lambda: {"name": "normal", "offsets": np.array([0, D]), "steps": 3},
        {"name": "name", "offsets": "offsets", "steps": "count", "seed": "scalar"},
        {"name": ("sequence",)},
    ),
    Entry(
        "lra_ref.crosscheck.of_oracle",
        lambda **given: crosscheck.of_oracle(**given).evaluate(("step", 0), np.ones(D)),
        lambda: {"oracle": noisy(), "steps": 3},
        {"oracle": "scalar", "steps": "scalar", "seed": "scalar"},
        {"oracle": ("oracle",)},
    ),
    Entry(
        "lra_ref.crosscheck.battery",
        lambda **given: crosscheck.battery(**{"method": method(), "steps": 3, **given}),
        dict,
        {"method": "scalar", "steps": "count", "seed": "scalar", "layouts": "listed", "sequences": "listed"},
        {"layouts": ("layouts", "model"), "sequences": ("sequences", "sequence")},
    ),
    Entry(
        "lra_ref.crosscheck.own_case",
        lambda **given: crosscheck.own_case(crosscheck.fixed(np.ones((2, D))), **{"dim": D, **given}),
        dict,
        {"offsets": "offsets", "x0": "array"},
        {"offsets": ("offsets", "gradients")},
    ),
    Entry("lra_ref.crosscheck.Reading", crosscheck.Reading.parse, lambda: {"text": "a.b"}, {"text": "name"}, {"text": ("reading",)}),
    Entry(
        "lra_ref.new.new",
        lambda **given: new(**{"kind": "claim", "name": "not a name", **given}) if given else None,
        dict,
        {"name": "name", "kind": "name"},
        {"name": ("name",), "kind": ("kind",)},
    ),
    Entry(
        "lra_ref.crosscheck.gradients.check_problem",
        lambda **given: check_problem(**given),
        lambda: {"problem": problem(), "points": 2},
        {"problem": "scalar", "points": "count", "seed": "scalar"},
    ),
    Entry(
        "lra_ref.crosscheck.gradients.check_function",
        lambda **given: check_function(**{"function": bowl, "dim": D, "points": 2, **given}),
        dict,
        {"function": "function", "dim": "count", "points": "count", "seed": "scalar", "scale": "scalar"},
        {"function": ("function", "answer", "gradient", "value")},
    ),
]
