"""Entries: methods, runs, steppers, files of runs, SciPy's face."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import lra_ref
from lra_ref.methods import Method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.status import Status
from tests.fuzz.hostile import D
from tests.fuzz.law import Entry

FOLDER = tempfile.TemporaryDirectory(prefix="lra_ref_fuzz_runs_")
KEYS = {"steps": "scalar", "seed": "scalar", "first": "scalar", "offsets": "offsets", "x0": "array"}


@lru_cache(maxsize=1)
def problem() -> Any:
    """A quadratic of D variables."""
    return lra_ref.make_problem("ellipsoid", dim=D, condition=10.0)


@lru_cache(maxsize=1)
def noisy() -> Any:
    """The same with noise."""
    return lra_ref.make_oracle("gaussian", problem(), sigma=0.1)


@lru_cache(maxsize=8)
def method(name: str = "adam") -> Method:
    """A method by name."""
    return lra_ref.make_method(name)


@lru_cache(maxsize=1)
def finished() -> Any:
    """A short run."""
    return lra_ref.run(method(), noisy(), steps=3, trajectories=2)


@lru_cache(maxsize=1)
def saved() -> Path:
    """The file of a short run."""
    path = Path(FOLDER.name) / "run.npz"
    lra_ref.save(finished(), path)
    return path


def ended(answer: Any) -> None:
    """A run: its points are finite, every trajectory has a status by name."""
    assert np.all(np.isfinite(answer.x))
    status = answer.status if isinstance(answer.status, list) else [Status(int(code)) for code in answer.status]
    assert all(isinstance(one, Status) for one in status)


def is_method(answer: Any) -> None:
    """A method whose numbers are numbers."""
    assert isinstance(answer, Method)
    bound = answer.bound(np.array([0, D]))
    for part in (bound.direction, bound.rate):
        assert not any(np.isnan(value) for value in part.hyper())


def parts() -> list[Entry]:
    """Every parameter of every direction, rate and whole method, through ``make_method``."""
    made = []
    for registry, name_of in ((DIRECTIONS, "{}"), (RATES, "{}_sgd"), (WHOLES, "{}")):
        for part in registry:
            shown = dict(getattr(registry[part], "shown", {}))
            name = "sgd" if part == "constant" else name_of.format(part)
            fields = list(registry[part].Parameters.__dataclass_fields__)
            call = _maker(name)
            made.append(
                Entry(
                    f"lra_ref.make_method:{name}", call, lambda shown=shown: dict(shown), dict.fromkeys(fields, "scalar"), check=is_method
                )
            )
    return made


def _maker(name: str) -> Callable[..., Any]:
    return lambda **parameters: lra_ref.make_method(name, **parameters)


def stepped(
    x0: Any = None, offsets: Any = None, seed: Any = 0, trajectory: Any = 0, gradient: Any = None, loss: Any = 1.0, name: str = "adam"
) -> Any:
    """Two steps of the ask/tell optimizer."""
    optimizer = lra_ref.Optimizer(method(name), np.ones(D) if x0 is None else x0, offsets, seed=seed, trajectory=trajectory)
    for _ in range(2):
        if optimizer.status == Status.RUNNING:
            optimizer.tell([(loss, np.full(optimizer.x.size, 0.5) if gradient is None else gradient) for _ in optimizer.ask()])
    return optimizer


def alone(optimizer: Any) -> None:
    """One trajectory: finite, with a status by name."""
    assert np.all(np.isfinite(optimizer.x))
    assert isinstance(optimizer.status, Status)


def in_place(
    x: Any = None, offsets: Any = None, threads: Any = 1, seed: Any = 0, trajectory: Any = 0, gradient: Any = None, loss: Any = 1.0
) -> Any:
    """Two steps on a vector that is overwritten."""
    x = np.ones(D) if x is None else x
    step = lra_ref.InPlace(method(), x, offsets, threads=threads, seed=seed, trajectory=trajectory)
    for _ in range(2):
        step(np.full_like(step.x, 0.5) if gradient is None else gradient, loss)
    return step


def answered(q: Any = None, loss: Any = 1.0, answers: Any = None) -> Any:
    """Two steps on a vector of a rate that wants gradients elsewhere."""
    step = lra_ref.InPlace(method("gala_sgd"), np.ones(D))
    step(np.full(D, 0.5), 1.0)
    step(np.full(D, 0.5), 1.0, [(loss, q) for _ in step.wanted()] if answers is None else answers)
    return step


def stepper(method: Any, offsets: Any) -> Any:
    """A stepper and its first state."""
    made = lra_ref.Stepper(method, offsets)
    return made.init(np.ones(D))


def minimized(**options: Any) -> Any:
    """The callable that SciPy's ``minimize`` is given; SciPy's own code has its own errors."""
    given = {"fun": square, "x0": np.ones(D), "jac": slope, "maxiter": 3, **options}
    return lra_ref.scipy_method("sgd", lr=0.1)(given.pop("fun"), given.pop("x0"), **given)


def square(x: Any) -> float:
    """|x|^2."""
    with np.errstate(all="ignore"):
        return float(x @ x)


def slope(x: Any) -> Any:
    """2 x."""
    with np.errstate(all="ignore"):
        return 2 * x


def state_of(**changed: Any) -> Any:
    """An optimizer that takes over a state with some entries changed."""
    optimizer = stepped()
    state = {**optimizer.state_dict(), **changed}
    optimizer.load_state_dict(state)
    return optimizer


STATE = {name: "array" if isinstance(value, np.ndarray) else "scalar" for name, value in stepped().state_dict().items()}
CLASSES = {"method": ("method",), "oracle": ("problem or an oracle", "oracle")}

SAVED = {"path": ("path", "No such file", "Is a directory", "File name too long", "Invalid argument", "could not write the checkpoint")}

ENTRIES = [
    Entry("lra_ref.make_method", lra_ref.make_method, lambda: {"name": "adam"}, {"name": "name"}, {"name": ("method",)}, is_method),
    *parts(),
    Entry(
        "lra_ref.compose",
        lra_ref.compose,
        lambda: {"direction": "adam", "rate": "constant"},
        {"direction": "name", "rate": "name"},
        check=is_method,
    ),
    Entry(
        "lra_ref.run",
        lra_ref.run,
        lambda: {"method": method(), "oracle": noisy(), "steps": 3, "trajectories": 2},
        {**KEYS, "method": "scalar", "oracle": "scalar", "trajectories": "scalar", "every": "scalar", "threads": "scalar"},
        {**CLASSES, "first": ("first", "trajectory"), "steps": ("steps", "step")},
        ended,
    ),
    Entry(
        "lra_ref.reference_run",
        lra_ref.reference_run,
        lambda: {"method": method(), "oracle": noisy(), "steps": 3, "trajectories": 2},
        {**KEYS, "method": "scalar", "oracle": "scalar", "trajectories": "scalar", "observe": "scalar"},
        {**CLASSES, "first": ("first", "trajectory"), "steps": ("steps", "step"), "observe": ("observe", "argument")},
        ended,
    ),
    Entry(
        "lra_ref.Run.resume",
        lambda **given: finished().resume(**given),
        lambda: {"steps": 2},
        {"steps": "scalar", "threads": "scalar"},
        check=ended,
    ),
    Entry(
        "lra_ref.Optimizer",
        lra_ref.Optimizer,
        lambda: {"method": method(), "x0": np.ones(D)},
        {"method": "scalar", "x0": "array", "offsets": "offsets", "seed": "scalar", "trajectory": "scalar"},
        check=alone,
    ),
    Entry(
        "lra_ref.Optimizer.tell",
        stepped,
        dict,
        {"x0": "array", "offsets": "offsets", "seed": "scalar", "trajectory": "scalar", "gradient": "array", "loss": "scalar"},
        check=alone,
    ),
    Entry(
        "lra_ref.Optimizer.tell:answers",
        lambda answers: lra_ref.Optimizer(method(), np.ones(D)).tell(answers),
        lambda: {"answers": [(1.0, np.ones(D))]},
        {"answers": "array"},
    ),
    Entry(
        "lra_ref.Optimizer.step",
        lambda closure: lra_ref.Optimizer(method(), np.ones(D)).step(closure),
        lambda: {"closure": lambda x, sample: (1.0, x)},
        {"closure": "function"},
        {"closure": ("closure", "answer 0", "the loss of answer", "the gradient of answer")},
    ),
    Entry("lra_ref.Optimizer.load_state_dict", state_of, dict, STATE, {name: (name, "state", "step") for name in STATE}, check=alone),
    Entry(
        "lra_ref.Optimizer.load_state_dict:state",
        lambda state: stepped().load_state_dict(state),
        lambda: {"state": stepped().state_dict()},
        {"state": "mapping"},
    ),
    Entry(
        "lra_ref.InPlace",
        in_place,
        dict,
        {
            "x": "array",
            "offsets": "offsets",
            "threads": "scalar",
            "seed": "scalar",
            "trajectory": "scalar",
            "gradient": "array",
            "loss": "scalar",
        },
        check=alone,
        modifies=("x",),
    ),
    Entry("lra_ref.InPlace:method", lra_ref.InPlace, lambda: {"method": method(), "x": np.ones(D)}, {"method": "scalar"}, check=alone),
    Entry(
        "lra_ref.InPlace:answers",
        answered,
        lambda: {"q": np.ones(D)},
        {"q": "array", "loss": "scalar", "answers": "array"},
        {"q": ("the gradient of answer",), "loss": ("the loss of answer",)},
        check=alone,
    ),
    Entry(
        "lra_ref.Stepper", stepper, lambda: {"method": method(), "offsets": np.array([0, D])}, {"method": "scalar", "offsets": "offsets"}
    ),
    Entry("lra_ref.scipy_method", lra_ref.scipy_method, lambda: {"method": "adam"}, {"method": "name", "lr": "scalar"}),
    Entry(
        "lra_ref.scipy_method:minimize",
        minimized,
        dict,
        {
            "x0": "array",
            "maxiter": "scalar",
            "gtol": "scalar",
            "norm": "scalar",
            "eps": "scalar",
            "tol": "scalar",
            "seed": "scalar",
            "fun": "function",
            "jac": "function",
            "callback": "scalar",
        },
        {"fun": ("fun", "objective"), "tol": ("tol", "gtol"), "callback": ("callback", "scalars")},
    ),
    Entry(
        "lra_ref.save",
        lra_ref.save,
        lambda: {"run": finished(), "path": Path(FOLDER.name) / "written.npz"},
        {"run": "scalar", "path": "path"},
        SAVED,
        refusals=(ValueError, TypeError, OSError),
    ),
    Entry(
        "lra_ref.load",
        lra_ref.load,
        lambda: {"path": saved()},
        {"path": "path", "oracle": "scalar"},
        {**CLASSES, **SAVED},
        refusals=(ValueError, TypeError, OSError),
    ),
]
