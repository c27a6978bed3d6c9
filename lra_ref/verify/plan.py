"""What is to be computed: one task per case of every claim and of its control, each with the key of its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.runs.environment import determining, digest
from lra_ref.verify.cells import SCHEMA, cases_of
from lra_ref.verify.claim import Claim, Settings
from lra_ref.verify.discover import Found, neighbours

ROLES = ("claim", "control")


@dataclass(frozen=True)
class Task:
    """One cell to compute. ``key`` is a hash of everything that determines its record, "" if that cannot be known."""

    claim: str
    role: str
    case: str
    settings: Settings
    path: Path | None
    key: str


def plan(found: Iterable[Found], settings: Settings) -> list[Task]:
    """The tasks, case by case, the control's of a case right after the claim's so that it can read the same run."""
    tasks = []
    entries = list(found)
    # once per file: reading its whole tree takes longer than many a cell
    files = {path: claim_fingerprint(path) for path in {entry.path for entry in entries}}
    for entry in entries:
        for role, case in _ordered(entry.claim, settings.preset):
            parameters = case.parameters(settings.preset) or {}
            cases = [other.name for other in cases_of(entry.claim, role, settings.preset)]
            key = _key(entry, files[entry.path], settings, {"role": role, "case": case.name, "cases": len(cases), "parameters": parameters})
            tasks.append(Task(entry.claim.id, role, case.name, settings, entry.path, key))
    return tasks


def claim_fingerprint(path: Path | None) -> str:
    """Fingerprint of a claim file and the files of its own tree that it imports."""
    return "" if path is None else digest(neighbours(path))


def _ordered(claim: Claim, preset: str) -> list[tuple[str, Any]]:
    own, control = cases_of(claim, "claim", preset), list(cases_of(claim, "control", preset))
    order: list[tuple[str, Any]] = []
    for case in own:
        order.append(("claim", case))
        order += [("control", other) for other in control if other is case]
    return order + [("control", other) for other in control if not any(other is case for case in own)]


def _key(entry: Found, file: str, settings: Settings, cell: dict[str, Any]) -> str:
    if entry.path is None:
        # a claim given as an object: its code cannot be fingerprinted, so its results are never reused
        return ""
    material = {
        "schema": SCHEMA, "claim": entry.claim.id, **cell, "settings": settings.as_dict(),
        "file": file, "environment": determining(),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(material, sort_keys=True).encode()).hexdigest()
