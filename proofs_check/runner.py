"""Finding steps, checking them, one row each."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import multiprocessing
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lra_ref.parameters import unknown
from proofs_check.steps import Outcome, Result, Row, Step

#: packages of the extra ``proofs`` by the name under which they are imported
NEEDED = {"sympy": "sympy", "z3": "z3-solver", "flint": "python-flint", "PEPit": "PEPit", "cvxpy": "cvxpy", "clarabel": "clarabel"}


def require_packages() -> None:
    """``ImportError`` in one line if a package of the extra is not installed."""
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ImportError(f"proofs need {', '.join(missing)}: pip install 'lra_ref[proofs]'")


def parts() -> dict[str, list[Step]]:
    """The steps of every part: of the files of this folder that define ``STEPS``."""
    found: dict[str, list[Step]] = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem.startswith("_") or "\nSTEPS" not in path.read_text(encoding="utf-8"):
            continue
        found[path.stem] = list(importlib.import_module(f"proofs_check.{path.stem}").STEPS)
    for part, own in found.items():
        ids = [step.id for step in own]
        for step in own:
            if step.part != part or ids.count(step.id) > 1:
                raise ValueError(f"{step.id} must stand once, in proofs_check/{step.part}.py")
    return found


def check_uses() -> None:
    """``ValueError`` if a step uses a step or theorem that there is not."""
    steps = select()
    known = {name for step in steps for name in (step.id, step.theorem)}
    for step in steps:
        for used in step.uses:
            if used not in known:
                raise ValueError(f"{step.id} uses {unknown('step', used, known)}")


def statements() -> dict[str, str]:
    """The statement of every theorem, as its part says it in ``THEOREMS``; ``ValueError`` for a theorem without one."""
    found: dict[str, str] = {}
    for part, steps in parts().items():
        said = dict(importlib.import_module(f"proofs_check.{part}").THEOREMS)
        missing, idle = {step.theorem for step in steps} - set(said), set(said) - {step.theorem for step in steps}
        if missing or idle:
            raise ValueError(f"THEOREMS of proofs_check/{part}.py lacks {sorted(missing)} and has no steps for {sorted(idle)}")
        found.update(said)
    return found


def select(targets: Iterable[str] = ()) -> list[Step]:
    """Steps by part, theorem, step id or pattern (``gala.G5*``), in order and without repetition; none named: all."""
    steps = [step for own in parts().values() for step in own]
    chosen: dict[str, Step] = {}
    for target in targets:
        hits = [s for s in steps if target in (s.part, s.theorem, s.id) or fnmatch.fnmatchcase(s.id, target)]
        if not hits:
            hits = [s for s in steps if fnmatch.fnmatchcase(s.theorem, target)]
        if not hits:
            raise ValueError(unknown("step", target, {n for s in steps for n in (s.part, s.theorem, s.id)}))
        chosen.update({s.id: s for s in hits})
    return list(chosen.values()) if targets else steps


def check(step: Step) -> Row:
    """The row of a step: its outcome and that of its control; an exception is an answer too."""
    started, error = time.perf_counter(), ""
    outcomes = []
    for what in (step.check, step.control.check):
        try:
            outcomes.append(what())
        except Exception as problem:  # a step that raises must not take the others with it
            outcomes.append(Outcome(Result.UNKNOWN, None, f"{type(problem).__name__}: {problem}"))
            error = error or traceback.format_exc()
    return Row(step, outcomes[0], outcomes[1], time.perf_counter() - started, error)


def _check_by_id(identifier: str) -> tuple[Outcome, Outcome, float, str]:
    part = importlib.import_module(f"proofs_check.{identifier.partition('.')[0]}")
    row = check(next(step for step in part.STEPS if step.id == identifier))
    return row.outcome, row.control, row.seconds, row.error


def rows(targets: Iterable[str] = (), jobs: int = 1) -> Iterator[Row]:
    """The rows of the steps asked for, in order; ``jobs`` processes share them out."""
    require_packages()
    wanted = list(targets)
    if not wanted:
        check_uses()
    steps = select(wanted)
    if jobs == 1 or len(steps) == 1:
        yield from map(check, steps)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for step, answer in zip(steps, pool.map(_check_by_id, [step.id for step in steps]), strict=True):
            yield Row(step, *answer)


def theorem(identifier: str) -> list[Step]:
    """The steps of a theorem, in order."""
    own = [step for step in select() if step.theorem == identifier]
    if not own:
        raise ValueError(unknown("theorem", identifier, {step.theorem for step in select()}))
    return own


def chain(identifier: str) -> list[str]:
    """The theorem and every theorem that it uses, directly or not, in the order in which they are used."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        order.append(name)
        for step in theorem(name):
            for used in step.uses:
                visit(used if used.count(".") == 1 else used.rpartition(".")[0])

    visit(identifier)
    return order


def summary(done: Sequence[Row]) -> str:
    """One line."""
    counts = {result: sum(row.outcome.result is result for row in done) for result in Result}
    said = ", ".join(f"{count} {result}" for result, count in counts.items() if count)
    reasoned = sum(row.outcome.result is Result.UNKNOWN and bool(row.step.reason) for row in done)
    caught = sum(row.fired for row in done)
    wrong = [row.step.id for row in done if not row.fine]
    tail = "all as claimed" if not wrong else f"NOT as claimed: {', '.join(wrong)}"
    return f"{len(done)} steps: {said} ({reasoned} of the unknown with a reason); {caught} controls refuted; {tail}"
