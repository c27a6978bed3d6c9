"""Conformance vectors: what a method was given and what it did, in files with which a program in any language can be checked.

``export(folder)`` writes them, ``check(folder, results)`` compares numbers that were computed elsewhere; ``docs/vectors.md`` describes the
files, ``lra-ref vectors`` is the command.
"""

from lra_ref.vectors.compare import Difference, Report, check
from lra_ref.vectors.folder import export
from lra_ref.vectors.numbers import ulps
from lra_ref.vectors.results import read_results

__all__ = ["Difference", "Report", "check", "export", "read_results", "ulps"]
