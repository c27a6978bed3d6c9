"""What a reader of a result must know of its claims, as plain data beside the cells: a report needs no claim file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lra_ref.runs.store import RunDirectoryError, dumps, one_line, write_atomically
from lra_ref.verify.cells import cases_of
from lra_ref.verify.claim import Claim
from lra_ref.verify.discover import Found

CLAIMS = "claims.json"
SCHEMA = 1
TEXTS = ("id", "part", "kind", "label", "provenance", "title", "statement", "source", "notes", "explain", "may_be_undecided")


@dataclass(frozen=True)
class Described:
    """A claim without its functions: its texts, what its control is, its assumptions as (text, how), its cells as (role, case).

    ``file`` is where it was read from, None for a claim given as an object.
    """

    id: str
    part: str
    kind: str
    label: str | None
    provenance: str
    title: str
    statement: str
    source: str
    notes: str
    explain: str
    may_be_undecided: str
    control: str | None
    assumptions: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, str], ...]
    file: str | None

    @classmethod
    def of(cls, claim: Claim, path: Path | None, preset: str) -> Described:
        """The description of a claim."""
        cells = [(role, case.name) for role in ("claim", "control") for case in cases_of(claim, role, preset)]
        return cls(
            **{name: getattr(claim, name) for name in TEXTS},
            control=None if claim.control is None else claim.control.what,
            assumptions=tuple((entry.text, entry.how) for entry in claim.assumptions),
            cells=tuple(cells),
            file=None if path is None else str(path),
        )


def describe(found: Iterable[Found], preset: str) -> dict[str, Described]:
    """Descriptions by id."""
    return {entry.claim.id: Described.of(entry.claim, entry.path, preset) for entry in found}


def keep(folder: Path, claims: dict[str, Described]) -> None:
    """Write the descriptions into a run directory, with those of earlier calls that it has.

    A file of before that cannot be read is replaced: what a report says must not keep a run from going on.
    """
    known = dict(claims)
    with suppress(RunDirectoryError):
        known = read(folder) | claims
    write_atomically(folder / CLAIMS, dumps({"schema": SCHEMA, "claims": [asdict(claim) for claim in known.values()]}) + "\n")


def read(folder: Path) -> dict[str, Described]:
    """The descriptions of a run directory, none if it has none; one line for a file that is something else."""
    path = folder / CLAIMS
    if not path.exists():
        return {}
    with one_line("read", path):
        content = path.read_bytes()
    try:
        entries = json.loads(content)
        if entries["schema"] != SCHEMA:
            raise ValueError(f"schema {entries['schema']}, this version reads {SCHEMA}")
        return {entry["id"]: _described(entry) for entry in entries["claims"]}
    except (ValueError, KeyError, TypeError) as problem:
        raise RunDirectoryError(f"{path} does not describe claims: {problem}") from None


def _described(entry: dict[str, Any]) -> Described:
    pairs = {name: tuple((str(one), str(two)) for one, two in entry[name]) for name in ("assumptions", "cells")}
    return Described(**{**entry, **pairs})
