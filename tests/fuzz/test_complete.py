"""Nothing public is forgotten: every name is fuzzed, or stands in the list of those that are not, with the reason."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import lra_ref
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from tests.fuzz import entries
from tests.fuzz.exempt import EXEMPT

FUZZED = {re.split("[:]", entry.name)[0] for entry in entries.ENTRIES}


def packages() -> list[str]:
    """Every package that says what it offers."""
    found = ["lra_ref", *(info.name for info in pkgutil.walk_packages(lra_ref.__path__, "lra_ref.") if info.ispkg)]
    return [name for name in found if hasattr(importlib.import_module(name), "__all__")]


def forgotten(public: list[str]) -> list[str]:
    """Names that are neither fuzzed nor exempt."""
    known = FUZZED | {name.rpartition(".")[0] for name in FUZZED} | set(EXEMPT)
    return [name for name in public if name not in known and name.rpartition(".")[0] not in EXEMPT and short(name) not in known]


def short(name: str) -> str:
    """The name as the package above offers it, where it does."""
    last = name.rpartition(".")[2]
    return f"lra_ref.{last}" if last in lra_ref.__all__ else name


def test_every_public_name_is_fuzzed_or_has_a_reason() -> None:
    public = [f"{package}.{name}" for package in packages() for name in importlib.import_module(package).__all__]
    assert len(public) > 100
    assert forgotten(public) == []


def test_a_forgotten_name_is_noticed() -> None:
    assert forgotten(["lra_ref.engine.run", "lra_ref.new_name", "lra_ref.verify.new_name"]) == [
        "lra_ref.new_name",
        "lra_ref.verify.new_name",
    ]


def test_no_reason_is_stale() -> None:
    offered = {f"{package}.{name}" for package in packages() for name in importlib.import_module(package).__all__}
    assert [name for name in EXEMPT if name not in offered and importlib.util.find_spec(name) is None] == []
    assert set(EXEMPT) & FUZZED == set()
    assert all(len(reason) > 5 for reason in EXEMPT.values())


@pytest.mark.parametrize("registry", [DIRECTIONS, RATES, WHOLES], ids=["directions", "rates", "methods"])
def test_every_parameter_of_every_part_is_fuzzed(registry) -> None:
    made = {entry.name: set(entry.pools) for entry in entries.ENTRIES if entry.name.startswith("lra_ref.make_method:")}
    for name in registry:
        fields = set(registry[name].Parameters.__dataclass_fields__)
        assert any(fields <= pools for entry, pools in made.items() if name in entry or name == "constant"), name
