"""A small export that the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lra_ref.vectors.folder import export

#: one of each shape: plain, adaptive, extra points with random numbers, a search, rates from blocks, early stops
METHODS = ["adam", "armijo_sgd", "clara_sgd", "egdd_momentum", "gala_sgd", "momentum", "salera_sgd"]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder; tests only read it."""
    folder = tmp_path_factory.mktemp("vectors") / "set"
    export(folder, METHODS)
    return folder
