"""What all tests share."""

from __future__ import annotations

import pytest

from lra_ref.runs.environment import code_fingerprint


@pytest.fixture(autouse=True)
def _source_as_it_is_now() -> None:
    """Workers refuse a parent of other source; a session of tests may outlive an edit, which is not what they test."""
    code_fingerprint.cache_clear()
