"""The reference of the command line, from the parsers themselves."""

from __future__ import annotations

import argparse
from typing import Any

import docstrings
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id


class CommandsDirective(SphinxDirective):
    """``.. commands::``: a section per subcommand of ``lra-ref``."""

    def run(self) -> list[nodes.Node]:
        """Usage, description and options of every subcommand."""
        from lra_ref.cli import COMMANDS, parser_of

        made: list[nodes.Node] = []
        for name, about in COMMANDS.items():
            parser = parser_of(name)
            section = nodes.section(ids=[make_id(self.env, self.state.document, "", f"lra-ref {name}")])
            section += nodes.title("", "", nodes.literal("", f"lra-ref {name}"))
            self.state.document.note_implicit_target(section)
            section += nodes.paragraph("", f"{about[0].upper()}{about[1:]}.")
            section += docstrings.body(parser.description or "", lambda _, title: nodes.literal("", title))
            section += self.choices(parser)
            made.append(section)
        return made

    def choices(self, parser: argparse.ArgumentParser) -> nodes.Node:
        """Arguments and options, each with its help."""
        listing = nodes.definition_list()
        formatter = argparse.HelpFormatter(parser.prog)
        for action in parser._actions:
            if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
                continue
            names = ", ".join(action.option_strings)
            value = "" if action.nargs == 0 else formatter._format_args(action, formatter._get_default_metavar_for_positional(action))
            if action.option_strings and action.nargs != 0:
                value = formatter._format_args(action, formatter._get_default_metavar_for_optional(action))
            term = nodes.term("", "", nodes.literal("", " ".join(filter(None, [names, value]))))
            text = formatter._expand_help(action) if action.help else ""
            listing += nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", text)))
        return listing


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("commands", CommandsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
