"""Runs on disk: ``.npz`` files that go on bit for bit where the run stopped.

A file holds the schema version, the settings of every method, problem and oracle, a fingerprint of the problem (sizes and hashes of its
arrays), seed, labels, blocks, records and every array of the state; nothing is pickled.  It is written beside its place and renamed at
the end, so that a crash or a full disk leaves the previous file as it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.checks import DAMAGED, block_offsets, path_of
from lra_ref.engine.loop import FIELDS
from lra_ref.engine.run import Run, Trajectories
from lra_ref.methods import Method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.oracles.base import as_oracle
from lra_ref.parameters import shown
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.problems import PROBLEMS, Problem, make_problem
from lra_ref.typing import Array

SCHEMA = 1
FORMAT = "lra_ref run"
PATH = str | os.PathLike[str]


def digest(array: Array) -> str:
    """Hash of an array's shape and bits."""
    data = np.ascontiguousarray(array)
    return hashlib.sha256(f"{data.dtype.str}{data.shape}".encode() + data.tobytes()).hexdigest()


def fingerprint(oracle: Oracle) -> dict[str, Any]:
    """What must agree for a run to go on: names, sizes and parameters as they are, arrays by their hash."""
    problem = oracle.problem
    return {
        "problem": problem.name,
        "dimension": problem.dim,
        "samples": problem.samples,
        "kernel": problem.value_kernel.__name__,
        "problem data": digest(problem.data),
        "problem coefficients": digest(problem.par),
        "oracle": oracle.name,
        "oracle kernels": [oracle.draw_kernel.__name__, oracle.perturb_kernel.__name__],
        "oracle coefficients": digest(oracle.par),
        "batch": oracle.batch,
    }


def save(run: Run, path: PATH) -> None:
    """Write a run to ``path`` (``.npz``), atomically.

    Raises ``OSError``, naming the file, if it cannot be written; an earlier file of that name then stays as it was.
    """
    if not isinstance(run, Run):
        raise ValueError(f"run must be a Run, got {shown(run)}")
    problem = run.oracle.problem
    header = {
        "format": FORMAT,
        "schema": SCHEMA,
        "methods": _packed(run.methods),
        "problem": {"name": problem.name, "parameters": problem.parameters.as_dict()},
        "oracle": {"name": run.oracle.name, "parameters": run.oracle.parameters.as_dict()},
        "fingerprint": fingerprint(run.oracle),
        "seed": int(run.seed),
        "every": int(run.every),
        "t": int(run.state.t),
        "records": list(run.records),
        "settings": run.settings,
    }
    arrays = {"labels": run.labels, "offsets": run.offsets, "steps": run.steps}
    arrays.update({f"state.{name}": value for name, value in vars(run.state).items() if name != "t"})
    arrays.update({f"record.{name}": column for name, column in run.records.items()})
    _write(Path(os.path.realpath(path_of(path))), {"header": np.array(json.dumps(header)), **arrays})


def load(path: PATH, oracle: Oracle | Problem | None = None) -> Run:
    """The run that :func:`save` wrote; ``load(path).resume(n)`` is bit for bit the uninterrupted run.

    Parameters
    ----------
    path : the file.
    oracle : oracle (or problem) to go on with; default: built again from the settings in the file.  Needed for a problem that is not
    registered.

    Raises
    ------
    ValueError : the file is no checkpoint, damaged, of another schema, or belongs to another problem or oracle; one line that names the
    file. OSError : the file cannot be read.
    """
    header, arrays = _read(path)
    try:
        source = _rebuild(header) if oracle is None else as_oracle(oracle)
        _compare(header, source)
        return _assemble(header, arrays, source)
    except KeyError as problem:
        raise ValueError(f"{os.fspath(path)}: not a complete checkpoint, {problem} is missing") from None
    except (ValueError, TypeError, AttributeError, IndexError) as problem:
        raise ValueError(f"{os.fspath(path)}: {problem}") from None


def _packed(methods: list[Method]) -> dict[str, Any]:
    """Settings of the methods, each different one once: ``kinds`` and, per trajectory, which of them."""
    kinds: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}
    which = []
    for method in methods:
        settings = {**method.settings(), "notes": method.notes}
        key = json.dumps(settings)
        if key not in numbers:
            numbers[key] = len(kinds)
            kinds.append(settings)
        which.append(numbers[key])
    return {"kinds": kinds, "which": which}


