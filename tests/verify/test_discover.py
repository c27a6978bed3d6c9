"""Finding claims by file, folder, id and part."""

from pathlib import Path

import pytest

from lra_ref.verify.discover import discover, files_of, load, neighbours

TEXT = """
from lra_ref.verify import Case, Claim
def claim(name):
    return Claim(id=name, kind="identity", provenance="derived", statement="", cases=(Case("x", quick={}),), run=None, sides=None)
CLAIMS = [claim("PART.one"), claim("PART.two")]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two claim files, a helper without claims, a private and a broken file."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    for part in ("alpha", "beta"):
        (folder / f"{part}.py").write_text(TEXT.replace("PART", part))
    (folder / "helper.py").write_text("VALUE = 1\n")
    (folder / "_private.py").write_text("raise RuntimeError('never imported')\n")
    (folder / "broken.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.chdir(tmp_path)
    return folder


def ids(*targets):
    found, broken = discover(targets)
    return [entry.claim.id for entry in found], [file.path.stem for file in broken]


ALL = ["alpha.one", "alpha.two", "beta.one", "beta.two"]


def test_everything_by_default_and_a_broken_file_beside_the_others(project):
    assert ids() == (ALL, ["broken"])
    assert "no_such_module_anywhere" in files_of(project)[-1].error


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["alpha"], (["alpha.one", "alpha.two"], [])),
        (["beta.two", "alpha.one", "beta.two"], (["beta.two", "alpha.one"], [])),
        (["alpha.*"], (["alpha.one", "alpha.two"], [])),
        (["*.one"], (["alpha.one", "beta.one"], [])),
        (["experiments/beta.py"], (["beta.one", "beta.two"], [])),
        (["experiments/beta.py::beta.two"], (["beta.two"], [])),
        (["experiments/broken.py", "alpha.one"], (["alpha.one"], ["broken"])),
        (["broken"], ([], ["broken"])),
        (["experiments"], (ALL, ["broken"])),
    ],
)
def test_targets(project, targets, expected):
    assert ids(*targets) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("alpha.on", "unknown claim 'alpha.on'; did you mean alpha.one"),
        ("alpha.py", "no such claim file or folder: alpha.py"),
        ("experiments/alpha.py::beta.one", "unknown claim 'beta.one'"),
        ("experiments/helper.py", "defines no CLAIMS"),
        ("experiments/empty.py", "^CLAIMS of experiments/empty.py is empty$"),
    ],
)
def test_wrong_targets(project, target, message):
    (project / "empty.py").write_text("CLAIMS = []\n")
    with pytest.raises(ValueError, match=message):
        discover([target])


def test_a_claim_twice_and_a_folder_without_claims(project, tmp_path):
    (project / "gamma.py").write_text(TEXT.replace("PART", "alpha"))
    with pytest.raises(ValueError, match=r"the claim alpha\.one is defined twice"):
        discover()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no claim files in"):
        discover([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("text", "error"), [("CLAIMS = [1]", "must be a list of Claim"), ("raise SystemExit(3)", "SystemExit"), ("x = (", "SyntaxError")]
)
def test_files_that_cannot_be_read_keep_their_error(tmp_path, text, error):
    path = tmp_path / "claims.py"
    path.write_text(text)
    assert error in load(path).error


def test_an_edited_file_is_read_again(tmp_path):
    path = tmp_path / "claims.py"
    path.write_text(TEXT.replace("PART", "one"))
    assert load(path).claims[0].id == "one.one"
    assert load(path) is load(path)
    path.write_text(TEXT.replace("PART", "two"))
    assert load(path).claims[0].id == "two.one"


def test_files_of_the_own_tree_belong_to_a_claim_file(project):
    (project / "__init__.py").write_text("")
    (project / "parts").mkdir()
    (project / "parts" / "__init__.py").write_text("from . import deep\n")
    (project / "parts" / "deep.py").write_text("import numpy\n")
    (project / "alpha.py").write_text("import json\nfrom experiments.helper import VALUE\nfrom experiments.parts import deep\n")
    names = [path.relative_to(project).as_posix() for path in neighbours(project / "alpha.py")]
    assert names == ["__init__.py", "alpha.py", "helper.py", "parts/__init__.py", "parts/deep.py"]


def test_a_private_file_is_not_imported_and_names_do_not_leak(project):
    import sys

    discover()
    assert "alpha" not in sys.modules
    assert not any("private" in name for name in sys.modules if name.startswith("lra_ref_claims"))
    assert Path(sys.modules[type(discover(["alpha"])[0][0].claim).__module__].__file__).name == "claim.py"
