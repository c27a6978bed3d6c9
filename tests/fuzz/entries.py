"""All entries; those of the adapters where torch and optax are installed."""

from __future__ import annotations

import importlib.util

from tests.fuzz import entries_crosscheck, entries_engine, entries_theory, entries_verify
from tests.fuzz.law import Entry

ENTRIES: list[Entry] = [*entries_engine.ENTRIES, *entries_theory.ENTRIES, *entries_verify.ENTRIES, *entries_crosscheck.ENTRIES]

if all(importlib.util.find_spec(name) is not None for name in ("torch", "jax", "optax")):
    from tests.fuzz import entries_ports

    ENTRIES += entries_ports.ENTRIES
