"""Checkpoints: exact return, atomic writing, and refusals that name file and reason."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lra_ref.engine.checkpoint import SCHEMA, load, save
from lra_ref.engine.run import run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.parameters import Parameters
from lra_ref.problems import make_problem
from tests.engine.cases import assert_same_run, edge, methods, noisy


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_a_run_comes_back_whole(method: Method, tmp_path: Path) -> None:
    done = run(method, noisy(), steps=12, trajectories=3, seed=5, every=5, first=2)
    save(done, tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    assert_same_run(again, done)
    assert [m.settings() for m in again.methods] == [m.settings() for m in done.methods]
    assert [m.notes for m in again.methods] == [m.notes for m in done.methods]
    assert (again.seed, again.every, again.labels.tolist(), again.offsets.tolist()) == (5, 5, [2, 3, 4], [0, 5])
    assert again.settings == done.settings
    assert os.listdir(tmp_path) == ["run.npz"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@settings(max_examples=40, deadline=None)
@given(method=st.sampled_from(methods()), before=st.integers(0, 15), after=st.integers(0, 15), every=st.integers(1, 6))
def test_going_on_from_a_file_equals_one_long_run(folder: Path, method: Method, before: int, after: int, every: int) -> None:
    case: dict[str, Any] = {"trajectories": 2, "seed": 2**63 + 1, "every": every, "offsets": [0, 1, 5]}
    save(run(method, noisy(), steps=before, **case), folder / "run.npz")
    assert_same_run(load(folder / "run.npz").resume(after), run(method, noisy(), steps=before + after, **case))


ORACLES = {
    "student": lambda: make_oracle("student", make_problem("rosenbrock", dim=3), df=3.0),
    "reshuffled rows": lambda: make_oracle("minibatch", make_problem("logistic", n=20, dim=3), batch=6, replacement="reshuffle"),
    "lists": lambda: make_oracle("exact", make_problem("quadratic", spectrum=[1.0, 0.1, 3.7], x_star=[0.1, 0.2, 0.3])),
}


@pytest.mark.parametrize("name", ORACLES)
def test_problem_and_oracle_are_built_again_from_their_settings(name: str, tmp_path: Path) -> None:
    method, oracle = compose("sgd", "gala", eta_0=1e-3), ORACLES[name]()
    save(run(method, oracle, steps=4, trajectories=2), tmp_path / "run.npz")
    assert_same_run(load(tmp_path / "run.npz").resume(5), run(method, oracle, steps=9, trajectories=2))


def test_a_sweep_comes_back_with_the_parameters_of_every_trajectory(tmp_path: Path) -> None:
    sweep = [compose("adam", lr=lr, beta1=beta1) for lr, beta1 in ((0.1, 0.9), (1 / 3, 0.9), (0.1, 0.9), (0.1, 0.3))]
    save(run(sweep, noisy(), steps=4), tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    assert [m.settings() for m in again.methods] == [m.settings() for m in sweep]
    assert_same_run(again.resume(3), run(sweep, noisy(), steps=7))


def test_stopped_trajectories_stay_stopped(tmp_path: Path) -> None:
    case: dict[str, Any] = {"x0": [[0.0, 0, 0], [1, 1, 1]], "trajectories": 2}
    save(run(compose("sgd", lr=2.5), edge(), steps=8, **case), tmp_path / "run.npz")
    again = load(tmp_path / "run.npz", edge())
    assert_same_run(again.resume(4), run(compose("sgd", lr=2.5), edge(), steps=12, **case))


def test_another_process_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    method = make_method("gala_sgd", eta_0=0.01)
    save(run(method, noisy(), steps=6, trajectories=2), tmp_path / "a.npz")
    code = "import sys, lra_ref; lra_ref.save(lra_ref.load(sys.argv[1]).resume(9), sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.npz", tmp_path / "b.npz"], check=True)
    assert_same_run(load(tmp_path / "b.npz"), run(method, noisy(), steps=15, trajectories=2))


def test_a_problem_of_the_users_own_is_given_to_load(tmp_path: Path) -> None:
    save(run(compose("sgd", lr=0.1), edge(), steps=2), tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"run\.npz: the problem 'edge' is not registered; give the oracle to load"):
        load(tmp_path / "run.npz")
    assert_same_run(load(tmp_path / "run.npz", edge()).resume(1), run(compose("sgd", lr=0.1), edge(), steps=3))
    with pytest.raises(ValueError, match=r"run\.npz: the run belongs to another problem or oracle \(problem coefficients: "):
        load(tmp_path / "run.npz", edge(edge=11.0))


OTHERS: list[tuple[Oracle, str]] = [
    (
        make_oracle("gaussian", make_problem("ellipsoid", dim=5, condition=11.0), sigma=0.5),
        "problem parameter condition: 10.0 in the file, 11.0 here",
    ),
    (make_oracle("gaussian", make_problem("ellipsoid", dim=6, condition=10.0), sigma=0.5), "dimension: 5 in the file, 6 here"),
    (make_oracle("gaussian", make_problem("sphere", dim=5), sigma=0.5), "problem: ellipsoid in the file, sphere here"),
    (
        make_oracle("gaussian", make_problem("ellipsoid", dim=5, condition=10.0), sigma=0.4),
        "oracle parameter sigma: 0.5 in the file, 0.4 here",
    ),
    (make_oracle("exact", make_problem("ellipsoid", dim=5, condition=10.0)), "oracle: gaussian in the file, exact here"),
    (dataclasses.replace(noisy(), problem=dataclasses.replace(noisy().problem, data=np.zeros((1, 1)))), "problem data: "),
]


@pytest.mark.parametrize(("other", "message"), OTHERS, ids=[message[:24] for _, message in OTHERS])
def test_another_problem_or_oracle_is_refused_by_name(other: Oracle, message: str, tmp_path: Path) -> None:
    save(run(compose("sgd"), noisy(), steps=2), tmp_path / "run.npz")
    with pytest.raises(ValueError, match="the run belongs to another problem or oracle") as caught:
        load(tmp_path / "run.npz", other)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unregistered_parts_are_named(tmp_path: Path) -> None:
    save(run(compose("sgd"), noisy(), steps=2), tmp_path / "run.npz")
    _edit_header(tmp_path / "run.npz", lambda header: header["methods"]["kinds"][0]["rate"].update(name="constnat"))
    with pytest.raises(ValueError, match=r"run\.npz: unknown rate 'constnat'; did you mean constant"):
        load(tmp_path / "run.npz")


# --- damaged and foreign files ----------------------------------------------------------------------------------------------------
def _edit_header(path: Path, change: Any) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    change(header)
    np.savez(path, **{**arrays, "header": np.array(json.dumps(header))})


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "run.npz"
    save(run(make_method("gala_sgd", eta_0=0.01), noisy(), steps=6, trajectories=2), path)
    return path


def _refused(path: Path, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("schema", [SCHEMA + 1, 10**6])
def test_a_newer_schema_is_refused(checkpoint: Path, schema: int) -> None:
    _edit_header(checkpoint, lambda header: header.update(schema=schema))
    _refused(checkpoint, f"its schema {schema} is newer than this lra_ref reads; update it")


@pytest.mark.parametrize("schema", [0, -1, "1", None, 1.5])
def test_an_unknown_schema_is_refused(checkpoint: Path, schema: Any) -> None:
    _edit_header(checkpoint, lambda header: header.update(schema=schema))
    _refused(checkpoint, "its schema .* is unknown")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"PK\x03\x04",
        bytes(range(256)) * 20,
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
    ],
    ids=["empty", "text", "start of a zip", "noise", "npy"],
)
def test_foreign_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    _refused(path, "not a checkpoint")


def test_other_archives_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    _refused(tmp_path / "other.npz", "not a checkpoint of lra_ref")
    np.savez(tmp_path / "pickle.npz", header=np.array([{}], dtype=object))
    _refused(tmp_path / "pickle.npz", "not a checkpoint, or damaged")
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("header", "no array")
    _refused(tmp_path / "text.npz", "not a checkpoint, or damaged")


def test_every_truncation_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    whole = checkpoint.read_bytes()
    for size in range(0, len(whole), 97):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        _refused(tmp_path / "cut.npz", "not a checkpoint")


def test_no_flipped_byte_changes_a_number_in_silence(checkpoint: Path, tmp_path: Path) -> None:
    whole, good = checkpoint.read_bytes(), load(checkpoint)
    for at in range(0, len(whole), 61):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        (tmp_path / "bad.npz").write_bytes(damaged)
        try:
            found = load(tmp_path / "bad.npz")
        except ValueError as problem:
            assert "bad.npz: " in str(problem)  # noqa: PT017  # either it is refused by name, or nothing was lost
        else:
            assert_same_run(found, good)


def test_missing_and_wrong_members_are_named(checkpoint: Path) -> None:
    with np.load(checkpoint) as file:
        arrays = dict(file)
    np.savez(checkpoint, **{name: array for name, array in arrays.items() if name != "state.x"})
    _refused(checkpoint, r"not a complete checkpoint, 'state\.x' is missing")
    np.savez(checkpoint, **{**arrays, "state.x": np.zeros((2, 4))})
    _refused(checkpoint, r"state\.x is float64 of shape \(2, 4\), expected float64 of shape \(2, 5\)")
    np.savez(checkpoint, **{**arrays, "state.counts": np.zeros((2, 2))})
    _refused(checkpoint, r"state\.counts is float64 of shape \(2, 2\), expected int64")
    np.savez(checkpoint, **{**arrays, "record.loss": np.zeros((2, 3))})
    _refused(checkpoint, r"record\.loss is float64 of shape \(2, 3\), expected float64 of shape \(2, 7\)")
    np.savez(checkpoint, **arrays)
    _edit_header(checkpoint, lambda header: header["records"].remove("curvature"))
    _refused(checkpoint, "it records .*, expected .*curvature")
    np.savez(checkpoint, **arrays)
    _edit_header(checkpoint, lambda header: header.pop("seed"))
    _refused(checkpoint, "not a complete checkpoint, 'seed' is missing")


def test_a_file_that_cannot_be_read_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load(tmp_path / "none.npz")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)


# --- writing ----------------------------------------------------------------------------------------------------------------------
def test_a_full_disk_keeps_the_previous_file(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint.read_bytes()
    longer = load(checkpoint).resume(5)
    for where in ("fsync", "replace"):
        with monkeypatch.context() as patch:

            def full(*arguments: Any) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            patch.setattr(os, where, full)
            with pytest.raises(OSError, match="could not write the checkpoint, No space left on device") as caught:
                save(longer, checkpoint)
        assert caught.value.errno == errno.ENOSPC
        assert str(checkpoint) in str(caught.value)
        assert os.listdir(checkpoint.parent) == [checkpoint.name]
        assert checkpoint.read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_device_that_is_full_while_writing(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint.read_bytes()
    opened = open

    def onto_full(path: Any, mode: str = "r") -> Any:
        return opened("/dev/full", "wb") if "x" in mode else opened(path, mode)

    done = load(checkpoint)
    monkeypatch.setattr("builtins.open", onto_full)
    with pytest.raises(OSError, match="could not write the checkpoint"):
        save(done, checkpoint)
    monkeypatch.undo()
    assert checkpoint.read_bytes() == before


def test_a_folder_that_does_not_exist(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"could not write the checkpoint.*none.*run\.npz"):
        save(load(checkpoint), tmp_path / "none" / "run.npz")


def test_an_interrupted_writing_leaves_nothing(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint.read_bytes()
    done = load(checkpoint)

    def interrupted(*arguments: Any, **named: Any) -> None:
        arguments[0].write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(done, checkpoint)
    assert os.listdir(checkpoint.parent) == [checkpoint.name]
    assert checkpoint.read_bytes() == before


def test_a_link_is_followed(checkpoint: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.npz"
    link.symlink_to(checkpoint)
    save(load(checkpoint).resume(1), link)
    assert link.is_symlink()
    assert load(checkpoint).state.t == 7


def test_nothing_is_pickled(checkpoint: Path) -> None:
    with zipfile.ZipFile(checkpoint) as archive:
        for member in archive.namelist():
            np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)


def test_registered_problems_carry_their_parameters() -> None:
    problem = make_problem("ellipsoid", dim=3)
    assert problem.parameters.as_dict() == {"dim": 3, "condition": 1e6}
    assert edge().parameters == Parameters()
