"""Both files of a vector say the same, and the same bytes come out every time."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from lra_ref.methods import make_method
from lra_ref.vectors.catalogue import Configuration
from lra_ref.vectors.encoding import archive, as_json, as_npz
from lra_ref.vectors.numbers import table
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import SCENARIOS


@pytest.mark.parametrize("name", ["gala_sgd", "armijo_sgd", "clara_adam", "salera_sgd", "egdd_momentum"])
def test_json_and_npz_hold_the_same(name: str) -> None:
    vector = record(Configuration(name, "default"), SCENARIOS["edges"])
    text = json.loads(as_json(vector))
    with np.load(io.BytesIO(as_npz(vector)), allow_pickle=False) as npz:
        arrays = dict(npz)
    assert json.loads(bytes(arrays["header"][()]).decode()) == {k: v for k, v in text.items() if k not in ("evaluations", "quantities")}
    for quantity, values in text["quantities"].items():
        assert np.array_equal(table(values, quantity), arrays[quantity])
        assert np.array_equal(arrays[quantity], vector.quantities[quantity])
    point = table(text["x0"], "x0")
    for k, evaluation in enumerate(text["evaluations"]):
        step, kind, of, wanted = arrays["evaluation.index"][k].tolist()
        assert evaluation["step"] == step
        assert evaluation["sample"] == [["step", "fresh", "full"][kind], of]
        assert evaluation["needs"] == ["loss", "loss and gradient", "hessian-vector product"][wanted]
        if evaluation["x"] is None and step > 0:
            point = arrays["x"][step - 1]
        assert np.array_equal(point if evaluation["x"] is None else table(evaluation["x"], "x"), arrays["evaluation.x"][k])
        assert table(evaluation["loss"], "loss") == arrays["evaluation.loss"][k]
        if wanted:
            assert np.array_equal(table(evaluation["gradient"], "gradient"), arrays["evaluation.gradient"][k])
        else:
            assert evaluation["gradient"] is None
            assert np.isnan(arrays["evaluation.gradient"][k]).all()


def test_what_a_consumer_needs_is_there() -> None:
    vector = json.loads(as_json(record(Configuration("gala_sgd", "eg", {"learner": "eg", "eta_0": 0.05}), SCENARIOS["bowl"])))
    assert (vector["format"], vector["schema"], vector["name"]) == ("lra_ref vector", 1, "gala_sgd.eg.bowl")
    made = make_method("gala_sgd", learner="eg", eta_0=0.05).settings()
    assert vector["rate"] == made["rate"]
    assert vector["direction"] == made["direction"]
    assert len(vector["uniforms"]) == vector["steps"] == 6
    assert "2506.08419" in vector["provenance"]["rate"]
    assert [e["sample"] for e in vector["evaluations"][:4]] == [["step", 0], ["step", 1], ["fresh", 0], ["fresh", 0]]
    assert vector["evaluations"][1]["x"] is None
    assert vector["evaluations"][2]["x"] is not None
    plain = json.loads(as_json(record(Configuration("clara_sgd", "default"), SCENARIOS["bowl"])))
    assert plain["uniforms"] is None
    # 2 sd of the path: derived, not among the hyper-parameters
    assert plain["rate"]["d"] is None
    assert 0 < float.fromhex(plain["constants"]["rate"][2]) < 1


def test_the_archive_is_fixed() -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array([1, 2], dtype=np.int32), "c": np.array(b"text")}
    data = archive(arrays)
    assert data == archive({name: value.copy() for name, value in arrays.items()})
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for entry in packed.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert (entry.create_system, entry.compress_type) == (3, zipfile.ZIP_STORED)
    with np.load(io.BytesIO(data)) as npz:
        assert np.array_equal(npz["a"], arrays["a"])
        assert npz["b"].dtype == np.dtype("<i8")
        assert npz["a"].flags.c_contiguous
        assert bytes(npz["c"][()]) == b"text"
