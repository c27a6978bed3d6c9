"""``python -m experiments.bench.gpu``: every row on the generated code built for the CPU, and one line without a device."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.bench import gpu
from lra_ref.backends.cuda.host import HostDevice
from tests.backends.gpu_cases import needs_cxx


def test_without_a_device_one_line_and_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert gpu.main(["--out", str(tmp_path / "results")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "not measured: no GPU (the GPU backend needs CuPy: pip install 'lra_ref[gpu]')\n"
    assert not (tmp_path / "results").exists()


@needs_cxx
@pytest.mark.slow
def test_every_row() -> None:
    """Parity holds in both number types; every method has a speed."""
    rows = list(gpu.rows(HostDevice(), 5000, 9000, lambda: None))
    parity = [row for row in rows if row.unit == "numbers differ"]
    assert len(parity) == 2 * len(gpu.METHODS) + 1
    assert all(row.met for row in parity)
    assert all(row.bytes_per_second for row in rows if row not in parity)
    assert not any("stopped" in row.note for row in rows)


@needs_cxx
def test_a_difference_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(HostDevice):
        def get(self, array: Any) -> Any:
            return np.nextafter(super().get(array), 9) if array.dtype.kind == "f" else super().get(array)

    row = gpu.trajectories_agree(Wrong())
    assert (row.met, row.value) != (True, 0.0)
    assert gpu.trajectories_agree(HostDevice()).met
