"""The figure of a worst instance that a search has found: both sides over the prefixes, and its parameters as text."""

from __future__ import annotations

import importlib.util
import json
import textwrap
from pathlib import Path

from lra_ref.runs.store import write_atomically
from lra_ref.verify.cells import described, plain
from lra_ref.verify.falsify.outcome import Outcome
from lra_ref.views.claims import figures
from lra_ref.views.style import grow, svg

#: characters of a line and height of one in inches
LINE, HEIGHT = 92, 0.115
#: lines of parameters at most
LINES = 30


def draw(outcome: Outcome, path: Path, alpha: float) -> Path | None:
    """Write the figure as SVG; None where matplotlib is missing or the kind has nothing to plot."""
    if importlib.util.find_spec("matplotlib") is None or outcome.sides is None or outcome.best is None:
        return None
    record = described(outcome.sides.judge(alpha), outcome.target.claim) | {"series": outcome.sides.series()}
    panel = next(figures(plain(record)), None)
    if panel is None:
        return None
    figure, lines = panel[1], caption(outcome)
    grow(figure, HEIGHT * len(lines) + 0.1)
    figure.text(0.02, 0.01, "\n".join(lines), fontsize=5.5, family="monospace", va="bottom", ha="left", parse_math=False)
    write_atomically(path, svg(figure))
    return path


def caption(outcome: Outcome) -> list[str]:
    """What was found and the parameters, in lines."""
    assert outcome.best is not None
    instance = outcome.best.instance
    what = f"{outcome.target.claim.id}{', control' if outcome.target.role == 'control' else ''}, {instance.case}, seed {instance.seed}"
    text = [f"{what}: {outcome.best.verdict}", f"lhs {outcome.best.lhs:.6g}, rhs {outcome.best.rhs:.6g}", json.dumps(instance.parameters)]
    lines = [line for paragraph in text for line in textwrap.wrap(paragraph, LINE) or [""]]
    return lines[:LINES] + (["..."] if len(lines) > LINES else [])
