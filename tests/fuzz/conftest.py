"""Files that a hostile name makes come into being in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the working folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
