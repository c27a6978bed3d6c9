"""What there is: methods, directions, rates, learners, problems, oracles and claims, as data for ``lra-ref list``."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: kind -> what it is
KINDS = {
    "methods": "x_{t+1} = x_t - rate * direction; a direction alone (constant rate) and RATE_DIRECTION, as in cosine_adam, are methods too",
    "directions": "what x moves along, made of the gradients",
    "rates": "how far x moves",
    "learners": "one-dimensional online learners with exact regret accounts; GALA's rate runs on one (learner=...)",
    "problems": "functions to minimise, with gradient, Hessian-vector product and what is known about them",
    "oracles": "how gradients of a problem are observed: exactly, with noise, on minibatches",
    "claims": "what lra-ref verify checks",
}
LEARNERS = {
    "ftrl": ("Follow the regularised leader, clipped lazily.", "Jiang, Kavis, Mokhtari 2025 (published; the centring derived)"),
    "ogd": (
        "Gradient step of length 1 / (delta + sum of b), clipped eagerly.",
        "Hazan, Agarwal, Kale 2007 (published learner; use derived)",
    ),
    "ogd_adagrad": ("Gradient step with AdaGrad's weight on the slopes.", "Duchi, Hazan, Singer 2011 (published learner; use derived)"),
    "ogd_constant": ("Gradient step of constant length gamma.", "Zinkevich 2003 (published learner; use derived)"),
    "eg": ("Exponentiated gradient, clipped.", "Kivinen and Warmuth 1997 (published learner; use derived)"),
    "kt": ("Betting with the Krichevsky-Trofimov fraction, free of a step size.", "Orabona and Pal 2016 (published learner; use derived)"),
}


@dataclass(frozen=True)
class Entry:
    """One name: a line about it, its source, its parameters, and what else is worth knowing."""

    name: str
    text: str
    source: str = ""
    parameters: tuple[dict[str, Any], ...] = ()
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        return {"name": self.name, "description": self.text, "source": self.source, "parameters": list(self.parameters), **self.more}


def first_sentence(doc: str | None) -> str:
    """The first sentence of a docstring, without markup."""
    line = (doc or "").strip().split("\n\n")[0]
    sentence = re.split(r"(?<=\.)\s{2,}|; see the module", " ".join(line.split("\n")))[0]
    return " ".join(sentence.replace("``", "").split()).rstrip(".") + "." if sentence else ""


def declared(owner: Any, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The parameters that a class of :class:`~lra_ref.parameters.Parameters` declares; ``values`` replace its defaults."""
    rows = []
    for field in dataclasses.fields(owner):
        required = field.default is dataclasses.MISSING and field.name not in (values or {})
        default = None if required else (values or {}).get(field.name, field.default)
        rows.append(
            {
                "name": field.name,
                "default": str(default) if isinstance(default, float) and not math.isfinite(default) else default,
                "required": required,
                "constraint": str(field.metadata["constraint"]),
                "doc": field.metadata["doc"],
            }
        )
    return rows


