"""The rooms of a new part, or a claim file, from templates: ``lra-ref new``.

The template of a part is a working one: it is registered, passes lint and the tests, and its proof steps are proved.  Its claim has no
statement yet, so that ``lra-ref verify NAME`` fails and says where to write it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lra_ref.checks import chosen
from lra_ref.new.names import check_name, check_part
from lra_ref.new.registration import registered
from lra_ref.new.writing import write_all

#: kind -> what is written
KINDS = {
    "rate": "a rate: formulas, reference, kernels, claim, proof steps, tests, theory page",
    "direction": "a direction: the same rooms",
    "claim": "a claim file, of use anywhere",
}


@dataclass(frozen=True)
class Written:
    """What was written, which files were changed, and what comes next, a line each."""

    files: tuple[Path, ...]
    changed: tuple[Path, ...]
    steps: tuple[str, ...]


def new(kind: str, name: str, folder: str | Path = ".") -> Written:
    """Write the rooms of a part in the checkout ``folder``, or one claim file in it.

    Nothing is overwritten, and either all files are written or none.

    Raises
    ------
    ValueError : an unknown kind, a name that is no good or taken, a folder that is no checkout, a file that exists.
    """
    chosen("kind", kind, KINDS)
    root = Path(folder)
    check_name(name)
    if not root.is_dir():
        raise ValueError(f"--dir must name a folder, got {folder}")
    return new_claim(name, root) if kind == "claim" else new_part(kind, name, root)


def new_claim(name: str, root: Path) -> Written:
    """One claim file, about SGD on a quadratic."""
    path = root / f"{name}.py"
    words = {"target": f"{name}.py", "file": path.name, "method": "sgd", "parameters": '{"lr": 0.1}'}
    write_all({path: filled("claim.py.txt", name, words)}, {})
    return Written(
        (path,),
        (),
        (
            f"lra-ref verify {path}    fails: statement missing",
            f"write sides() in {path.name} (its docstring has an example), title and statement, and run it again",
            f"put the method, problem and cases that you mean into run() and CLAIMS; lra-ref falsify {path} looks for a counterexample",
        ),
    )


def new_part(kind: str, name: str, root: Path) -> Written:
    """The five rooms of a rate or direction, and its line in the package."""
    check_part(kind, name, root)
    method, parameters = (f"{name}_sgd", '{"c": 0.4, "smoothness": 4.0}') if kind == "rate" else (name, '{"lr": 0.1, "scale": 1.0}')
    words = {"target": name, "file": f"experiments/{name}.py", "method": method, "parameters": parameters}
    package = root / "lra_ref" / f"{kind}s"
    files = {
        package / f"{name}.py": f"{kind}/part.py.txt",
        root / "experiments" / f"{name}.py": "claim.py.txt",
        root / "proofs_check" / f"{name}.py": f"{kind}/proof.py.txt",
        root / "tests" / f"{kind}s" / f"test_{name}.py": f"{kind}/test.py.txt",
        root / "docs" / "theory" / f"{name}.md": f"{kind}/page.md.txt",
        # what proofs_check.outlines writes
        root / "docs" / "theory" / f"{name}_proofs.md": f"{kind}/outline.md.txt",
    }
    line = package / "__init__.py"
    write_all(
        {path: filled(template, name, words) for path, template in files.items()},
        {line: registered(line.read_text(encoding="utf-8"), f"lra_ref.{kind}s", name)},
    )
    return Written(tuple(files), (line,), next_steps(kind, name))


def next_steps(kind: str, name: str) -> tuple[str, ...]:
    """What the author of a new part does."""
    tests = f"tests/{kind}s/test_{name}.py tests/test_parts.py tests/test_conformance.py tests/bench/test_words.py"
    return (
        f'pytest {tests} -k "{name}"    passes',
        f"lra-ref verify {name}    fails: statement missing",
        f"write sides() in experiments/{name}.py (its docstring has an example), title and statement, and run it again",
        f"put your equations in lra_ref/{kind}s/{name}.py: formulas, reference, kernels, docstring; tests and theory page with them",
        f"python -m proofs_check {name}    proves the steps; python -m proofs_check.outlines    writes their outline",
        "python -m experiments.tightness --write CLAIM    searches how tight a bound is, if you state one",
        "make test lint; CONTRIBUTING.md says what a review looks at",
    )


def filled(template: str, name: str, words: dict[str, str]) -> str:
    """A template with its placeholders ``@word@`` replaced."""
    text = resources.files("lra_ref.new").joinpath("templates", *template.split("/")).read_text(encoding="utf-8")
    title = name.replace("_", " ").capitalize()
    for word, value in {"name": name, "Class": "".join(map(str.capitalize, name.split("_"))), "Title": title, **words}.items():
        text = text.replace(f"@{word}@", value)
    return text
