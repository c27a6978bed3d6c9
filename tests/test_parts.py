"""What holds for every registered part: its hyper-parameters refuse bad values by name, and it says where it comes from."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import MISSING, fields
from typing import Any

import pytest

from lra_ref.directions import DIRECTIONS
from lra_ref.parameters import Choice, Optional_
from lra_ref.parts import Direction, Part, Rate
from lra_ref.rates import RATES

PARTS: list[type[Part]] = [DIRECTIONS[name] for name in DIRECTIONS] + [RATES[name] for name in RATES]
FIELDS = [(part, field) for part in PARTS for field in fields(part.Parameters)]
#: parameters that a part cannot do without
NEEDED: dict[str, dict[str, Any]] = {"cosine": {"T_max": 30}, "step": {"step_size": 7}}
named = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)


def made(part: type[Part], **values: Any) -> Part:
    return part(**{**NEEDED.get(part.name, {}), **values})


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=lambda value: getattr(value, "name", None))
def test_invalid_values_are_refused_by_name(part: type[Part], field: Any) -> None:
    constraint = field.metadata["constraint"]
    invalid = constraint.invalid()
    assert invalid
    for value in invalid:
        with pytest.raises(ValueError, match=f"^{field.name} must be {re.escape(str(constraint))}, got {re.escape(repr(value))}$"):
            made(part, **{field.name: value})


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=lambda value: getattr(value, "name", None))
def test_fields_are_documented_and_their_defaults_valid(part: type[Part], field: Any) -> None:
    assert len(field.metadata["doc"]) > 5
    constraint = field.metadata["constraint"]
    if field.default is MISSING:
        assert field.name in NEEDED[part.name]
        with pytest.raises(ValueError, match=f"^{part.name} needs the parameter {field.name}$"):
            part()
    else:
        assert constraint.accepts(field.default)
        assert getattr(made(part).parameters, field.name) == field.default
    inner = constraint.inner if isinstance(constraint, Optional_) else constraint
    if isinstance(inner, Choice):
        assert len(set(inner.values)) > 1


@named
def test_unknown_parameters_list_the_nearest(part: type[Part]) -> None:
    for field in fields(part.Parameters):
        wrong = field.name + "x"
        with pytest.raises(ValueError, match=f"^unknown parameter of {part.name} '{wrong}'; did you mean .*{field.name}"):
            made(part, **{wrong: 1})


@named
def test_part_says_what_it_is_and_where_it_comes_from(part: type[Part]) -> None:
    module = sys.modules[part.__module__]
    assert module.__doc__
    assert "Source" in module.__doc__ or "Provenance" in module.__doc__
    assert part.__doc__ is not Direction.__doc__
    assert part.__doc__ is not Rate.__doc__
    assert part.__doc__
    assert re.search(r"published|derived|unconfirmed", part.source)
    assert part.Parameters.__name__ == "Parameters" or part.Parameters.__module__ == part.__module__


@named
def test_hyper_parameters_reach_the_kernels_as_numbers(part: type[Part]) -> None:
    hyper = made(part).hyper()
    assert all(isinstance(value, float | int) for value in hyper)


@named
def test_kernels_have_the_signatures_of_the_house(part: type[Part]) -> None:
    element = ["seg", "lo", "hi", "at", "x", "g", "d", "q", "vec", "coef", "out"]
    scalar = ["first", "last", "t", "f", "sums", "scal", "hyp", "coef"]
    instance = made(part)
    kinds = {
        "begin": scalar,
        "settle": scalar,
        "decide": scalar,
        "retry": scalar,
        "gather": element,
        "map": element,
        "terms": element,
        "move": element,
    }
    for name, arguments in kinds.items():
        kernel = getattr(instance, name, None)
        if kernel is not None:
            expected = ["trial" if name == "retry" and a == "t" else a for a in arguments]
            assert list(inspect.signature(kernel).parameters) == expected, name
    assert (instance.sums > 0) == any(getattr(instance, name, None) is not None for name in ("gather", "terms"))


@named
def test_registered_under_its_name(part: type[Part]) -> None:
    registry: Any = DIRECTIONS if issubclass(part, Direction) else RATES
    assert registry[part.name] is part
    assert repr(made(part)).startswith(part.name + "(")


def test_no_scalar_of_a_rate_hides_a_column_of_the_record():
    from lra_ref.engine.loop import FIELDS
    from lra_ref.parts import RATES, WHOLES

    for registry in (RATES, WHOLES):
        for name in registry:
            assert not set(registry[name].example().scalars) & set(FIELDS), name