def _unpacked(packed: dict[str, Any]) -> list[Method]:
    made = []
    for settings in packed["kinds"]:
        direction, rate = dict(settings["direction"]), dict(settings["rate"])
        name = rate.pop("name")
        kind = WHOLES[name] if name in WHOLES else RATES[name]
        made.append(Method(settings["method"], DIRECTIONS[direction.pop("name")](**direction), kind(**rate), notes=settings["notes"]))
    return [made[number] for number in packed["which"]]


def _rebuild(header: dict[str, Any]) -> Oracle:
    problem, oracle = header["problem"], header["oracle"]
    if problem["name"] not in PROBLEMS:
        raise ValueError(f"the problem {problem['name']!r} is not registered; give the oracle to load")
    return make_oracle(oracle["name"], make_problem(problem["name"], **problem["parameters"]), **oracle["parameters"])


def _compare(header: dict[str, Any], source: Oracle) -> None:
    """Refuse an oracle that is not the one of the file, naming what differs."""
    here, there = fingerprint(source), header["fingerprint"]
    differing = [name for name in here if here[name] != there.get(name)]
    if not differing:
        return
    given = {"problem": source.problem.parameters.as_dict(), "oracle": source.parameters.as_dict()}
    for kind, values in json.loads(json.dumps(given)).items():
        known = header[kind]["parameters"]
        for name in sorted(set(known) | set(values)):
            if known.get(name) != values.get(name):
                here[f"{kind} parameter {name}"], there[f"{kind} parameter {name}"] = values.get(name), known.get(name)
                differing.append(f"{kind} parameter {name}")
    listed = "; ".join(f"{name}: {_short(there.get(name))} in the file, {_short(here[name])} here" for name in differing)
    raise ValueError(f"the run belongs to another problem or oracle ({listed}); give its own to load")


def _assemble(header: dict[str, Any], arrays: dict[str, Array], source: Oracle) -> Run:
    methods = _unpacked(header["methods"])
    offsets = block_offsets(arrays["offsets"], source.problem.dim)
    steps = arrays["steps"]
    state = Trajectories(header["t"], **{f.name: arrays[f"state.{f.name}"] for f in fields(Trajectories) if f.name != "t"})
    records = {name: arrays[f"record.{name}"] for name in header["records"]}
    expected = Trajectories.start(methods[0], np.zeros((len(methods), source.problem.dim)), offsets)
    shapes = {f"state.{name}": (getattr(state, name), value) for name, value in vars(expected).items() if name != "t"}
    shapes.update({f"record.{name}": (column, np.zeros((len(methods), steps.size), column.dtype)) for name, column in records.items()})
    shapes["labels"] = arrays["labels"], np.zeros(len(methods), np.int64)
    for name, (found, wanted) in shapes.items():
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            raise ValueError(f"{name} is {found.dtype} of shape {found.shape}, expected {wanted.dtype} of shape {wanted.shape}")
    names = [*FIELDS[1:], *methods[0].rate.columns[1:]]
    if sorted(records) != sorted(names):
        raise ValueError(f"it records {', '.join(sorted(records))}, expected {', '.join(sorted(names))}")
    return Run(methods, source, header["seed"], arrays["labels"], offsets, header["every"], steps, records, state, header["settings"])


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] + "..." if len(text) == 64 and " " not in text else text


def _write(path: Path, arrays: dict[str, Array]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _settle(path.parent)
    except OSError as problem:
        raise OSError(problem.errno, f"could not write the checkpoint, {problem.strerror or problem}", os.fspath(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Make the renaming itself durable, where a folder can be opened (not on Windows)."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(path: PATH) -> tuple[dict[str, Any], dict[str, Array]]:
    name = path_of(path)
    try:
        # the whole file and whole members first: a damaged archive points anywhere, and check sums are verified before anything is believed
        with zipfile.ZipFile(io.BytesIO(Path(path).read_bytes())) as archive:
            members = {member.removesuffix(".npy"): io.BytesIO(archive.read(member)) for member in archive.namelist()}
        arrays = {member: np.lib.format.read_array(content, allow_pickle=False) for member, content in members.items()}
        header = json.loads(str(arrays.pop("header")[()])) if "header" in arrays else None
    except DAMAGED as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise ValueError(f"{name}: not a checkpoint, or damaged: {reason}") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"{name}: not a checkpoint of lra_ref")
    schema = header.get("schema")
    if schema != SCHEMA:
        newer = isinstance(schema, int) and schema > SCHEMA
        what = "newer than this lra_ref reads; update it" if newer else "unknown"
        raise ValueError(f"{name}: its schema {schema!r} is {what} (this one is {SCHEMA})")
    return header, arrays
