"""Words per element: counted by hand, stated in the docstrings, and counted from the kernels must be the same."""

from __future__ import annotations

import importlib
import re

import numpy as np
import pytest

from experiments.bench.long_vector import methods
from lra_ref.bench.words import Counting, Streams, Words, words
from lra_ref.directions.sgd import SGD
from lra_ref.methods import Method, compose, make_method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.rates.constant import Constant

MADE = {method.name: method for method in methods()}
STATED = re.compile(
    r"Words per element of a step on a long vector, the fewest / those\s+moved \(``lra_ref.bench.words``\):\s+(.*?)\.(?:\s|$)", re.S
)
#: rates that the step on a vector alone refuses: nothing to state
REFUSED = {"armijo"}
REFUSED_WHOLES = {"autogd", "autosgd", "cma", "layerwise", "mlr_snet"}


def stated(module: str) -> dict[str, tuple[int, int]]:
    """Method -> (fewest, moved) as the docstring of a module says."""
    found = STATED.search(importlib.import_module(module).__doc__ or "")
    return {} if found is None else {name: (int(a), int(b)) for name, a, b in re.findall(r"``(\w+)``\s+(\d+)/(\d+)", found.group(1))}


@pytest.mark.parametrize(
    ("method", "passes"),
    [
        # g read, x updated
        (make_method("sgd"), (Streams(1, 1, 0),)),
        # g read; x, m and v updated
        (make_method("adam"), (Streams(1, 3, 0),)),
        # squares of g; then g read, x and path updated
        (make_method("clara_sgd"), (Streams(1, 0, 0), Streams(1, 2, 0))),
        # g read, m and v updated, d written; then d read, x and path updated
        (make_method("clara_adam"), (Streams(1, 2, 1), Streams(1, 2, 0))),
        # g, q, x and x_prev; then g read, x updated, x_prev written
        (make_method("gala_sgd_practical"), (Streams(4, 0, 0), Streams(1, 1, 1))),
        # with decay the direction is a copy, and x is read with it
        (make_method("clara_sgd", weight_decay=0.1, mu_ref=1.0, d=1.0), (Streams(2, 0, 1), Streams(1, 2, 0))),
        # centered and with momentum: a and b updated too
        (compose("rmsprop", centered=True, momentum=0.9), (Streams(1, 4, 0),)),
    ],
    ids=lambda v: v.name if isinstance(v, Method) else "",
)
def test_counted_by_hand(method: Method, passes: tuple[Streams, ...]) -> None:
    counted = words(method)
    assert counted.passes == passes
    assert counted.fewest == sum(p.read + 2 * p.updated + p.written for p in passes)


def test_what_is_moved_beyond_the_fewest() -> None:
    """The look at the gradient where no pass does it: 1. Copies of the answers at two points: 4. Decay of 0: x is not read."""
    assert words(make_method("sgd")) == Words(3, 4, (Streams(1, 1, 0),))
    clara, adam = words(make_method("clara_sgd")), words(make_method("clara_adam"))
    assert clara.moved == clara.fewest
    assert adam.moved - adam.fewest == 1
    practical, random = words(make_method("gala_sgd_practical")), words(make_method("gala_sgd"))
    assert practical.moved == practical.fewest
    # the first pass of gala_sgd has no other need of the gradient
    assert random.moved - random.fewest == 1 + 4


def test_a_kernel_that_reads_more_is_noticed() -> None:
    class Wasteful(Constant):
        vectors = ("unused", "copied")

        @staticmethod
        def move(seg, lo, hi, at, x, g, d, q, vec, coef, out):  # type: ignore[no-untyped-def]
            xs, ds, unused, copied = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
            for i in range(xs.size):
                xs[i] = xs[i] - coef[seg, 0] * ds[i] + 0 * unused[i]
                copied[i] = xs[i]

    counted = words(Method("wasteful", SGD(), Wasteful()))
    assert counted.passes == (Streams(1, 1, 1),)
    assert counted.moved == counted.fewest + 2


def test_counting_leaves_the_method_as_it_was() -> None:
    method = make_method("clara_adam")
    before = vars(method.rate).copy()
    assert words(method) == words(method)
    assert vars(method.rate) == before
    assert np.isfinite(Counting(method).x).all()


def test_refused_as_by_the_step_itself() -> None:
    with pytest.raises(ValueError, match="armijo_sgd needs more than gradients"):
        words(make_method("armijo_sgd"))


@pytest.mark.parametrize("name", [*DIRECTIONS, *(rate for rate in RATES if rate not in REFUSED)])
def test_every_part_states_its_words(name: str) -> None:
    part = DIRECTIONS[name] if name in DIRECTIONS else RATES[name]
    numbers = stated(part.__module__)
    mine = ["sgd", "adam"] if name == "constant" else [name] if name in DIRECTIONS else [f"{name}_sgd", f"{name}_adam"]
    for method in mine:
        counted = words(MADE[method])
        assert numbers.get(method) == (counted.fewest, counted.moved), method


@pytest.mark.parametrize("name", WHOLES)
def test_every_whole_method_states_its_words(name: str) -> None:
    module = WHOLES[name].__module__
    if name in REFUSED_WHOLES:
        with pytest.raises(ValueError, match="needs more than gradients at its points"):
            words(MADE[name])
        assert "refuses it" in (importlib.import_module(module).__doc__ or "")
        return
    counted = words(MADE[name])
    assert stated(module).get(name) == (counted.fewest, counted.moved)


def test_configurations_of_gala_state_theirs() -> None:
    numbers = stated("lra_ref.rates.gala")
    for name in ("gala_sgd_practical", "gala_nsgdm"):
        counted = words(MADE[name])
        assert numbers[name] == (counted.fewest, counted.moved)
