"""``lra-ref new``: names, nothing overwritten, all or none; and a newcomer's path from the template to a statement that holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lra_ref
from lra_ref.new import new
from lra_ref.new.registration import natural, registered
from lra_ref.new.writing import write_all
from tests.commands.conftest import Call, call  # noqa: F401

ROOT = Path(lra_ref.__file__).resolve().parent.parent
FOLDERS = ("lra_ref", "experiments", "proofs_check", "tests", "docs")
SKIPPED = shutil.ignore_patterns("__pycache__", "*.egg-info")
LONG = "a_name_as_long_as_allowed"[:24]
EXAMPLE = re.compile(r"one::\n\n(.*?)\n    \"\"\"\n", re.S)
MISSING = re.compile(r"    raise NotImplementedError\(.*\)\n")


def fill_in(path: Path) -> None:
    """The small edit that the docstring of ``sides`` describes."""
    text = path.read_text(encoding="utf-8")
    found = EXAMPLE.search(text)
    assert found is not None
    lines = "\n".join(line.removeprefix("    ") for line in found.group(1).splitlines())
    text, count = MISSING.subn(lambda _: lines + "\n", text)
    assert count == 1
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The folders of a checkout, with the two packages that register parts and nothing else."""
    for folder in ("lra_ref/rates", "lra_ref/directions", "experiments", "proofs_check", "tests/rates", "tests/directions", "docs/theory"):
        (tmp_path / folder).mkdir(parents=True)
    for kind in ("rates", "directions"):
        shutil.copy(ROOT / "lra_ref" / kind / "__init__.py", tmp_path / "lra_ref" / kind)
    return tmp_path


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*")) if path.is_file()}


# --- names ---------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", "Halving", "2nd", "a-b", "a b", "a__b", "_a", "a_", "../a", "a.py", "é", "a" * 25])
@pytest.mark.parametrize("kind", ["rate", "claim"])
def test_names_that_are_no_names(kind: str, name: str, checkout: Path) -> None:
    before = contents(checkout)
    with pytest.raises(ValueError, match=r"^a name must be lower-case words joined by underscores, at most 24 letters, got "):
        new(kind, name, checkout)
    assert contents(checkout) == before


@pytest.mark.parametrize("name", ["class", "json", "conftest", "test_it"])
def test_names_that_mean_something_else(name: str, checkout: Path) -> None:
    with pytest.raises(ValueError, match="must not be a word or module of Python or begin like a file of tests"):
        new("direction", name, checkout)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("rate", "gala", "'gala' is taken; there are: .*gala"),
        ("rate", "adam", "'adam' is taken; there are: "),
        ("direction", "hdm", "'hdm' is taken; there are: "),
        ("rate", "gala_adam", "'gala_adam' is taken; there are: "),
        ("direction", "sgd_practical", r"'gala_sgd_practical' is taken \(sgd_practical would make gala_sgd_practical\); there are: "),
        ("rate", "beside", "'beside' is taken; there are: "),
    ],
)
def test_names_that_are_taken(kind: str, name: str, said: str, checkout: Path) -> None:
    (checkout / "experiments" / "beside").mkdir()
    before = contents(checkout)
    with pytest.raises(ValueError, match=f"^the name {said}"):
        new(kind, name, checkout)
    assert contents(checkout) == before


