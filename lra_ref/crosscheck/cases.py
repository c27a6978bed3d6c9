"""The runs of a comparison: a model, a sequence of gradients, a starting point; the standard ones, and runs of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.checks import block_offsets, names_in, vector, whole
from lra_ref.crosscheck.layouts import Layout, flat_layout, layout_named
from lra_ref.crosscheck.machine import Machine, Plan, needs_objective
from lra_ref.crosscheck.sequences import GAPS, PATTERNS, Fixed, Function, Gradients, make_sequence
from lra_ref.methods import Method, make_method
from lra_ref.parameters import shown
from lra_ref.typing import Array

#: steps of the runs on adversarial gradients and on the models with groups and with tensors to be left alone
SHORT = 60
#: models and sequences of groups with settings of their own
GROUPED = (("groups",), ("normal", "zeros", "scales"))


@dataclass(frozen=True)
class Case:
    """One run: a model, a sequence of gradients, and where x starts (None: drawn from the seed)."""

    layout: Layout
    sequence: Gradients
    x0: Array | None = None

    def __post_init__(self) -> None:
        dim = self.layout.dim
        if isinstance(self.sequence, Fixed) and self.sequence.gradients.shape[1] != dim:
            raise ValueError(f"the gradients must have shape (T, {dim}) on this layout, got {self.sequence.gradients.shape}")
        if self.x0 is not None and vector("x0", self.x0, dim, finite=True).ndim != 1:
            raise ValueError(f"x0 must have shape ({dim},), got {np.shape(self.x0)}")


def battery(method: Method, steps: int = 1000, seed: int = 0, layouts: Iterable[str] = (), sequences: Iterable[str] = ()) -> list[Case]:
    """The runs of a comparison: all of the standard ones, or every named model with every named sequence."""
    if not isinstance(method, Method):
        raise ValueError(f"method must be a Method, as from make_method(name), got {shown(method)}")
    steps = whole("steps", steps, 1)
    short = min(steps, SHORT)
    if needs_objective(method):
        pairs = [("vector", "noisy_quadratic", steps), ("model", "noisy_quadratic", steps), ("model", "quadratic", short)]
        pairs += [(name, "noisy_quadratic", short) for name in ("groups", "awkward")]
        plain = "noisy_quadratic"
    else:
        pairs = [("vector", "normal", steps), ("model", "normal", steps)]
        pairs += [("model", name, short) for name in PATTERNS if name != "normal"]
        pairs += [("groups", "normal", short), ("awkward", "normal", short)]
        pairs += [("model", GAPS, short)] if not method.rate.late else []
        plain = "normal"
    names, patterns = names_in("layouts", layouts), names_in("sequences", sequences)
    if names or patterns:
        pairs = [(name, pattern, steps) for name in names or ["model"] for pattern in patterns or [plain]]
    made = []
    for name, pattern, length in pairs:
        layout = layout_named(name)
        made.append(Case(layout, make_sequence(pattern, _ends(layout), length, seed)))
    return made


def standard(method: Method, steps: int, seed: int, grouped: bool) -> list[Case]:
    """The standard runs: :func:`battery`, on the model with groups alone where groups have settings of their own."""
    return battery(method, steps, seed, *(GROUPED if grouped else ()))


def listed(cases: Any) -> list[Case]:
    """Cases of the caller's as a list; ``ValueError`` for anything else, and for none."""
    if not isinstance(cases, Iterable) or isinstance(cases, np.ndarray):
        raise ValueError(f"cases must be a list of Case, got {shown(cases)}")
    found = list(cases)
    if not found:
        raise ValueError("cases must not be empty")
    if not all(isinstance(case, Case) for case in found):
        raise ValueError(f"cases must be a list of Case, got {shown(cases)}")
    return found


def _ends(layout: Layout) -> Any:
    """Ends of the tensors that have elements."""
    ends = layout.offsets
    return ends[[0, *(k + 1 for k, tensor in enumerate(layout.tensors) if tensor.size)]]


def own_case(sequence: Gradients, dim: int, offsets: Any = None, x0: Any = None) -> Case:
    """A sequence of your own on one-dimensional tensors with these ends (default: one tensor)."""
    return Case(flat_layout("own", block_offsets(offsets, whole("dim", dim, 1))), sequence, x0)


def recorded(method: str | Method, source: Function, layout: Layout, x0: Any, **parameters: Any) -> Fixed:
    """The gradients that the reference meets on a function from ``x0`` on, as a sequence without feedback."""
    made = method if isinstance(method, Method) else make_method(method, **parameters)
    machine, rows = Machine(Plan(made), layout, source, x0), []
    for t in range(len(source)):
        rows.append(source.evaluate(("step", t), machine.x)[1])
        if not machine.step():
            raise ValueError(f"no gradients to record: at step {t} the reference {machine.status.message}")
    return Fixed(f"{source.name}, recorded", np.array(rows))