def together(parts: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The parameters of several parts, one row per name: a value goes to every part that has the name.

    Where two parts differ in what a name means, what it may be or what it is by default, the row says it of each.
    """
    owners: dict[str, dict[str, dict[str, Any]]] = {}
    for part, rows in parts.items():
        for row in rows:
            owners.setdefault(row["name"], {})[part] = row
    return [_merged(name, rows) for name, rows in owners.items()]


def _merged(name: str, rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    def of_each(key: str, apart: Callable[[dict[str, Any]], Any]) -> Any:
        values = {part: row[key] for part, row in rows.items()}
        first = next(iter(values.values()))
        return first if all(value == first for value in values.values()) else apart(values)

    def text(values: dict[str, Any]) -> str:
        return "; ".join(f"{part}: {value}" for part, value in values.items())

    return {
        "name": name, "default": of_each("default", dict), "required": any(row["required"] for row in rows.values()),
        "constraint": of_each("constraint", text), "doc": of_each("doc", text),
    }  # fmt: skip


def directions() -> list[Entry]:
    """Every registered direction."""
    from lra_ref.methods import METHODS  # noqa: F401  # registers the parts
    from lra_ref.parts import DIRECTIONS

    found = [DIRECTIONS[name] for name in DIRECTIONS]
    return [
        Entry(part.name, first_sentence(part.__doc__), part.source, tuple(declared(part.Parameters)), {"default_lr": part.default_lr})
        for part in found
    ]


def rates() -> list[Entry]:
    """Every registered rate."""
    from lra_ref.methods import METHODS  # noqa: F401
    from lra_ref.parts import RATES

    found = [RATES[name] for name in RATES]
    return [Entry(part.name, first_sentence(part.__doc__), part.source, tuple(declared(part.Parameters))) for part in found]


def method(name: str) -> Entry:
    """The method called ``name``: a named configuration, a direction, or ``RATE_DIRECTION``."""
    from lra_ref.methods import METHODS, make_method
    from lra_ref.parts import DIRECTIONS, RATES, WHOLES

    if name in METHODS:
        made = METHODS[name]()
        parts, factory = {"direction": made.direction, "rate": made.rate}, METHODS[name]
        rows = together({which: declared(type(part).Parameters, part.parameters.as_dict()) for which, part in parts.items()})
        text, source, own = first_sentence(factory.__doc__), made.rate.source, _own(factory, {row["name"] for row in rows})
        names = {"direction": made.direction.name, "rate": made.rate.name}
        return Entry(name, text, source, (*own, *rows), {**names, **asks_for(made.rate), "notes": made.notes})
    if name in WHOLES:
        kind = WHOLES[name]
        return Entry(name, first_sentence(kind.__doc__), kind.source, tuple(declared(kind.Parameters)), asks_for(kind.example()))
    direction, rate = _parts(name)
    if not direction:
        make_method(name)  # raises, with the nearest names
    d_class, r_class = DIRECTIONS[direction], RATES[rate]
    values = {"lr": d_class.default_lr} if rate == "constant" else {}
    rows = together({"rate": declared(r_class.Parameters, values), "direction": declared(d_class.Parameters)})
    text, source = first_sentence(d_class.__doc__), d_class.source
    if rate != "constant":
        text, source = f"{text} Rate: {first_sentence(r_class.__doc__)}", f"{source}; rate: {r_class.source}"
    return Entry(name, text, source, tuple(rows), {"direction": direction, "rate": rate, **asks_for(r_class.example())})


def asks_for(rate: Any) -> dict[str, Any]:
    """What a rate or whole method needs, and what a step of it costs."""
    samples = [sample for _, sample in rate.points]
    products, others = samples.count("hvp"), len(samples) - samples.count("hvp")
    cost = [f"{1 + (0 if rate.asks else others)} gradient{'s' if others and not rate.asks else ''}"]
    if rate.asks and others:
        cost.append(f"{others} more where the method asks")
    if products:
        cost.append(f"{products} Hessian-vector products" if products > 1 else "a Hessian-vector product per block")
    if rate.retry is not None:
        cost.append("losses along the step")
    return {"needs": ", ".join(rate.needs), "cost per step": rate.cost or ", ".join(cost)}


def _parts(name: str) -> tuple[str, str]:
    """Direction and rate that a composed name stands for, two empty texts if it is none."""
    from lra_ref.parts import DIRECTIONS, RATES

    if name in DIRECTIONS:
        return name, "constant"
    for rate in RATES:
        if name.startswith(rate + "_") and name[len(rate) + 1 :] in DIRECTIONS:
            return name[len(rate) + 1 :], rate
    return "", ""


def _own(factory: Callable[..., Any], known: set[str]) -> list[dict[str, Any]]:
    """Parameters that a named configuration adds to those of its parts."""
    doc = f"see {factory.__module__}.{factory.__name__}"
    return [
        {"name": p.name, "default": p.default, "required": False, "constraint": "", "doc": doc}
        for p in inspect.signature(factory).parameters.values()
        if p.kind is not inspect.Parameter.VAR_KEYWORD and p.name not in known
    ]


def methods() -> list[Entry]:
    """The named configurations, the whole methods, then every direction at a constant rate."""
    from lra_ref.methods import METHODS
    from lra_ref.parts import DIRECTIONS, WHOLES

    return [method(name) for name in (*METHODS, *WHOLES, *DIRECTIONS)]


def learners() -> list[Entry]:
    """Every learner."""
    from lra_ref.learners import CODES, LearnerParameters

    rows = tuple(declared(LearnerParameters))
    return [Entry(name, *LEARNERS.get(name, ("", "")), rows) for name in sorted(CODES)]


def problems() -> list[Entry]:
    """Every registered problem."""
    from lra_ref.problems import PROBLEMS

    found = {name: PROBLEMS[name] for name in PROBLEMS}
    return [
        Entry(name, first_sentence(make.__doc__), f"see pydoc {make.__module__}", tuple(declared(vars(make)["parameters"])))
        for name, make in found.items()
    ]


def oracles() -> list[Entry]:
    """Every registered oracle."""
    from lra_ref.oracles import ORACLES

    found = {name: ORACLES[name] for name in ORACLES}
    return [
        Entry(name, first_sentence(kind.__doc__), f"see pydoc {kind.__module__}", tuple(declared(kind))) for name, kind in found.items()
    ]


def claims() -> tuple[list[Entry], list[str]]:
    """The claims of the default folder, and what is wrong with the files that could not be read."""
    from lra_ref.verify.claim import PRESETS
    from lra_ref.verify.discover import discover

    try:
        found, broken = discover()
    except ValueError as problem:
        return [], [str(problem)]
    entries = []
    for hit in found:
        claim = hit.claim
        label = [claim.label] if claim.label else []
        more = {
            "kind": claim.kind,
            "label": claim.label,
            "provenance": claim.provenance,
            "statement": claim.statement,
            "assumptions": [assumption.text for assumption in claim.assumptions],
            "cases": {preset: [case.name for case in claim.cases if case.parameters(preset) is not None] for preset in PRESETS},
            "control": claim.control.what if claim.control else None,
        }
        text = f"{claim.title or ' '.join(claim.statement.split())} ({', '.join([claim.kind, *label, claim.provenance])})"
        entries.append(Entry(claim.id, text, claim.source, (), more))
    return entries, [f"{file.path}: {file.error.strip().splitlines()[-1]}" for file in broken]


READERS: dict[str, Callable[[], list[Entry]]] = {
    "methods": methods, "directions": directions, "rates": rates, "learners": learners, "problems": problems, "oracles": oracles,
}  # fmt: skip
