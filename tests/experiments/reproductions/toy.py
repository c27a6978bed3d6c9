"""A reproduction of three rows, for the tests of the frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from experiments.reproductions.frame import Column, Judgement, Reproduction, Row
from experiments.reproductions.page import BEGIN, END, markdown

PAGE = f"# Toy\n\nBefore.\n\n{BEGIN.format('')}\n{END}\n\n![squares](toy.svg)\n"


def tasks(preset: str) -> list[int]:
    return [1, 2, 3] if preset == "full" else [1, 2]


def compute(n: int) -> Iterator[dict[str, Any]]:
    yield {"n": str(n), "square": n * n / 3, "word": "even" if n % 2 == 0 else "odd", "spread": "0", "by": "toy 1"}


def judge(rows: list[Row]) -> list[Judgement]:
    grows = all(float(a["square"]) < float(b["square"]) for a, b in pairwise(rows))
    return [Judgement("squares grow", f"{len(rows)} of them", "yes" if grows else "no")]


def tables(rows: list[Row]) -> str:
    return markdown(("n", "square"), [(row["n"], row["square"]) for row in rows])


def figures(rows: list[Row]) -> dict[str, Any]:
    from lra_ref.views import Band, learning_curves

    x, y = [float(row["n"]) for row in rows], [float(row["square"]) for row in rows]
    return {"toy.svg": learning_curves({"squares": Band.of(x, y)})}


def toy(folder: Path, **changes: Any) -> Reproduction:
    """The reproduction with its files in a folder."""
    settings: dict[str, Any] = {
        "name": "toy",
        "title": "squares",
        "source": "nobody",
        "columns": (
            Column("n", "key"),
            Column("square", "number", rtol=1e-9, spread="spread", why="ten digits"),
            Column("word"),
            Column("spread"),
            Column("by", "program"),
        ),
        "tasks": tasks,
        "compute": compute,
        "judge": judge,
        "tables": tables,
        "figures": figures,
        "folder": folder,
        "page": folder / "toy.md",
        "quick": lambda row: int(row["n"]) < 3,
    }
    return Reproduction(**{**settings, **changes})