def test_kinds_and_folders(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown kind 'rates'; did you mean rate"):
        new("rates", "halving", checkout)
    with pytest.raises(ValueError, match="--dir must name a folder, got "):
        new("claim", "mine", tmp_path / "none")
    shutil.rmtree(checkout / "proofs_check")
    with pytest.raises(ValueError, match="into a checkout of lra_ref, and there is no folder proofs_check in "):
        new("rate", "halving", checkout)


# --- writing -------------------------------------------------------------------------------------------------------------------------
def test_nothing_is_overwritten(checkout: Path) -> None:
    (checkout / "tests" / "rates" / "test_halving.py").write_text("mine")
    before = contents(checkout)
    with pytest.raises(ValueError, match=r"test_halving\.py exists; nothing was written$"):
        new("rate", "halving", checkout)
    assert contents(checkout) == before
    (checkout / "mine.py").write_text("mine")
    with pytest.raises(ValueError, match=r"mine\.py exists; nothing was written$"):
        new("claim", "mine", checkout)
    assert (checkout / "mine.py").read_text() == "mine"


def test_all_files_or_none(tmp_path: Path) -> None:
    (tmp_path / "line").write_text("before")
    files = {tmp_path / "a": "a", tmp_path / "no folder" / "b": "b"}
    with pytest.raises(OSError, match="no folder"):
        write_all(files, {tmp_path / "line": "after"})
    assert contents(tmp_path) == {"line": "before"}
    write_all({tmp_path / "a": "a"}, {tmp_path / "line": "after"})
    assert contents(tmp_path) == {"a": "a", "line": "after"}


def test_what_fails_last_is_undone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lra_ref.new import writing

    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    plain = writing.replace

    def broken(path: Path, text: str) -> None:
        if text == "2 more":
            raise OSError("no room")
        plain(path, text)

    monkeypatch.setattr(writing, "replace", broken)
    with pytest.raises(OSError, match="no room"):
        write_all({tmp_path / "a": "a"}, {tmp_path / "one": "1 more", tmp_path / "two": "2 more"})
    assert contents(tmp_path) == {"one": "1", "two": "2"}


@pytest.mark.parametrize("kind", ["rate", "direction"])
def test_rooms_of_a_part(kind: str, checkout: Path) -> None:
    before = contents(checkout)
    written = new(kind, "halving", checkout)
    rooms = [f"lra_ref/{kind}s/halving.py", "experiments/halving.py", "proofs_check/halving.py", f"tests/{kind}s/test_halving.py"]
    rooms += ["docs/theory/halving.md", "docs/theory/halving_proofs.md"]
    assert [str(path.relative_to(checkout)) for path in written.files] == rooms
    after = contents(checkout)
    assert {name for name in after if after[name] != before.get(name)} == {*rooms, f"lra_ref/{kind}s/__init__.py"}
    assert not any("@" in after[room].replace("@dataclass", "").replace("@RATES", "").replace("@DIRECTIONS", "") for room in rooms)


# --- registration --------------------------------------------------------------------------------------------------------------------
def test_registration_keeps_order_and_form() -> None:
    source = 'from p import a, c10\nfrom q import T\n\n__all__ = [\n    "ABC",\n    "T",\n    "a",\n    "c10",\n]\n'
    assert registered(source, "p", "c9") == source.replace("a, c10", "a, c9, c10").replace('"c10"', '"c9",\n    "c10"')
    many = registered(source, "p", "x" * 120)
    assert many.startswith(f"from p import (\n    a,\n    c10,\n    {'x' * 120},\n)\nfrom q")
    assert natural("a2") < natural("a10") < natural("a_b") < natural("b")
    for strange in (source.replace("from p", "from r"), source.replace("__all__", "__some__")):
        with pytest.raises(ValueError, match=r"^p must import its modules in one statement"):
            registered(strange, "p", "b")


@pytest.mark.parametrize("kind", ["rates", "directions"])
def test_a_part_taken_out_is_put_back_where_it_was(kind: str) -> None:
    """The packages as they are: their own order is the order that is kept."""
    source = (ROOT / "lra_ref" / kind / "__init__.py").read_text(encoding="utf-8")
    for name in ("constant", "salera") if kind == "rates" else ("adagrad", "sign"):
        if kind == "rates":
            shorter = source.replace(f"    {name},\n", "", 1).replace(f'    "{name}",\n', "", 1)
        else:
            shorter = source.replace(f"import {name}, ", "import ").replace(f", {name}\n", "\n").replace(f'    "{name}",\n', "", 1)
        assert shorter != source
        assert registered(shorter, f"lra_ref.{kind}", name) == source


# --- the command ---------------------------------------------------------------------------------------------------------------------
def test_a_claim_fails_until_it_has_a_statement(call: Call, tmp_path: Path) -> None:  # noqa: F811
    code, out, err = call("new", "claim", "mine")
    assert (code, out) == (0, "mine.py\n")
    assert "lra-ref verify mine.py    fails: statement missing" in err
    code, out, _ = call("verify", "mine.py", "--preset", "smoke", "--out", "run", "--json")
    (row,) = json.loads(out)["rows"]
    assert (code, row["id"], row["verdict"], row["control"]["fired"]) == (1, "mine.R1", "FAILED", False)
    assert "NotImplementedError: statement missing: write sides() in mine.py, then title and statement" in row["notes"]
    fill_in(tmp_path / "mine.py")
    code, out, _ = call("verify", "mine.py", "--preset", "smoke", "--out", "run", "--json")
    (row,) = json.loads(out)["rows"]
    assert (code, row["verdict"], row["control"]["fired"]) == (0, "HOLDS", True)


def test_json_and_usage_errors(call: Call, checkout: Path) -> None:  # noqa: F811
    code, out, err = call("new", "rate", "halving", "--dir", checkout, "--json")
    found = json.loads(out)
    assert (code, err, len(found["files"]), len(found["changed"])) == (0, "", 6, 1)
    assert all(Path(name).is_file() for name in found["files"])
    code, out, err = call("new", "rate", "halving", "--dir", checkout)
    assert (code, out) == (2, "")
    assert err.startswith("lra-ref new: error: the name 'halving' is taken")
    assert err.count("\n") == 1


# --- the whole path, in a copy of the tree -------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree with a rate and a direction more, under the longest names."""
    root = tmp_path_factory.mktemp("copy")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=SKIPPED)
    for path in ROOT.iterdir():
        if path.suffix in (".md", ".toml", ".cff") or path.name in ("Makefile", "LICENSE"):
            shutil.copy(path, root)
    assert python(root, "-m", "lra_ref.cli", "new", "rate", LONG).returncode == 0
    assert python(root, "-m", "lra_ref.cli", "new", "direction", f"{LONG[:22]}_2").returncode == 0
    yield root
    shutil.rmtree(root)


