"""Names of new parts and claims: what they may look like, and that they are not taken."""

from __future__ import annotations

import difflib
import keyword
import re
import sys
from pathlib import Path

from lra_ref.parameters import shown

LONGEST = 24
ROOMS = ("experiments", "proofs_check", "docs/theory")


def check_name(name: str) -> None:
    """``ValueError`` unless the name is a lower-case identifier that is no keyword and no module of Python's."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
        raise ValueError(f"a name must be lower-case words joined by underscores, at most {LONGEST} letters, got {shown(name)}")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name.startswith(("conftest", "test_")):
        raise ValueError(f"a name must not be a word or module of Python or begin like a file of tests, got {name!r}")


def check_part(kind: str, name: str, root: Path) -> None:
    """``ValueError`` unless ``root`` is a checkout in which neither a method nor a file has the name."""
    package = f"lra_ref/{kind}s"
    for folder in (package, *ROOMS, f"tests/{kind}s"):
        if not (root / folder).is_dir():
            raise ValueError(f"a {kind} is written into a checkout of lra_ref, and there is no folder {folder} in {root.resolve()}")
    from lra_ref.methods import method_names
    from lra_ref.parts import DIRECTIONS, RATES

    files = {path.stem for folder in (package, *ROOMS) for path in (root / folder).glob("[a-z]*") if path.suffix in ("", ".py", ".md")}
    made = [f"{name}_{direction}" for direction in DIRECTIONS] if kind == "rate" else [f"{rate}_{name}" for rate in RATES]
    taken = files | set(DIRECTIONS) | set(RATES) | set(method_names())
    clash = [own for own in (name, *made) if own in taken]
    if clash:
        near = difflib.get_close_matches(name, sorted(taken), n=3, cutoff=0.5)
        also = "" if clash[0] == name else f" ({name} would make {clash[0]})"
        raise ValueError(f"the name {clash[0]!r} is taken{also}; there are: {', '.join(near or sorted(taken)[:3])}")
