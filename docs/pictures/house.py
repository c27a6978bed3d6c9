"""Draw the picture of the house, ``docs/pictures/house.svg``, and hold it against the imports between the packages of ``lra_ref``.

    python docs/pictures/house.py            write it
    python docs/pictures/house.py --check    exit code 1 if a package has no room, an import leads up or in a circle, or the file is old

Every package is a room.  Imports lead to a lower floor, or to another room of the same floor; the latter are written under the rooms.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "lra_ref"
PICTURE = HERE / "house.svg"

#: the floors from the top: what happens there, and its rooms with a few words about each
FLOORS = (
    ("answers", {
        "verify": "claims and verdicts", "sweep": "grids of rates and seeds", "crosscheck": "ports against the reference",
        "vectors": "conformance vectors", "adapters": "inside torch and optax", "report": "HTML reports", "views": "plots",
        "runs": "run directories, executors", "bench": "speed and memory", "new": "templates of a part",
    }),
    ("trajectories", {"engine": "compiled loop, reference, records, checkpoints, ask/tell, in place, SciPy, GPU"}),
    ("composition", {"methods": "x moves by rate * direction; named configurations; whole methods"}),
    ("parts", {
        "rates": "how far x moves", "directions": "what x moves along", "learners": "online learners",
        "oracles": "how gradients are observed", "problems": "what is minimised",
    }),
    ("machine", {"backends": "compiler and its cache, sums in a fixed order, CUDA"}),
    ("foundation", {"base": "formulas, parameters, parts, arithmetic: the modules beside the packages"}),
)  # fmt: skip
ROOF = "commands"
#: one name, five rooms
ROOMS = ("lra_ref/rates/gala.py", "experiments/gala.py", "proofs_check/gala.py", "tests/rates/test_gala.py", "docs/theory/gala.md")
ROOMS_ABOUT = ("equations, formulas, kernels", "claims, checked on runs", "proof steps, decided", "tests", "theory")
LEFT, WIDTH, BOX_HEIGHT, GAP, ROOF_HEIGHT, PER_ROW = 20, 960, 44, 10, 92, 5


def imports() -> dict[str, set[str]]:
    """Package -> packages that its modules import; the modules beside the packages are ``base``, the command line is ``commands``.

    Imports for type checkers only do not count, nor does what ``__init__`` and ``cli`` load on demand.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        owner = parts[0] if len(parts) > 1 else "base"
        if len(parts) == 1 and path.stem in ("__init__", "cli"):
            continue
        found.setdefault(owner, set()).update(_imported(ast.parse(path.read_text(encoding="utf-8"))) - {owner})
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return {owner: {name if name in folders else "base" for name in names} - {owner} for owner, names in found.items()}