def python(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=root, capture_output=True, text=True, timeout=600, check=False)


def passes(root: Path, *words: str) -> str:
    done = python(root, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_generated_parts_pass_lint(copy: Path) -> None:
    pytest.importorskip("ruff")
    files = [str(path.relative_to(copy)) for path in copy.rglob(f"*{LONG[:22]}*.py")]
    files += ["lra_ref/rates/__init__.py", "lra_ref/directions/__init__.py"]
    assert len(files) == 10
    passes(copy, "-m", "ruff", "check", *files)
    passes(copy, "-m", "ruff", "format", "--check", *files)
    done = python(copy, "-m", "mypy")
    assert LONG[:22] not in done.stdout
    assert "checked" in done.stdout or "Success" in done.stdout


@pytest.mark.slow
def test_generated_parts_pass_their_tests(copy: Path) -> None:
    tests = ["tests/rates", "tests/directions", "tests/test_parts.py", "tests/test_conformance.py", "tests/bench/test_words.py"]
    tests += ["tests/experiments/test_claims.py", "tests/test_docs.py"]
    out = passes(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", f"{LONG[:22]} or covered or links or complete or ids")
    assert int(re.search(r"(\d+) passed", out).group(1)) >= 60  # type: ignore[union-attr]


@pytest.mark.slow
def test_generated_proof_steps_are_proved_and_their_outline_is_there(copy: Path) -> None:
    pytest.importorskip("z3")
    out = passes(copy, "-m", "proofs_check", LONG, f"{LONG[:22]}_2", "--jobs", "1")
    assert "4 steps: 4 proved" in out
    assert "4 controls refuted; all as claimed" in out
    code = "import sys; from proofs_check import outlines, runner; n = sys.argv[1]; p = (outlines.FOLDER / f'{n}_proofs.md').read_text(); "
    code += "sys.exit(p != outlines.page(n, runner.parts()[n]))"
    for name in (LONG, f"{LONG[:22]}_2"):
        passes(copy, "-c", code, name)


@pytest.mark.slow
def test_a_part_has_its_statement_to_be_written(copy: Path) -> None:
    for name in (LONG, f"{LONG[:22]}_2"):
        command = ("-m", "lra_ref.cli", "verify", name, "--preset", "quick", "--json", "--out", f"runs/{name}")
        done = python(copy, *command)
        assert done.returncode == 1
        assert "statement missing" in json.loads(done.stdout)["rows"][0]["notes"]
        fill_in(copy / "experiments" / f"{name}.py")
        row = json.loads(passes(copy, *command))["rows"][0]
        assert (row["verdict"], row["control"]["fired"]) == ("HOLDS", True)
