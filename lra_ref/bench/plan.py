"""Finding the benchmarks and running them: ``measure(["P1", "P6"])``.

The benchmarks are modules of ``experiments/bench`` of a checkout; its ``BENCHES`` maps the id of each to its module and what it is about. A
module has ``measure(plan)``, which yields rows and curves.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import lra_ref
from lra_ref.bench.rows import NOT_ASKED, NOT_INSTALLED, Curve, Results, Row
from lra_ref.bench.timing import Effort
from lra_ref.parameters import unknown
from lra_ref.runs.environment import environment, version

PRESETS = ("quick", "normal", "full")
#: peers that can be named, with the package that holds each
PEERS = {"torch": "torch", "jax": "jax", "optax": "optax", "dadaptation": "dadaptation", "prodigyopt": "prodigyopt", "numpy": "numpy"}
EFFORTS = {"quick": Effort(turns=5, seconds=0.05), "normal": Effort(turns=7, seconds=0.2), "full": Effort(turns=11, seconds=0.3)}
FOLDER = Path("experiments") / "bench"


def silent(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Plan:
    """What a benchmark is told: the preset, how much effort, which peers to compare with, where to report progress."""

    preset: str = "normal"
    peers: tuple[str, ...] = tuple(PEERS)
    say: Callable[[str], None] = silent
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(unknown("preset", self.preset, PRESETS))
        for peer in self.peers:
            if peer not in PEERS:
                raise ValueError(unknown("peer", peer, PEERS))

    @property
    def quick(self) -> bool:
        """Whether to measure the least."""
        return self.preset == "quick"

    @property
    def full(self) -> bool:
        """Whether to measure everything."""
        return self.preset == "full"

    def lacks(self, peer: str) -> str:
        """Why there is no comparison with this peer; "" if there is one."""
        if peer not in self.peers:
            return NOT_ASKED
        return NOT_INSTALLED if version(PEERS[peer]) is None else ""


def benches() -> Mapping[str, tuple[str, str]]:
    """``BENCHES`` of the checkout; ``ValueError`` where there is none."""
    here, beside = Path.cwd(), Path(lra_ref.__file__).resolve().parent.parent
    root = next((folder for folder in (here, beside) if (folder / FOLDER / "__init__.py").is_file()), None)
    if root is None:
        raise ValueError(f"no benchmarks: {FOLDER} is neither in {here} nor beside the package; they are in the sources of lra_ref")
    if str(root) not in sys.path:
        sys.path.append(str(root))
    found: Mapping[str, tuple[str, str]] = importlib.import_module("experiments.bench").BENCHES
    return found


def chosen(names: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """The ids named, all if none is; ``ValueError`` with the nearest valid ones for another."""
    by_case = {name.lower(): name for name in known}
    for name in names:
        if name.lower() not in by_case:
            raise ValueError(unknown("benchmark", name, known))
    asked = {by_case[name.lower()] for name in names} or set(known)
    return [name for name in known if name in asked]


def measure(names: Sequence[str], plan: Plan) -> Results:
    """Run benchmarks; one that raises becomes a row that says so, and the others still run."""
    known = benches()
    results = Results(machine(plan))
    for name in chosen(names, known):
        plan.say(f"{name}: {known[name][1]}")
        for entry in guarded(name, known, plan):
            if isinstance(entry, Curve):
                results.curves.append(entry)
            else:
                results.rows.append(replace(entry, measured=f"{plan.preset}, code {results.environment['code']}"))
    return results


def guarded(name: str, known: Mapping[str, tuple[str, str]], plan: Plan) -> Iterator[Row | Curve]:
    """The rows of one benchmark, and one more that is not met if it raises."""
    module, what = known[name]
    try:
        entries: Iterable[Row | Curve] = importlib.import_module(module).measure(plan)
        for entry in entries:
            if isinstance(entry, Row):
                plan.say(f"  {entry.what} {entry.size} {entry.dtype} {entry.peer}".rstrip())
            yield entry
    except Exception as problem:
        yield Row(name, what, met=False, note=f"failed: {type(problem).__name__}: {' '.join(str(problem).split())}")


def failed(results: Results) -> list[Row]:
    """Rows of benchmarks that raised."""
    return [row for row in results.rows if row.note.startswith("failed: ")]


def machine(plan: Plan) -> dict[str, Any]:
    """Versions, processor and load, and what was asked for."""
    return {
        **environment(),
        **{package: version(package) for package in dict.fromkeys(PEERS.values())},
        "processor": processor(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "preset": plan.preset,
        "turns": plan.effort.turns,
    }


def processor(listing: str = "/proc/cpuinfo") -> str:
    """Name of the processor, as far as the system tells."""
    try:
        lines = Path(listing).read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
