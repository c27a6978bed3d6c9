"""Entries: problems, oracles, learners, conformance vectors."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import lra_ref
from lra_ref.learners import LearnerParameters
from lra_ref.oracles import ORACLES, as_oracle
from lra_ref.problems import PROBLEMS, Problem
from lra_ref.vectors import check, export, read_results, ulps
from tests.fuzz.entries_engine import noisy, problem
from tests.fuzz.hostile import D
from tests.fuzz.law import REFUSALS, Entry

FOLDER = tempfile.TemporaryDirectory(prefix="lra_ref_fuzz_vectors_")
FILE = (*REFUSALS, OSError)
#: parameters without which a problem is not made, and those that keep it small
SMALL: dict[str, dict[str, Any]] = {}


def is_problem(answer: Any) -> None:
    """A problem with a finite start, at which F is a number."""
    assert isinstance(answer, Problem)
    assert np.all(np.isfinite(answer.start))


def factories() -> list[Entry]:
    """Every parameter of every problem and oracle."""
    made = []
    for name in PROBLEMS:
        declared = vars(PROBLEMS[name])["parameters"].__dataclass_fields__
        # sizes between the honest ones and those that are refused would only exhaust the memory
        pools = {field: "parameter" for field in declared}
        made.append(
            Entry(f"lra_ref.make_problem:{name}", _problem(name), dict, pools, {"data": ("data", name, "text", "path")}, is_problem)
        )
    for name in ORACLES:
        fields = dict.fromkeys(ORACLES[name].__dataclass_fields__, "scalar")
        source, shown = (minibatched, {"batch": 2}) if name == "minibatch" else (problem, {})
        made.append(
            Entry(f"lra_ref.make_oracle:{name}", _oracle(name), lambda source=source, shown=shown: {"problem": source(), **shown}, fields)
        )
    return made


def _problem(name: str) -> Callable[..., Any]:
    return lambda **given: lra_ref.make_problem(name, **given)


def _oracle(name: str) -> Callable[..., Any]:
    return lambda **given: lra_ref.make_oracle(name, **given)


@lru_cache(maxsize=1)
def minibatched() -> Any:
    """A finite sum of few rows."""
    return lra_ref.make_problem("logistic", dim=D, n=8, bias=False)


def evaluated(x: Any = None, rows: Any = None) -> Any:
    """Value and gradient of a finite sum."""
    return minibatched().value_and_gradient(np.ones(D) if x is None else x, rows)


def shaped(answer: Any) -> None:
    """As many values as points, of float64."""
    value, gradient = answer
    assert np.shape(value) == gradient.shape[:-1]
    assert gradient.dtype == np.float64


def observed(a: Any = 1.0, b: Any = 1.0, u: Any = 0.1, name: str = "ftrl") -> Any:
    """A learner that has seen a loss, its play, its regret and its bound."""
    learner = lra_ref.make_learner(name)
    learner.observe(a, b)
    learner.regret(u)  # an infinity where it overflows
    learner.bound(u)
    return learner.play()


def is_finite(answer: Any) -> None:
    """Every number of it is finite."""
    assert np.all(np.isfinite(answer))


def results(text: str) -> Path:
    """A file of results."""
    path = Path(FOLDER.name) / "results.json"
    path.write_text(text, encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def exported() -> Path:
    """A folder of conformance vectors."""
    folder = Path(FOLDER.name) / "exported"
    export(folder, ["sgd"])
    return folder


GOOD = '{"format": "lra_ref results", "schema": 1, "results": {"sgd.default.bowl": {"x": [[0.5, 0.5]]}}}'
PATHS = ("path", "JSON", "format", "folder", "file", "directory", "File name too long", "No such")
ENTRIES = [
    Entry("lra_ref.make_problem", lra_ref.make_problem, lambda: {"name": "sphere"}, {"name": "name"}, {"name": ("problem",)}, is_problem),
    Entry(
        "lra_ref.make_oracle",
        lra_ref.make_oracle,
        lambda: {"name": "exact", "problem": problem()},
        {"name": "name", "problem": "scalar"},
        {"name": ("oracle",)},
    ),
    *factories(),
    Entry(
        "lra_ref.oracles.as_oracle", as_oracle, lambda: {"source": problem()}, {"source": "scalar"}, {"source": ("problem or an oracle",)}
    ),
    Entry("lra_ref.problems.Problem.value_and_gradient", evaluated, dict, {"x": "array", "rows": "array"}, check=shaped),
    Entry(
        "lra_ref.problems.Problem.hvp",
        lambda **given: minibatched().hvp(**given),
        lambda: {"x": np.ones(D), "v": np.ones(D)},
        {"x": "array", "v": "array", "rows": "array"},
        {"x": ("x", "broadcast"), "v": ("v", "broadcast")},
    ),
    Entry(
        "lra_ref.oracles.Oracle.sample",
        lambda **given: noisy().sample(**given),
        lambda: {"seed": 0, "trajectory": 0, "step": 0},
        dict.fromkeys(("seed", "trajectory", "step", "stream"), "scalar"),
        check=is_finite,
    ),
    Entry(
        "lra_ref.oracles.Oracle.sample:keys",
        lambda **given: noisy().sample(**given),
        lambda: {"seed": 0, "trajectory": 0, "step": 0},
        dict.fromkeys(("seed", "trajectory", "step", "stream"), "array"),
        check=is_finite,
    ),
    Entry(
        "lra_ref.oracles.Oracle.evaluate",
        lambda **given: noisy().evaluate(**given),
        lambda: {"x": np.ones(D), "z": np.ones(D)},
        {"x": "array", "z": "array"},
        check=shaped,
    ),
    Entry("lra_ref.oracles.Oracle.variance", lambda x: noisy().variance(x), lambda: {"x": np.ones(D)}, {"x": "array"}, check=is_finite),
    Entry(
        "lra_ref.make_learner",
        lra_ref.make_learner,
        lambda: {"name": "ftrl"},
        {"name": "name", **dict.fromkeys(LearnerParameters.__dataclass_fields__, "scalar")},
        {"name": ("learner",)},
    ),
    Entry(
        "lra_ref.learners.Learner",
        observed,
        dict,
        {"a": "scalar", "b": "scalar", "u": "scalar"},
        {"a": ("a", "play"), "b": ("b", "play")},
        check=is_finite,
    ),
    Entry(
        "lra_ref.vectors.ulps",
        ulps,
        lambda: {"a": np.ones(D), "b": np.ones(D)},
        {"a": "array", "b": "array", "precision": "name"},
        {"a": ("a", "shapes"), "b": ("b", "shapes")},
    ),
    Entry("lra_ref.vectors.read_results", read_results, lambda: {"path": results(GOOD)}, {"path": "path"}, {"path": PATHS}, refusals=FILE),
    Entry(
        "lra_ref.vectors.check",
        check,
        lambda: {"folder": exported(), "results": results(GOOD)},
        {"folder": "path", "results": "path", "ulps": "scalar", "absolute": "scalar"},
        {"folder": PATHS, "results": PATHS},
        refusals=FILE,
    ),
    Entry(
        "lra_ref.vectors.export",
        lambda methods: export(Path(FOLDER.name) / "again", methods),
        lambda: {"methods": ["sgd"]},
        {"methods": "listed"},
        {"methods": ("method", "methods")},
        refusals=FILE,
    ),
]
