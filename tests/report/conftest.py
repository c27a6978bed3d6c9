"""The mark of the tests that need a browser."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "browser: opens pages in Chromium through playwright; without it skipped, or failed if LRA_REF_BROWSER=required"
    )
