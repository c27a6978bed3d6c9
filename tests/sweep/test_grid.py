"""What may be swept: rates, names, parameters and whom they are for."""

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.methods import METHODS, make_method, method_names
from lra_ref.parts import WHOLES
from lra_ref.sweep import Grid, initial_rates
from lra_ref.sweep import grid as grids
from lra_ref.sweep.grid import parameters_of, rate_parameter


def grid(**changed):
    values = {"methods": ("sgd", "adam"), "problems": ("sphere",), "lr": (0.1, 1.0), "steps": 10, "seeds": 3}
    return Grid(**{**values, **changed})


def test_rates_are_round_where_round_ones_are_meant():
    assert initial_rates("1e-6:1:7") == (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
    assert initial_rates("0.3:30:3") == (0.3, 3.0, 30.0)
    assert initial_rates("1e-9:1e9:19") == tuple(float(f"1e{power}") for power in range(-9, 10))
    assert initial_rates("0.1,0.01, 3") == (0.1, 0.01, 3.0)
    assert initial_rates("0.25") == initial_rates(0.25) == initial_rates([0.25]) == (0.25,)
    assert initial_rates(()) == ()


@given(st.floats(1e-12, 1), st.floats(1.5, 1e12), st.integers(2, 60))
def test_rates_are_evenly_spaced_in_the_logarithm(low, ratio, count):
    high = low * ratio
    rates = initial_rates(f"{low!r}:{high!r}:{count}")
    assert (rates[0], rates[-1], len(rates)) == (low, high, count)
    steps = [math.log(b / a) for a, b in itertools.pairwise(rates)]
    # half a unit of the twelfth digit is at most 5e-12 of a rate, and two of them are compared; what else is rounded: numbers below 64
    assert max(abs(step - math.log(ratio) / (count - 1)) for step in steps) <= 1e-11 + 16 * 64 * 2.3e-16


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("1:2", "lr must look like LOW:HIGH:N"),
        ("1:2:1", r"N in \[2, 10000\]"),
        ("1:2:x", "lr must look like LOW:HIGH:N"),
        ("1:2:100000", "lr must look like LOW:HIGH:N"),
        ("2:1:3", "lr must have 0 < LOW < HIGH"),
        ("0:1:3", "lr must have 0 < LOW < HIGH"),
        ("1:inf:3", "lr must have 0 < LOW < HIGH"),
        ("a,b", "lr must be LOW:HIGH:N or numbers"),
        ("", "lr must be LOW:HIGH:N or numbers"),
        ([0.0], "finite rate above 0, got 0"),
        ([-1.0], "finite rate above 0, got -1"),
        ([math.nan], "finite rate above 0, got nan"),
        ([0.1, 0.1], "got 0.1 twice"),
    ],
)
def test_what_is_no_rate_is_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        initial_rates(spec)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"methods": ("adm",)}, "unknown method 'adm'; did you mean .*adam"),
        ({"problems": ("spere",)}, "unknown problem 'spere'; did you mean sphere"),
        ({"methods": ()}, "name at least one method"),
        ({"methods": ("sgd", "sgd")}, "the method sgd is named twice"),
        ({"oracle": "gausian"}, "unknown oracle 'gausian'; did you mean gaussian"),
        ({"oracle_set": {"sigma": 1}}, "oracle_set needs the oracle that it is for"),
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"steps": 2**48}, r"steps must be below 2\^48"),
        ({"seeds": 0}, "seeds must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 2**64}, r"seed must be below 2\^64"),
        ({"set": {"beta1": 7}}, r"beta1 must be in \[0, 1\), got 7"),
        ({"set": {"bta1": 0.5}}, "unknown parameter of these methods 'bta1'; did you mean beta1"),
        ({"set": {"sgd.beta1": 0.5}}, "unknown parameter of sgd 'beta1'"),
        ({"set": {"adamm.beta1": 0.5}}, "unknown method in 'adamm.beta1' 'adamm'; did you mean adam"),
        ({"set": {"lr": 0.5}}, "lr of sgd is its initial rate: it is given by lr, not by set"),
        ({"problem_set": {"dmi": 3}}, "unknown parameter of these problems 'dmi'; did you mean dim"),
        ({"oracle": "gaussian", "oracle_set": {"sgma": 3}}, "unknown parameter of .* 'sgma'; did you mean sigma"),
        ({"methods": ("cosine_sgd",)}, "cosine needs the parameter T_max"),
        ({"lr": ()}, "sgd has an initial rate, lr: give at least one by lr, as in lr=1e-3:1:4"),
    ],
)
def test_what_does_not_fit_is_one_line(changed, message):
    with pytest.raises(ValueError, match=message) as caught:
        grid(**changed).cells()
    assert "\n" not in str(caught.value)


