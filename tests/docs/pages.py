"""Reading a page of the documentation and running what it shows, in the order of the page.

A comment just above a fence says more about it than its language does::

    <!-- run -->, <!-- run: exit 1 -->   the ``lra-ref`` lines of a ``sh`` block are run, and must end so
    <!-- file: NAME -->                  the block is the file NAME of the page's folder
    <!-- output -->                      a ``text`` block: what the block before printed, ``...`` standing for anything
    <!-- not run: REASON -->             a ``python`` block is only compiled

``python`` blocks of a page run in one namespace.  ``<!-- slow -->`` at the head of a page makes its test a slow one.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lra_ref.cli import main

FENCE = re.compile(r"(?:^<!-- *([^\n]*?) *-->\n)?^```(\w*)\n(.*?)^```", re.M | re.S)
MARKS = re.compile(r"run(: exit \d+)?|file: \S+|output|not run: .+|slow")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, its language, the comment above it."""

    where: str
    mark: str
    language: str
    text: str


def blocks(name: str, text: str) -> Iterator[Block]:
    """The blocks of a page; ``ValueError`` for a mark that means nothing."""
    for found in FENCE.finditer(text):
        mark, language, body = found.groups()
        where = f"{name}:{text.count(chr(10), 0, found.start(3))}"
        if mark and not MARKS.fullmatch(mark):
            raise ValueError(f"{where}: unknown mark {mark!r}")
        yield Block(where, mark or "", language, body)


def does_something(block: Block) -> bool:
    """Whether running the page runs or writes this block."""
    return block.language == "python" or block.mark.startswith(("run", "file", "output"))


@dataclass
class Page:
    """The state of a page that is being run: its folder, its namespace, what was printed last."""

    folder: Path
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    printed: str = ""

    def run(self, block: Block) -> None:
        """Run one block; ``AssertionError`` if it does not do what the page says."""
        if block.mark.startswith("file: "):
            (self.folder / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        elif block.mark == "output":
            told = doctest.OutputChecker().check_output(block.text, self.printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            assert told, f"{block.where}: the page says\n{block.text}\nand the block before printed\n{self.printed}"
        elif block.mark.startswith("run"):
            self._commands(block, int(block.mark.partition("exit ")[2] or 0))
        elif block.language == "python":
            code = compile(block.text, block.where, "exec")
            if not block.mark:
                self._capture(lambda: exec(code, self.namespace))

    def _commands(self, block: Block, wanted: int) -> None:
        lines = block.text.replace("\\\n", " ").splitlines()
        commands = [words for words in (shlex.split(line, comments=True) for line in lines) if words]
        for words in commands:
            assert words[0] == "lra-ref", f"{block.where}: only lra-ref can be run, got {words[0]}"
            code = self._capture(lambda words=words: main(words[1:]))
            assert code == wanted, f"{block.where}: {shlex.join(words)} ended with {code}, the page says {wanted}:\n{self.printed}"

    def _capture(self, act: Any) -> Any:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            result = act()
        self.printed = out.getvalue() or err.getvalue()
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return result
