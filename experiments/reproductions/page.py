"""What the pages of the reproductions show: a generated block between markers, and figures, both from the committed full table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reproductions.frame import Judgement, Reproduction, Row
from lra_ref.runs.store import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEGIN, END = "<!-- generated: {} -->", "<!-- end of the generated part -->"
#: a figure is drawn again and compared, coordinates to this many points: 1/20 of a line's width
POINTS = 0.05
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def judgements(judged: Sequence[Judgement]) -> str:
    """The table of the conclusions."""
    return markdown(("published", "measured here", "agrees"), [(entry.published, entry.measured, entry.agrees) for entry in judged])


def drawn_by() -> str:
    """The program that draws figures: another version of it draws other ones."""
    return f"matplotlib {version('matplotlib')}" if find_spec("matplotlib") else "no matplotlib"


def block(reproduction: Reproduction, rows: Sequence[Row]) -> str:
    """The generated part of the page, without its markers."""
    parts = [judgements(reproduction.judge(rows)), reproduction.tables(rows)]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _split(reproduction: Reproduction) -> tuple[str, str, str, str]:
    """The page: before the block, what drew the figures, the block, after it."""
    path = reproduction.page_path
    if not path.exists():
        raise ValueError(f"{path.name} does not exist; write the page with the lines {BEGIN.format('')!r} and {END!r}")
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"{re.escape('<!-- generated:')} ?(.*?) ?-->\n(.*?){re.escape(END)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{path.name} must hold the lines {BEGIN.format('')!r} and {END!r}")
    return text[: found.start()], found[1], found[2].strip(), text[found.end() :]


def write(reproduction: Reproduction) -> list[Path]:
    """Write the generated block and the figures, from the committed full table."""
    rows = reproduction.stored()
    before, _, _, after = _split(reproduction)
    figures = reproduction.figures(rows)
    begin = BEGIN.format(drawn_by() if figures else "no figures")
    write_atomically(reproduction.page_path, f"{before}{begin}\n{block(reproduction, rows)}\n{END}{after}")
    written = [reproduction.page_path]
    for name, figure in figures.items():
        written.append(reproduction.page_path.parent / name)
        write_atomically(written[-1], svg(figure))
    return written


def svg(figure: Figure) -> str:
    """The figure as SVG, the same text for the same data, without blanks at the ends of lines."""
    from lra_ref.views import svg as as_text

    return "\n".join(line.rstrip() for line in as_text(figure).splitlines()) + "\n"


def draw(reproduction: Reproduction, path: Path) -> None:
    """Draw one figure of the committed full table to a file of any format; the file's name says which, where there are several."""
    figures = reproduction.figures(reproduction.stored())
    if not figures:
        raise ValueError(f"{reproduction.name} has no figure")
    matching = [figure for name, figure in figures.items() if Path(name).stem == path.stem] or list(figures.values())
    if len(matching) > 1:
        raise ValueError(f"--figure must have the name of one of {', '.join(map(str, figures))}, got {path.name}")
    from lra_ref.views import save

    save(matching[0], path)


def differences(reproduction: Reproduction, drawings: bool = True) -> tuple[list[str], list[str]]:
    """What differs between the page (and its ``drawings``) and the committed full table, and what is only worth saying; one line each."""
    rows = reproduction.stored()
    _, drawn, found, _ = _split(reproduction)
    name, wrong, source = reproduction.page_path.name, [], reproduction.csv_path("full").name
    if found != block(reproduction, rows):
        wrong.append(f"{name} is not that of {source}: --page")
    if not drawings:
        return wrong, []
    if find_spec("matplotlib") is None:
        return wrong, ["matplotlib is not installed: figures are not compared"]
    figures = reproduction.figures(rows)
    other = bool(figures) and drawn != drawn_by()
    text = reproduction.page_path.read_text(encoding="utf-8")
    for file, figure in figures.items():
        path = reproduction.page_path.parent / file
        if f"({file})" not in text:
            wrong.append(f"{name} does not show {file}")
        if not path.exists():
            wrong.append(f"{file} does not exist: --page")
        elif not other and not alike(path.read_text(encoding="utf-8"), svg(figure)):
            wrong.append(f"{file} is not that of {source}: --page")
    return wrong, [f"{name}: its figures were drawn by {drawn}, here is {drawn_by()}: they are not compared"] if other else []


def alike(one: str, other: str) -> bool:
    """The same drawing, coordinates to a twentieth of a point."""
    if one == other:
        return True
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(a == b or abs(float(a) - float(b)) <= POINTS for a, b in pairs)
