from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lra_ref
from lra_ref.commands.info import numbers, satisfied
from tests.commands.conftest import Call


def test_info_says_versions_backends_cache_and_extras(call: Call) -> None:
    code, out, _ = call("info", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["lra_ref"], found["numpy"]) == (lra_ref.__version__, np.__version__)
    assert found["processor"]
    assert found["threads"]["processors"] >= found["threads"]["usable"] >= 1
    assert set(found["backends"]) == {"numpy", "numba", "cupy"}
    assert all(backend["text"].count("\n") == 0 for backend in found["backends"].values())
    assert found["extras"]["report"]["command"] == 'pip install "lra_ref[report]"'
    assert "scikit-learn" in found["extras"]["data"]["libraries"]
    code, out, _ = call("info")
    assert code == 0
    assert f"lra_ref {lra_ref.__version__}" in out
    assert "compile cache" in out


def test_a_cache_that_cannot_be_written_is_told(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LRA_REF_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("LRA_REF_INTERPRET", "1")
    found = json.loads(call("info", "--json")[1])
    assert found["cache"]["folder"] == str(tmp_path / "file" / "cache")
    assert found["cache"]["writable"] is False
    assert "not writable" in found["cache"]["text"]
    assert found["backends"]["numba"] == {"available": False, "text": "off: LRA_REF_INTERPRET is set, kernels run as plain Python"}


@pytest.mark.parametrize(
    ("installed", "asked", "good"),
    [
        ("1.10.0", ">=1.9", True),
        ("1.9", ">=1.10", False),
        (None, ">=1", False),
        ("2.0rc1", ">=2.0", True),
        ("3", "", True),
        ("1.4.9", ">=1.5,<2", False),
    ],
)
def test_versions_are_compared_as_numbers(installed: str | None, asked: str, good: bool) -> None:
    assert satisfied(installed, asked) is good
    assert numbers("1.10.0rc1") == (1, 10, 0)
