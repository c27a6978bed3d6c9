"""From the records of the cells to the rows of the report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lra_ref.verify.claim import Claim
from lra_ref.verify.discover import ClaimFile
from lra_ref.verify.kinds import Verdict

#: worst first: the verdict of a claim is the first of these that one of its cases has
ORDER = (Verdict.FAILED, Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.HOLDS, Verdict.NOT_APPLICABLE)
FIELDS = ("name", "verdict", "lhs", "rhs", "tightness", "seeds", "parameters", "assumptions", "estimates", "notes")


def combined(verdicts: Sequence[str]) -> Verdict:
    """The verdict of several cases."""
    return next((verdict for verdict in ORDER if verdict in verdicts), Verdict.NOT_APPLICABLE)


def make_row(claim: Claim, records: Sequence[dict[str, Any]], controls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row of a claim from the records of its cases and of its control, all of one preset."""
    verdict = combined([record["verdict"] for record in records])
    worst = decisive(records, verdict)
    row: dict[str, Any] = {
        "id": claim.id, "part": claim.part, "kind": claim.kind, "label": claim.label, "provenance": claim.provenance,
        "verdict": str(verdict), "lhs": worst.get("lhs"), "rhs": worst.get("rhs"), "tightness": worst.get("tightness"),
        "control": control_of(claim, controls), "cases": [_case(record) for record in records],
        "seeds": sum(record["seeds"] for record in records),
        "seconds": round(sum(record["seconds"] for record in [*records, *controls]), 3),
        "notes": "; ".join(_notes(claim, records, verdict, worst)),
    }  # fmt: skip
    if worst.get("estimates"):
        row["estimate"] = {name: worst["estimates"][0][name] for name in ("value", "low", "high", "expected")}
    return row


def broken_row(file: ClaimFile) -> dict[str, Any]:
    """The row of a claim file that could not be read."""
    return {
        "id": file.path.stem, "part": file.path.stem, "kind": "claim file", "label": None, "provenance": None,
        "verdict": str(Verdict.FAILED), "lhs": None, "rhs": None, "tightness": None,
        "control": {"what": None, "verdict": None, "fired": False}, "cases": [], "seeds": 0, "seconds": 0.0,
        "notes": f"{file.path} could not be read:\n{file.error}",
    }  # fmt: skip


def decisive(records: Sequence[dict[str, Any]], verdict: str) -> dict[str, Any]:
    """Of the cases that have the verdict the one with the smallest margin."""
    own = [record for record in records if record["verdict"] == verdict]
    return min(own, key=lambda record: -math.inf if record.get("margin") is None else record["margin"], default={})


def control_of(claim: Claim, controls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the control did: it fired if every one of its cases was VIOLATED."""
    if claim.control is None:
        return {"what": None, "verdict": None, "fired": False}
    if not controls:
        return {"what": claim.control.what, "verdict": None, "fired": False}
    silent = [record for record in controls if record["verdict"] != Verdict.VIOLATED]
    return {"what": claim.control.what, "verdict": (silent or list(controls))[0]["verdict"], "fired": not silent}


def as_claimed(row: dict[str, Any], claim: Claim | None) -> bool:
    """Whether a row is good enough for exit code 0.

    It must be HOLDS, NOT APPLICABLE (the note names the assumption) or an UNDECIDED that its claim explains, and its control fired.
    """
    if claim is not None and not row["cases"]:
        return True  # no case runs in this preset, and the row says so
    if claim is None or not row["control"]["fired"]:
        return False
    excused = bool(claim.may_be_undecided) and all(case["finite"] for case in row["cases"])
    return row["verdict"] in (Verdict.HOLDS, Verdict.NOT_APPLICABLE) or (row["verdict"] == Verdict.UNDECIDED and excused)


def _case(record: dict[str, Any]) -> dict[str, Any]:
    out = {"name": record["case"], **{name: record.get(name) for name in FIELDS[1:]}}
    return out | {"notes": "; ".join(record["notes"]), "finite": record.get("finite", True)}


def _notes(claim: Claim, records: Sequence[dict[str, Any]], verdict: str, worst: dict[str, Any]) -> list[str]:
    """What a reader of the row must know: where the sides were read, what did not apply, what was excused."""
    notes = [claim.notes] if claim.notes else []
    if not records:
        return [*notes, "no case runs in this preset"]
    several = len(records) > 1
    notes += [f"{worst['case']}: {note}" if several and number == 0 else note for number, note in enumerate(worst["notes"])]
    inapplicable = [record for record in records if record["verdict"] == Verdict.NOT_APPLICABLE and record is not worst]
    notes += [f"not applicable to {record['case']}: {', '.join(record['notes'])}" for record in inapplicable]
    if verdict == Verdict.UNDECIDED and claim.may_be_undecided:
        notes.append(claim.may_be_undecided)
    if claim.control is None:
        notes.append("no control: a check that cannot fail proves nothing")
    return notes
