r"""Reading a LIBSVM file (``label index:value index:value ...  # comment``, one sample per line; plain, ``.gz`` or ``.bz2``).

scikit-learn's ``load_svmlight_file`` (extra ``data``) does the parsing.  Its messages do not say where the fault is, so this module
finds the first broken line.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import math
import os
import re
import zlib
from typing import Any

import numpy as np

from lra_ref.typing import Array

#: entries of the dense matrix: 2^27 numbers of 8 bytes are 1 GiB
LARGEST_MATRIX = 2**27
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def datasets() -> Any:
    """``sklearn.datasets``; ``ImportError`` with one clear line if scikit-learn is missing."""
    try:
        return importlib.import_module("sklearn.datasets")
    except ImportError:
        raise ImportError("real data needs scikit-learn: pip install 'lra_ref[data]'") from None


def read_libsvm(path: str) -> tuple[Array, Array]:
    """Dense features ``(n, d)`` and labels ``(n,)`` of a LIBSVM file.

    Indices may start at 0 or 1 (an index 0 anywhere decides).  Raises ``ValueError`` with the name of the file, and the line where one is
    broken: labels and values must be finite numbers, indices whole and rising.
    """
    content = _content(path)
    loader = datasets()
    if b"_" in content:  # scikit-learn would read 2_0 as 20
        _check_lines(path, content)
    try:
        sparse, labels = loader.load_svmlight_file(io.BytesIO(content))
    except (ValueError, OverflowError) as problem:
        _check_lines(path, content)
        raise ValueError(f"{path} is not a LIBSVM file: {problem}") from None
    n, dim = sparse.shape
    if n == 0:
        raise ValueError(f"{path} holds no samples")
    if n * dim > LARGEST_MATRIX:
        _check_lines(path, content)  # a single index may be to blame
        raise ValueError(f"{path} is too large for a dense matrix: {n} samples of {dim} features")
    if not (np.all(np.isfinite(sparse.data)) and np.all(np.isfinite(labels))):
        _check_lines(path, content)
    return np.ascontiguousarray(sparse.toarray(), dtype=float), np.ascontiguousarray(labels, dtype=float)


def _content(path: str) -> bytes:
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
    try:
        if os.path.isdir(path):
            raise ValueError(f"{path} is a directory, not a LIBSVM file")
        with openers.get(os.path.splitext(path)[1], open)(path, "rb") as file:
            content: bytes = file.read()
    except (OSError, EOFError, zlib.error) as problem:
        raise ValueError(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}") from None
    return content


def _check_lines(path: str, content: bytes) -> None:
    """Raise ``ValueError`` for the first broken line, if there is one."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        fault = _fault(line)
        if fault:
            raise ValueError(f"{path}, line {number}: {fault}")


def _fault(line: bytes) -> str:
    """What is wrong with a line, or the empty text."""
    words = line.split(b"#", 1)[0].split()
    if not words:
        return ""
    label, *pairs = words
    if not _is_number(label):
        return f"the label must be a finite number, got {_shown(label)}"
    if pairs and pairs[0].startswith(b"qid:"):
        pairs = pairs[1:]
    before = -1
    for pair in pairs:
        index, _, value = pair.partition(b":")
        if not index.isdigit() or not _is_number(value):
            return f"expected index:value with a whole number and a finite number, got {_shown(pair)}"
        if int(index[:20]) >= LARGEST_MATRIX:
            return f"the index is too large for a dense matrix, got {_shown(pair)}"
        if int(index) <= before:
            return f"the indices must rise, got {_shown(pair)} after index {before}"
        before = int(index)
    return ""


def _is_number(text: bytes) -> bool:
    return NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def _shown(text: bytes) -> str:
    """At most 40 characters of it, printable."""
    return repr(text[:40])[1:] + ("..." if len(text) > 40 else "")
