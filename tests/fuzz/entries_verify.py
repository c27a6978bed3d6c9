"""Entries: claims, both sides, verification, falsification, sweeps."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref import sweep, verify
from lra_ref.verify import falsify
from tests.fuzz.hostile import D
from tests.fuzz.law import REFUSALS, Entry

FOLDER = tempfile.TemporaryDirectory(prefix="lra_ref_fuzz_claims_")
FILE = (*REFUSALS, OSError)
VERDICTS = set(verify.Verdict)
SIDES = dict.fromkeys(("lhs", "rhs", "scale", "operations"), "array")
SAID = {name: (name, "both sides") for name in SIDES}
NAMED = ("path", "No such", "File name too long", "folder", "claim", "a claim file", "embedded null", "witness")


def both(**changed: Any) -> dict[str, Any]:
    """Valid sides."""
    return {"lhs": np.full(D, 0.5), "rhs": np.ones(D), "scale": np.ones(D), "operations": np.full(D, 4.0), **changed}


def judged(kind: Any) -> Any:
    """Makes the sides and judges them."""

    def call(**given: Any) -> Any:
        sides = kind(**given)
        sides.series()
        return sides.judge(0.001)

    return call


def verdict(answer: Any) -> None:
    """A verdict by name, and HOLDS only of finite numbers."""
    assert answer.verdict in VERDICTS
    assert answer.verdict != verify.Verdict.HOLDS or answer.finite


def claim(**changed: Any) -> verify.Claim:
    """A valid claim."""
    case = verify.Case.everywhere("one", seeds=D)
    given = {
        "id": "fuzz.A", "kind": "pathwise bound", "provenance": "derived", "statement": "a toy", "cases": (case,),
        "run": run, "sides": sides, "control": verify.Control("half", sides=verify.bound_times(0.1, sides)),
    }  # fmt: skip
    return verify.Claim(**{**given, **changed})


def run(case: Any, seeds: Any, settings: Any) -> Any:
    """One number per seed."""
    return np.full(len(seeds), 0.5)


def sides(evidence: Any) -> Any:
    """evidence <= 1."""
    return verify.Bound(lhs=evidence, rhs=np.ones_like(evidence), scale=evidence + 1, operations=4.0)


def verified(targets: Any = None, answer: Any = None, **given: Any) -> Any:
    """Verifies a toy, whose run may answer nonsense."""
    made = claim() if answer is None else claim(run=lambda case, seeds, settings: answer)
    return verify.verify([made] if targets is None else targets, **{"preset": "smoke", **given})


def rows(answer: Any) -> None:
    """Every row has a verdict by name."""
    assert all(row["verdict"] in VERDICTS for row in answer.rows)


@lru_cache(maxsize=1)
def witness() -> Path:
    """A stored violation."""
    from lra_ref.verify.witness import save

    path = Path(FOLDER.name) / "claims.py"
    path.write_text("CLAIMS = []\n", encoding="utf-8")
    record = {"schema": 1, "claim": "fuzz.A", "case": "one", "parameters": {"seeds": D}, "preset": "smoke", "seed": 0, "looks": [[0, D]],
              "alpha": 0.001, "lhs_hex": (0.5).hex(), "rhs_hex": (1.0).hex()}  # fmt: skip
    return save(Path(FOLDER.name), record, None)


@lru_cache(maxsize=1)
def swept() -> Path:
    """The directory of a sweep."""
    out = Path(FOLDER.name) / "sweep"
    sweep.sweep("sgd", "sphere", steps=2, lr=0.1, out=out)
    return out


ENTRIES = [
    *(
        Entry(f"lra_ref.verify.{kind.__name__}", judged(kind), both, {**SIDES, "factor": "scalar", "at": "array"}, SAID, verdict)
        for kind in (verify.Identity, verify.Bound, verify.Expectation)
    ),
    Entry(
        "lra_ref.verify.Invariance",
        judged(verify.Invariance),
        lambda: {"first": np.ones(D), "second": np.ones(D)},
        {"first": "array", "second": "array", "ulps": "scalar", "scale": "array"},
        {"first": ("first", "two runs", "both sides"), "second": ("second", "two runs", "both sides")},
        verdict,
    ),
    Entry(
        "lra_ref.verify.Moment",
        lambda **given: verify.Distribution(moments=[verify.Moment("m", **given)]).judge(0.001),
        lambda: {"samples": np.linspace(-1, 1, 32), "value": 0.0, "tol": 0.5},
        {
            "samples": "array",
            "value": "scalar",
            "tol": "scalar",
            "statistic": "name",
            "side": "name",
            "operations": "scalar",
            "scale": "scalar",
        },
        check=verdict,
    ),
    Entry(
        "lra_ref.verify.Fit",
        lambda **given: verify.Distribution(moments=[verify.Fit("f", **given)]).judge(0.001),
        lambda: {"samples": np.linspace(0, 1, 32), "cdf": lambda x: x, "tol": 0.5},
        {"samples": "array", "cdf": "function", "tol": "scalar"},
        check=verdict,
    ),
    Entry(
        "lra_ref.verify.Distribution",
        verify.Distribution,
        lambda: {"moments": [verify.Moment("m", np.zeros(D), 0.0, 1.0)]},
        {"moments": "listed"},
        {"moments": ("moment", "moments")},
    ),
    Entry(
        "lra_ref.verify.Rate",
        judged(verify.Rate),
        lambda: {"horizons": np.array([1.0, 2.0, 4.0]), "values": np.ones((D, 3)), "exponent": 0.0, "tol": 0.1},
        {"horizons": "array", "values": "array", "exponent": "scalar", "tol": "scalar", "side": "name"},
        {"horizons": ("horizons", "values"), "values": ("values", "horizons")},
        check=verdict,
    ),
    Entry(
        "lra_ref.verify.WorstCase",
        judged(verify.WorstCase),
        lambda: {"primal": 0.9, "dual": 1.0, "bound": 1.0, "tol": 1e-6},
        {"primal": "scalar", "dual": "scalar", "bound": "scalar", "tol": "scalar"},
        check=verdict,
    ),
    Entry("lra_ref.verify.Settings", verify.Settings, dict, {"preset": "name", "seed": "scalar", "alpha": "scalar"}),
    Entry(
        "lra_ref.verify.Case",
        verify.Case,
        lambda: {"name": "one", "smoke": {"T": 1}},
        {"name": "name", "smoke": "mapping", "quick": "mapping", "common": "mapping"},
        {"name": ("name", "case"), **dict.fromkeys(("smoke", "quick", "common"), ("parameters of case",))},
    ),
    Entry(
        "lra_ref.verify.Claim",
        claim,
        dict,
        {"id": "name", "kind": "name", "provenance": "name", "label": "name", "cases": "listed"},
        {"cases": ("case", "cases"), "id": ("id",)},
    ),
    Entry(
        "lra_ref.verify.verify",
        verified,
        dict,
        {"preset": "name", "seed": "scalar", "alpha": "scalar", "jobs": "count", "targets": "listed"},
        {"targets": ("claim", "claim file", "targets", "id", "path"), "jobs": ("jobs", "processes")},
        rows,
        refusals=FILE,
    ),
    Entry("lra_ref.verify.verify:evidence", verified, dict, {"answer": "array"}, check=rows),
    Entry(
        "lra_ref.verify.replay",
        lambda path: verify.replay(path, claim()),
        lambda: {"path": witness()},
        {"path": "path"},
        {"path": NAMED},
        refusals=FILE,
    ),
    Entry(
        "lra_ref.verify.Case.from_witness",
        verify.Case.from_witness,
        lambda: {"path": witness()},
        {"path": "path"},
        {"path": (*NAMED, "counterexample")},
        refusals=FILE,
    ),
    Entry(
        "lra_ref.verify.falsify.falsify",
        lambda **given: falsify.falsify(claim(), **{"budget": 2, **given}),
        dict,
        {"role": "name", "budget": "count", "seed": "scalar", "jobs": "count"},
        {"jobs": ("jobs", "processes")},
    ),
    Entry(
        "lra_ref.verify.falsify.Real",
        falsify.Real,
        lambda: {"low": 0.0, "high": 1.0},
        {"low": "scalar", "high": "scalar"},
        {"high": ("high", "low"), "low": ("low", "high")},
    ),
    Entry(
        "lra_ref.verify.falsify.Integer",
        falsify.Integer,
        lambda: {"low": 0, "high": 1},
        {"low": "scalar", "high": "scalar"},
        {"high": ("high", "low"), "low": ("low", "high")},
    ),
    Entry(
        "lra_ref.verify.falsify.Reals",
        falsify.Reals,
        lambda: {"low": 0.0, "high": 1.0, "size": 3},
        {"low": "scalar", "high": "scalar", "most": "scalar"},
        {"high": ("high", "low"), "low": ("low", "high")},
    ),
    Entry("lra_ref.verify.falsify.OneOf", falsify.OneOf, lambda: {"values": [1]}, {"values": "listed"}, {"values": ("values", "OneOf")}),
    Entry(
        "lra_ref.sweep.sweep",
        lambda **given: sweep.sweep(**{"methods": "sgd", "problems": "sphere", "steps": 2, "lr": 0.1, **given}),
        dict,
        {
            "methods": "listed",
            "problems": "listed",
            "steps": "count",
            "lr": "scalar",
            "seeds": "count",
            "seed": "scalar",
            "oracle": "name",
            "jobs": "count",
            "set": "mapping",
            "problem_set": "mapping",
            "oracle_set": "mapping",
        },
        {
            "methods": ("method", "methods"),
            "problems": ("problem", "problems"),
            "lr": ("lr", "rate", "rates"),
            "set": ("set", "parameter"),
            "problem_set": ("problem_set", "parameter"),
            "oracle_set": ("oracle_set", "parameter", "oracle"),
        },
    ),
    Entry(
        "lra_ref.sweep.initial_rates",
        sweep.initial_rates,
        lambda: {"spec": 0.1},
        {"spec": "scalar"},
        {"spec": ("lr", "rate", "rates", "spec")},
    ),
    Entry("lra_ref.sweep.load", sweep.load, lambda: {"path": swept()}, {"path": "path"}, {"path": (*NAMED, "is not a")}, refusals=FILE),
]