def _imported(node: ast.AST) -> set[str]:
    """The first name after ``lra_ref.`` of everything imported below a node."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        names = []
        if isinstance(child, ast.ImportFrom) and child.module and not child.level:
            names = [child.module] if child.module != "lra_ref" else [f"lra_ref.{alias.name}" for alias in child.names]
        elif isinstance(child, ast.Import):
            names = [alias.name for alias in child.names]
        inside = [name.removeprefix("lra_ref.") for name in names if name.startswith("lra_ref.")]
        found |= {name.split(".")[0] for name in inside} | _imported(child)
    return found


def faults(graph: dict[str, set[str]]) -> list[str]:
    """What the imports do that the picture does not say."""
    floor = {name: level for level, (_, rooms) in enumerate(FLOORS) for name in rooms} | {ROOF: -1}
    found = [f"{name} has no room" for name in sorted(set(graph) - set(floor))]
    found += [f"there is no package {name}" for name in sorted(set(floor) - set(graph))]
    pairs = [(name, below) for name in sorted(graph) for below in sorted(graph[name]) if name in floor and below in floor]
    found += [f"{name} imports {below}, which is above it" for name, below in pairs if floor[below] < floor[name]]
    return found + [f"imports in a circle: {' -> '.join(circle)}" for circle in circles(graph)]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """A circle of imports, if there is one."""
    done: set[str] = set()

    def walk(name: str, above: list[str]) -> list[list[str]]:
        if name in above:
            return [[*above[above.index(name) :], name]]
        if name in done:
            return []
        found = [circle for below in sorted(graph.get(name, ())) for circle in walk(below, [*above, name])]
        done.add(name)
        return found

    return [circle for name in sorted(graph) for circle in walk(name, [])]


def draw(graph: dict[str, set[str]]) -> str:
    """The picture, as SVG."""
    lines = [_roof()]
    top = ROOF_HEIGHT
    for title, rooms in FLOORS:
        rows = -(-len(rooms) // PER_ROW)
        inside = _inside(graph, rooms)
        height = 26 + rows * (BOX_HEIGHT + GAP) + (18 if inside else 0)
        lines.append(f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{height}" fill="#f4f7fa" stroke="#345"/>')
        lines.append(_text(LEFT + 12, top + 18, title, 13, "start", "#567"))
        names = list(rooms)
        for row in range(rows):
            there = names[row * PER_ROW : (row + 1) * PER_ROW]
            width = (WIDTH - GAP) / len(there) - GAP
            for i, name in enumerate(there):
                lines.append(_room(LEFT + GAP + i * (width + GAP), top + 26 + row * (BOX_HEIGHT + GAP), width, name, rooms[name]))
        if inside:
            lines.append(_text(LEFT + 12, top + height - 9, f"on this floor: {inside}", 11.5, "start", "#567"))
        top += height
    top += 34
    lines.append(_text(LEFT, top - 10, "One name, five rooms: GALA is", 14, "start", "#123"))
    width = (WIDTH + GAP) / len(ROOMS) - GAP
    lines += [
        _room(LEFT + i * (width + GAP), top, width, name, about, size=12)
        for i, (name, about) in enumerate(zip(ROOMS, ROOMS_ABOUT, strict=True))
    ]
    size = f"0 0 {WIDTH + 2 * LEFT} {top + BOX_HEIGHT + 12}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" font-family="sans-serif">'
    title = "<title>The house: the packages of lra_ref by floors; imports lead downwards</title>"
    return "\n".join([head, title, '<rect width="100%" height="100%" fill="#fff"/>', *lines, "</svg>", ""])


def _inside(graph: dict[str, set[str]], rooms: dict[str, str]) -> str:
    """The imports between rooms of a floor, in words."""
    uses = {name: sorted(graph.get(name, set()) & set(rooms)) for name in rooms}
    return "; ".join(f"{name} uses {', '.join(used)}" for name, used in uses.items() if used)


def _roof() -> str:
    middle = LEFT + WIDTH / 2
    shape = f"{LEFT - 12},{ROOF_HEIGHT} {middle:g},8 {LEFT + WIDTH + 12},{ROOF_HEIGHT}"
    triangle = f'<polygon points="{shape}" fill="#dde6ef" stroke="#345"/>'
    return f"{triangle}\n{_text(middle, 58, 'lra-ref', 18, 'middle', '#123', bold=True)}\n{_text(middle, 78, ROOF, 13, 'middle', '#345')}"


def _room(x: float, y: float, width: float, name: str, about: str, size: float = 15) -> str:
    box = f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="4" fill="#fff" stroke="#789"/>'
    middle = x + width / 2
    return "\n".join(
        [box, _text(middle, y + 18, name, size, "middle", "#123", bold=True), _text(middle, y + 35, about, 11.5, "middle", "#345")]
    )


def _text(x: float, y: float, words: str, size: float, anchor: str, colour: str, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size:g}" fill="{colour}"{weight}>{words}</text>'


def main(words: list[str]) -> int:
    """Write or check the picture."""
    graph = imports()
    wrong = faults(graph)
    made = draw(graph)
    if words == ["--check"]:
        if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != made:
            wrong.append("house.svg is outdated: python docs/pictures/house.py")
    else:
        PICTURE.write_text(made, encoding="utf-8")
    print("\n".join(wrong) or "house.svg is as the imports say")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
