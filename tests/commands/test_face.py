"""What all subcommands have in common: help, exit codes, one line per error, a quiet end when the reader goes, a fast start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lra_ref.cli import COMMANDS
from tests.commands.conftest import Call

HEAVY = ("numba", "numpy", "scipy", "matplotlib", "sklearn", "rich")


def test_without_arguments_help_is_printed(call: Call) -> None:
    code, out, _ = call()
    assert code == 2
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("command", ["list", "run", "check-gradient", "info"])
def test_help_of_a_subcommand(call: Call, command: str) -> None:
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: lra-ref {command}")
    assert "--json" in out


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list", "--help"], ["check-gradient", "--help"], ["info", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = f"import sys; from lra_ref.cli import main; main({words!r}); print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("words", [["list"], ["list", "rates", "--json"], ["info"], ["check-gradient", "quartic", "--points", "1"]])
def test_a_reader_who_has_gone_is_no_error_to_talk_about(words: list[str]) -> None:
    process = subprocess.Popen([sys.executable, "-m", "lra_ref.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1
    assert err == ""