def test_parameters_go_to_those_that_have_them():
    cells = grid(methods=("sgd", "adam", "amsgrad"), set={"eps": 1e-6, "adam.eps": 1e-4, "beta1": 0.5}).cells()
    sets = {cell.method: cell.method_set for cell in cells}
    assert sets == {"sgd": {}, "adam": {"eps": 1e-4, "beta1": 0.5}, "amsgrad": {"eps": 1e-6, "beta1": 0.5}}
    cells = grid(problems=("sphere", "rosenbrock"), problem_set={"sphere.dim": 4}).cells()
    assert {cell.problem: cell.problem_set for cell in cells} == {"sphere": {"dim": 4}, "rosenbrock": {}}


def test_cells_run_over_the_whole_grid_and_have_keys_of_their_own():
    made = grid(methods=("sgd", "gala_sgd", "autogd", "dog_sgd"), problems=("sphere", "rosenbrock"), oracle="gaussian")
    cells = made.cells()
    assert [(cell.method, cell.parameter, cell.lr) for cell in cells if cell.problem == "rosenbrock"] == [
        ("sgd", "lr", 0.1), ("sgd", "lr", 1.0), ("gala_sgd", "eta_0", 0.1), ("gala_sgd", "eta_0", 1.0),
        ("autogd", "gamma_0", 0.1), ("autogd", "gamma_0", 1.0), ("dog_sgd", None, None),
    ]  # fmt: skip
    assert len({cell.key for cell in cells}) == len(cells) == 14
    assert [cell.key for cell in made.cells()] == [cell.key for cell in cells]
    wider = grid(methods=("adam", "sgd"), lr=(1.0, 0.5), oracle="gaussian")
    assert {cell.key for cell in wider.cells()} & {cell.key for cell in cells} == {cells[1].key}


@pytest.mark.parametrize(
    "changed",
    [{"steps": 11}, {"seeds": 4}, {"seed": 1}, {"oracle_set": {"sigma": 0.5}}, {"problem_set": {"dim": 3}}, {"set": {"weight_decay": 0.1}}],
)
def test_whatever_determines_a_record_is_in_its_key(changed):
    before = grid(methods=("sgd",), lr=(0.1,), oracle="gaussian").cells()
    after = grid(**{"methods": ("sgd",), "lr": (0.1,), "oracle": "gaussian", **changed}).cells()
    assert before[0].key != after[0].key


def test_other_code_or_libraries_give_other_keys(monkeypatch):
    before = grid().cells()
    monkeypatch.setattr(grids, "determining", lambda: {"code": "other"})
    assert {cell.key for cell in before} & {cell.key for cell in grid().cells()} == set()


def test_seeds_that_would_all_be_the_same_are_run_once():
    def seeds(method, **changed):
        return {cell.seeds for cell in grid(methods=(method,), **changed).cells()}

    assert seeds("sgd") == {1}
    assert seeds("gala_sgd") == {3}  # it draws a uniform number in every step
    assert seeds("sgd", oracle="gaussian") == {3}
    assert seeds("sgd", problems=("logistic",)) == {3}


def test_the_default_oracle_is_a_minibatch_where_there_are_rows():
    cells = grid(problems=("sphere", "logistic")).cells()
    assert {(cell.problem, cell.oracle) for cell in cells} == {("sphere", "exact"), ("logistic", "minibatch")}
    assert cells[-1].oracle_set["batch"] == 32


def test_settings_are_plain_data_without_what_may_be_added():
    settings = grid(oracle="gaussian", oracle_set={"sigma": 0.5}).settings
    assert settings == json.loads(json.dumps(settings))
    assert set(settings) == {"steps", "seeds", "seed", "oracle", "set", "problem_set", "oracle_set"}


@pytest.mark.parametrize("name", [*list(METHODS), *list(WHOLES), *method_names()[::7]])
def test_parameters_of_a_method_are_those_that_it_takes(name):
    names = parameters_of(name)
    for parameter in [*names, "no_such_parameter"]:
        with pytest.raises((ValueError, TypeError)) as caught:
            make_method(name, **{parameter: object()})
        # an unknown name is refused as such, a known one for its value or because another is missing
        unknown = "unknown parameter" in str(caught.value) or "unexpected keyword" in str(caught.value)
        assert unknown == (parameter == "no_such_parameter"), (parameter, str(caught.value))
    assert rate_parameter(name) in (None, "lr", "eta_0", "gamma_0")


def test_a_rate_that_the_default_would_not_allow_is_swept():
    made = grid(methods=("clara_adam",), lr=(0.5, 2.0), set={"lr_max": 0.9})  # the default is lr = 1
    assert [cell.lr for cell in made.cells()] == [0.5, 2.0]
    with pytest.raises(ValueError, match=r"lr must be between lr_min = 0 and lr_max = 0.9, got 2"):
        grid(methods=("clara_adam",), lr=(2.0, 3.0), set={"lr_max": 0.9}).cells()
