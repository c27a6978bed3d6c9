from __future__ import annotations

import numpy as np
import pytest

from lra_ref.crosscheck.layouts import LAYOUTS, flat_layout, layout_named


@pytest.mark.parametrize("name", LAYOUTS)
def test_splitting_and_joining_are_inverse(name: str) -> None:
    layout = LAYOUTS[name]
    flat = np.random.default_rng(0).normal(size=layout.dim)
    tensors = layout.split(flat)
    assert [array.shape for array in tensors] == [tensor.shape for tensor in layout.tensors]
    np.testing.assert_array_equal(layout.join(tensors), flat)
    tensors[0][...] = 0
    assert np.all(flat != 0)


def test_a_missing_tensor_is_joined_as_zeros() -> None:
    layout = LAYOUTS["groups"]
    joined = layout.join([None, *layout.split(np.ones(layout.dim))[1:]])
    assert joined.sum() == layout.dim - layout.tensors[0].size


def test_the_awkward_model_has_every_kind_of_tensor_that_stands_still() -> None:
    tensors = LAYOUTS["awkward"].tensors
    assert [tensor.moves for tensor in tensors] == [False, True, False, False, True]
    assert tensors[0].size == 0
    assert any(not tensor.contiguous for tensor in LAYOUTS["model"].tensors)
    assert len({tensor.group for tensor in LAYOUTS["groups"].tensors}) == 2


def test_shapes_as_text() -> None:
    assert [tensor.shape for tensor in layout_named("3x4,0x2,5").tensors] == [(3, 4), (0, 2), (5,)]
    assert flat_layout("own", [0, 3, 5]).offsets.tolist() == [0, 3, 5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modle", "unknown layout 'modle'; did you mean model.*or shapes as in"),
        ("3x-1", "must not be negative, got 3x-1"),
        ("0,0x3", "at least one element, got 0,0x3"),
    ],
)
def test_bad_layouts_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layout_named(text)
