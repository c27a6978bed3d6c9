"""Witnesses: violations stored so that anybody can see them again, bit for bit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.verify.cells import SCHEMA, forget, look
from lra_ref.verify.claim import Case, Claim, Settings
from lra_ref.verify.discover import discover, load
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.store import write_atomically

NEEDED = ("schema", "claim", "case", "parameters", "preset", "seed", "looks", "alpha", "lhs_hex", "rhs_hex")


@dataclass(frozen=True)
class Replay:
    """What came of a replay: ``reproduced`` if the check answers as stored again, ``exact`` if both sides have the same bits as stored.

    Witnesses say VIOLATED, but for those of a tight bound and of an instance that refutes nothing, which a search keeps too.
    """

    witness: dict[str, Any]
    verdict: Verdict
    lhs: float
    rhs: float
    exact: bool

    @property
    def reproduced(self) -> bool:
        """Whether the check answers as stored, VIOLATED if nothing else is said."""
        return bool(self.verdict == self.witness.get("expected", Verdict.VIOLATED))

    def sentence(self) -> str:
        """One line for people."""
        bits = "the same bits" if self.exact else f"other bits than the stored {self.witness['lhs_hex']}, {self.witness['rhs_hex']}"
        what = "reproduced" if self.reproduced else f"NOT reproduced, the check answers {self.verdict}"
        where = f"{self.witness['claim']}, case {self.witness['case']}"
        return f"{where}: {what}; lhs {self.lhs!r}, rhs {self.rhs!r} ({bits})"


def save(folder: Path, witness: dict[str, Any], source: Path | None) -> Path:
    """Store a witness in a folder; the file that holds the claim is recorded with it."""
    name = re.sub(r"[^\w.-]+", "_", f"{witness['claim']}--{witness['case']}") + ".json"
    text = json.dumps({**witness, "file": None if source is None else str(source)}, indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(folder / name, text + "\n")
    return folder / name


def read(path: str | Path) -> dict[str, Any]:
    """Read a witness; ``ValueError`` with one line if it is not one."""
    try:
        witness = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ValueError(f"cannot read the witness {path}: {problem.strerror or problem}") from None
    except ValueError as problem:
        raise ValueError(f"{path} is not a witness: {problem}") from None
    missing = [name for name in NEEDED if not isinstance(witness, dict) or name not in witness]
    if missing:
        raise ValueError(f"{path} is not a witness: {missing[0]} is missing")
    if witness["schema"] != SCHEMA:
        raise ValueError(f"{path} has schema {witness['schema']}, this version reads {SCHEMA}")
    return dict(witness)


def replay(path: str | Path, claim: Claim | None = None) -> Replay:
    """Run the stored case and seeds again with the claim's present code (or with ``claim``) and judge as then."""
    witness = read(path)
    if claim is None:
        claim = _claim_of(witness)
    settings, role = Settings(preset=witness["preset"], seed=witness["seed"]), witness.get("role", "claim")
    stored = Case.everywhere(witness["case"], **witness["parameters"])
    outcome = look(claim, role, stored, settings, [(start, stop) for start, stop in witness["looks"]], witness["alpha"])
    forget()
    if outcome.judgement is None:
        return Replay(witness, Verdict.NOT_APPLICABLE, float("nan"), float("nan"), False)
    lhs, rhs = float(outcome.judgement.lhs), float(outcome.judgement.rhs)
    exact = (lhs.hex(), rhs.hex()) == (witness["lhs_hex"], witness["rhs_hex"])
    return Replay(witness, outcome.judgement.verdict, lhs, rhs, exact)


def _claim_of(witness: dict[str, Any]) -> Claim:
    file = witness.get("file")
    if file is not None and Path(file).exists():
        loaded = load(file)
        if loaded.error:
            raise ValueError(f"the claim file {file} of the witness cannot be read: {loaded.error.strip().splitlines()[-1]}")
        for claim in loaded.claims:
            if claim.id == witness["claim"]:
                return claim
        raise ValueError(f"the claim {witness['claim']} of the witness is no longer in {file}")
    found, _ = discover([witness["claim"]])
    return found[0].claim
