"""Finding claims: claim files are imported under private names, a broken one becomes a failed row and the others go on."""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import lra_ref
from lra_ref.parameters import shown, unknown
from lra_ref.verify.claim import Claim

#: where claims are looked for when no path is named: here, or beside the package in a checkout
DEFAULT = "experiments"


@dataclass(frozen=True)
class ClaimFile:
    """A claim file: its claims, or the traceback of what went wrong while reading it."""

    path: Path
    claims: tuple[Claim, ...] = ()
    error: str = ""
    #: False if the file is sound but defines no ``CLAIMS``
    defines: bool = True


@dataclass(frozen=True)
class Found:
    """A claim with the file that it was read from, None for one given as an object."""

    claim: Claim
    path: Path | None = None


_loaded: dict[tuple[Path, str], ClaimFile] = {}


def load(path: str | Path) -> ClaimFile:
    """Import a claim file under a private module name; whatever it raises is kept, not raised."""
    path = Path(path).resolve()
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as problem:
        raise ValueError(f"cannot read the claim file {path}: {problem.strerror or problem}") from None
    if (path, digest) not in _loaded:
        _loaded[path, digest] = _import(path)
    return _loaded[path, digest]


def _import(path: Path) -> ClaimFile:
    name = f"lra_ref_claims_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    root = str(_root(path))
    if root not in sys.path:
        # last, so that a file beside the claims never shadows an installed module
        sys.path.append(root)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"a claim file must end in .py, got {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit):
        del sys.modules[name]
        return ClaimFile(path, error=traceback.format_exc())
    if not hasattr(module, "CLAIMS"):
        return ClaimFile(path, defines=False)
    claims = module.CLAIMS
    if not isinstance(claims, Sequence) or not all(isinstance(claim, Claim) for claim in claims):
        return ClaimFile(path, error=f"TypeError: CLAIMS of {path.name} must be a list of Claim\n")
    return ClaimFile(path, tuple(claims))


def _root(path: Path) -> Path:
    """The first folder upwards that is no package: what the file's own imports start from."""
    folder = path.parent
    while (folder / "__init__.py").exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def neighbours(path: Path) -> list[Path]:
    """The claim file and the Python files of its own tree that it imports, directly or not: what its claims are made of."""
    root, pending, found = _root(path.resolve()), [path.resolve()], []
    while pending:
        current = pending.pop()
        found.append(current)
        try:
            tree = ast.parse(current.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for name in _imported(tree, current, root):
            for candidate in (root / name.replace(".", "/")).with_suffix(".py"), root / name.replace(".", "/") / "__init__.py":
                if candidate.exists() and candidate not in found + pending:
                    pending.append(candidate)
    return sorted(found)


def _imported(tree: ast.AST, path: Path, root: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            base = ".".join((*package, *([node.module] if node.module else [])))
            names.update({base, *(f"{base}.{alias.name}" if base else alias.name for alias in node.names)})
    # importing a module runs its packages too; the toolkit itself has a fingerprint of its own
    names |= {name.rsplit(".", depth)[0] for name in names for depth in range(1, name.count(".") + 1)}
    return {name for name in names if name and name.split(".")[0] != "lra_ref"}


def default_folder() -> Path:
    """The folder of the default claims; ``ValueError`` if there is none."""
    for folder in (Path.cwd() / DEFAULT, Path(lra_ref.__file__).resolve().parent.parent / DEFAULT):
        if folder.is_dir():
            return folder
    raise ValueError(f"no folder {DEFAULT}/ here (the claims of lra_ref are in its checkout); name a claim file or a folder of claim files")


def files_of(path: Path) -> list[ClaimFile]:
    """The claim files of a folder (those of its ``*.py`` that define ``CLAIMS``), or the one file named."""
    if path.is_dir():
        files = [load(file) for file in sorted(path.glob("*.py")) if not file.name.startswith(("_", "conftest"))]
        files = [file for file in files if file.defines]
        if not files:
            raise ValueError(f"no claim files in {path}")
        return files
    file = load(path)
    if not file.defines:
        raise ValueError(f"{path} defines no CLAIMS")
    if not file.claims and not file.error:
        raise ValueError(f"CLAIMS of {path} is empty")
    return [file]


def discover(targets: Iterable[str | Path | Claim] = ()) -> tuple[list[Found], list[ClaimFile]]:
    """Claims for the targets, in order and without repetition, and the broken files among what was asked for.

    A target is a claim file or folder, ``FILE::ID``, a claim id or a part of the default folder (``*`` allowed), or a :class:`Claim`.
    """
    found: dict[str, Found] = {}
    broken: dict[Path, ClaimFile] = {}
    names: list[str] = []
    if not isinstance(targets, Iterable) or isinstance(targets, np.ndarray | bytes):
        raise ValueError(f"targets must be claims, ids, parts or claim files, got {shown(targets)}")
    for target in list(targets) or [default_folder()]:
        if not isinstance(target, str | Path | Claim):
            raise ValueError(f"a claim is named by its id, its part or its file, got {shown(target)}")
        if isinstance(target, Claim):
            _add(found, Found(target))
            continue
        text, _, wanted = str(target).partition("::")
        if not (wanted or isinstance(target, Path) or "/" in text or text.endswith(".py") or Path(text).is_dir()):
            names.append(text)
            continue
        if not Path(text).exists():
            raise ValueError(f"no such claim file or folder: {text}")
        _select(files_of(Path(text)), [wanted or "*"], found, broken)
    if names:
        _select(_candidates(names), names, found, broken)
    return list(found.values()), list(broken.values())


def _candidates(names: list[str]) -> list[ClaimFile]:
    """Files of the default folder that can hold the names: ``<part>.py`` if that settles all of them, else every file."""
    folder = default_folder()
    paths = {name: folder / f"{name.split('.')[0]}.py" for name in names}
    if all(path.is_file() for path in paths.values()):
        files = [load(path) for path in dict.fromkeys(paths.values())]
        if all(file.error or any(_matches(name, claim) for claim in file.claims) for file, name in zip(files, paths, strict=False)):
            return files
    return files_of(folder)


def _matches(name: str, claim: Claim) -> bool:
    return name in (claim.id, claim.part) or fnmatch.fnmatchcase(claim.id, name)


def _select(files: list[ClaimFile], names: list[str], found: dict[str, Found], broken: dict[Path, ClaimFile]) -> None:
    for name in names:
        hits = [Found(claim, file.path) for file in files for claim in file.claims if _matches(name, claim)]
        failed = [file for file in files if file.error and (name == "*" or name.split(".")[0] == file.path.stem)]
        if not hits and not failed:
            valid = {claim.id for file in files for claim in file.claims}
            raise ValueError(unknown("claim", name, valid | {claim.part for file in files for claim in file.claims}))
        for hit in hits:
            _add(found, hit)
        broken.update({file.path: file for file in failed})


def _add(found: dict[str, Found], hit: Found) -> None:
    known = found.setdefault(hit.claim.id, hit)
    if known.claim is not hit.claim:
        raise ValueError(f"the claim {hit.claim.id} is defined twice: in {known.path} and in {hit.path}")
