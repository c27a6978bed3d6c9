"""A conformance vector as text and as bytes: JSON with hexadecimal floats, and ``.npz``; the same bytes on every run.

``docs/vectors.md`` has the table of fields.  Floats are written as C's ``%a`` does (without trailing zeros), so that nothing is rounded;
hyper-parameters are JSON numbers, the shortest decimals that read back as the same float64.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from lra_ref import __version__
from lra_ref.engine.optimizer import BOTH, LOSS, PRODUCT
from lra_ref.typing import Array
from lra_ref.vectors.record import Answered, Vector
from lra_ref.vectors.scenarios import OFFSETS, START

SCHEMA = 1
FORMAT = "lra_ref vector"
#: what the columns 1 and 3 of "evaluation.index" count
SAMPLES, NEEDS = ("step", "fresh", "full"), (LOSS, BOTH, PRODUCT)
#: the earliest time that a zip archive can name
DATE = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR = 3, 0o100644 << 16


def written(value: float) -> str:
    """A float64 as text: ``0x1.8p+0``, ``nan``, ``inf``, ``-inf``."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{exponent}"


def rows(array: Any) -> Any:
    """Nested lists of :func:`written` numbers."""
    return written(float(array)) if np.ndim(array) == 0 else [rows(entry) for entry in array]


def header(vector: Vector) -> dict[str, Any]:
    """All that is no trajectory."""
    settings, status = vector.settings, vector.status
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": vector.name,
        "method": vector.configuration.method,
        "label": vector.configuration.label,
        "scenario": vector.scenario.name,
        "scenario_text": vector.scenario.text,
        "provenance": {"package": "lra_ref", "version": __version__, **vector.sources},
        "direction": settings["direction"],
        "rate": settings["rate"],
        "constants": {kind: rows(values) for kind, values in vector.constants.items()},
        "dimension": OFFSETS[-1],
        "offsets": list(OFFSETS),
        "steps": vector.steps,
        "status": {"code": int(status), "message": status.message},
        "x0": rows(START),
        "output": vector.output,
        "uniforms": None if vector.uniforms is None else rows(vector.uniforms),
    }


def as_json(vector: Vector) -> bytes:
    """The vector as JSON, one row of numbers to a line."""
    fields = [f"{json.dumps(key)}: {_line(value)}" for key, value in header(vector).items()]
    fields.append(f'"evaluations": [\n{_lines(map(_evaluation, vector.evaluations))}\n]')
    quantities = [f"{json.dumps(name)}: [\n{_lines(rows(array))}\n]" for name, array in vector.quantities.items()]
    fields.append('"quantities": {\n' + ",\n".join(quantities) + "\n}")
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode()


def _evaluation(answer: Answered) -> dict[str, Any]:
    asked = answer.asked
    found = {
        "step": answer.step,
        "sample": list(asked.sample),
        "needs": asked.needs,
        "x": None if answer.present else rows(asked.x),
        "loss": None if answer.loss is None else written(answer.loss),
        "gradient": None if answer.vector is None or asked.v is not None else rows(answer.vector),
    }
    return found if asked.v is None else {**found, "v": rows(asked.v), "product": rows(answer.vector)}


def _line(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _lines(values: Iterable[Any]) -> str:
    return ",\n".join(map(_line, values))


def as_npz(vector: Vector) -> bytes:
    """The vector as an uncompressed ``.npz`` archive with a fixed date."""
    answers = vector.evaluations
    nothing = np.full(OFFSETS[-1], np.nan)
    arrays: dict[str, Array] = {
        "header": np.array(json.dumps(header(vector)).encode()),
        # step; kind of the sample; its step; what was needed
        "evaluation.index": np.array(
            [(a.step, SAMPLES.index(a.asked.sample[0]), a.asked.sample[1], NEEDS.index(a.asked.needs)) for a in answers], dtype=np.int64
        ),
        "evaluation.x": np.stack([a.asked.x for a in answers]),
        "evaluation.loss": np.array([np.nan if a.loss is None else a.loss for a in answers]),
        "evaluation.gradient": np.stack([nothing if a.vector is None else a.vector for a in answers]),
    }
    if any(a.asked.v is not None for a in answers):
        arrays["evaluation.v"] = np.stack([nothing if a.asked.v is None else a.asked.v for a in answers])
    arrays.update(vector.quantities)
    return archive(arrays)


def archive(arrays: dict[str, Array]) -> bytes:
    """Arrays as the bytes of a ``.npz`` file: little-endian, 64 bits wide, stored without compression, in the order given.

    ``np.savez`` would write the time of day, and compression depends on the library that does it.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, array in arrays.items():
            kind = {"f": "<f8", "i": "<i8"}.get(array.dtype.kind, array.dtype.str)
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C").astype(kind), version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", DATE)
            entry.create_system, entry.external_attr = UNIX, REGULAR
            packed.writestr(entry, member.getvalue())
    return file.getvalue()
