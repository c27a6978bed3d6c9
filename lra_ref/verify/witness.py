"""Witnesses: violations stored so that anybody can see them again, bit for bit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.checks import path_of
from lra_ref.parameters import shown
from lra_ref.runs.store import write_atomically
from lra_ref.verify.cells import SCHEMA, forget, look
from lra_ref.verify.claim import PRESETS, Case, Claim, Settings
from lra_ref.verify.discover import discover, load
from lra_ref.verify.kinds import Verdict

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
    path = Path(path_of(path))
    try:
        witness = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ValueError(f"cannot read the witness {path}: {problem.strerror or problem}") from None
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"{path} is not a witness: {' '.join(str(problem).split())}") from None
    missing = [name for name in NEEDED if not isinstance(witness, dict) or name not in witness]
    if missing:
        raise ValueError(f"{path} is not a witness: {missing[0]} is missing")
    if witness["schema"] != SCHEMA:
        raise ValueError(f"{path} has schema {shown(witness['schema'])}, this version reads {SCHEMA}")
    for name, fits in FITS.items():
        if name in witness and not fits(witness[name]):
            raise ValueError(f"{path} is not a witness: {name} is {shown(witness[name])}")
    return dict(witness)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _ranges(value: Any) -> bool:
    pairs = isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 and all(map(_whole, pair)) for pair in value)
    return bool(pairs and value and all(0 <= start < stop <= 2**32 for start, stop in value))


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


#: what the entries of a witness must be
FITS: dict[str, Callable[[Any], bool]] = {
    "claim": _text,
    "case": _text,
    "parameters": lambda value: isinstance(value, dict),
    "preset": lambda value: value in PRESETS,
    "seed": lambda value: _whole(value) and 0 <= value < 2**64,
    "looks": _ranges,
    "alpha": lambda value: isinstance(value, float) and 0 < value < 1,
    "lhs_hex": _text,
    "rhs_hex": _text,
    "role": lambda value: value in ("claim", "control"),
    "file": lambda value: value is None or (_text(value) and "\0" not in value),
}


def replay(path: str | Path, claim: Claim | None = None) -> Replay:
    """Run the stored case and seeds again with the claim's present code (or with ``claim``) and judge as then."""
    witness = read(path)
    if claim is None:
        claim = _claim_of(witness)
    settings, role = Settings(preset=witness["preset"], seed=witness["seed"]), witness.get("role", "claim")
    try:
        stored = Case(witness["case"], *[witness["parameters"]] * 3)
    except ValueError as problem:
        raise ValueError(f"{path} is not a witness: {problem}") from None
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
