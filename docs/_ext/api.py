"""The reference of the Python names: a page per package, written at build time from the source.

``.. package:: lra_ref.rates`` shows the names that the package passes on, then each of its modules.  A name is documented once, under its
shortest address; every other public address of it leads there, in the index of objects too.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path
from typing import Any

import docstrings
from docutils import nodes
from docutils.statemachine import StringList
from inventory import Module, Name, addresses, definition, name_at, read_package
from rooms import other_rooms
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "lra_ref"
#: packages whose modules are parts, with a page of theory
PARTS = ("lra_ref.directions", "lra_ref.rates", "lra_ref.methods")
LONGEST = 90


class Source:
    """The package as read: modules, the addresses of every definition, and the definition behind every address."""

    def __init__(self) -> None:
        self.modules = read_package(ROOT / PACKAGE)
        self.addresses = addresses(self.modules)
        self.origins = {address: origin for origin, known in self.addresses.items() for address in known}

    def packages(self) -> list[str]:
        """Packages that have a page: those that define anything, with their modules."""
        return [address for address, module in self.modules.items() if module.package]

    def below(self, package: str) -> list[Module]:
        """The package's own modules, subpackages left out."""
        found = [module for address, module in self.modules.items() if address.rpartition(".")[0] == package and not module.package]
        return [self.modules[package], *found]


def page_of(package: str) -> str:
    """The document of a package."""
    return f"reference/api/{package}"


def write_pages(app: Sphinx) -> None:
    """A page per package, and the list of them; only what has changed is written."""
    source = app.lra_source = Source()  # type: ignore[attr-defined]
    folder = Path(app.srcdir) / "reference" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.rst": f"{name}\n{'=' * len(name)}\n\n.. package:: {name}\n" for name in source.packages()}
    for path in folder.glob("*.rst"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def outdated(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The pages are made from the source, so they are always read again."""
    return [page_of(name) for name in app.lra_source.packages()]  # type: ignore[attr-defined]


class PackageDirective(SphinxDirective):
    """``.. package:: ADDRESS``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The package's names, then a section per module."""
        self.source: Source = self.env.app.lra_source  # type: ignore[attr-defined]
        first, *others = self.source.below(self.arguments[0])
        made = [*self.module_head(first), *self.contents(first), *self.names(first)]
        below = [name for name in self.source.packages() if name.rpartition(".")[0] == first.address]
        if below:
            made.append(nodes.rubric("", "Packages inside"))
            made.append(self.listing([(name, _first(self.source.modules[name].doc)) for name in below]))
        for module in others:
            section = nodes.section(ids=[make_id(self.env, self.state.document, "", module.address)])
            section += nodes.title("", "", nodes.literal("", module.address.rpartition(".")[2]))
            self.state.document.note_implicit_target(section)
            part = module.address.rpartition(".")[2] if first.address in PARTS else ""
            section += [*self.module_head(module), *other_rooms(part, self.env.docname, claims=True), *self.names(module)]
            made.append(section)
        return made

    def module_head(self, module: Module) -> list[nodes.Node]:
        """The module as a target, and its docstring."""
        return [
            *self.rest([f".. py:module:: {module.address}", f"   :synopsis: {_first(module.doc)}"]),
            *docstrings.body(module.doc, self.link),
        ]

    def names(self, module: Module) -> list[nodes.Node]:
        """What is documented here; what has a shorter address elsewhere is listed with a link."""
        made: list[nodes.Node] = []
        elsewhere = []
        for name in module.public:
            origin = definition(self.source.modules, module.address, name)
            if origin is None:
                continue
            home = self.source.addresses[origin][0]
            if home == f"{module.address}.{name}":
                made += self.entry(home, origin)
            else:
                elsewhere.append((home, _first(name_at(self.source.modules, origin).doc)))
        return ([nodes.rubric("", "Documented under their shorter names"), self.listing(elsewhere)] if elsewhere else []) + made

    def contents(self, module: Module) -> list[nodes.Node]:
        """What a package documents on its own page, a line about each."""
        homes = {f"{module.address}.{name}": definition(self.source.modules, module.address, name) for name in module.public}
        here = [(home, origin) for home, origin in homes.items() if origin and self.source.addresses[origin][0] == home]
        rows = [(home, _first(name_at(self.source.modules, origin).doc)) for home, origin in here]
        return [self.listing(rows)] if len(rows) > 3 else []

    def listing(self, rows: list[tuple[str, str]]) -> nodes.Node:
        """Linked names, a line about each."""
        listing = nodes.bullet_list()
        for address, about in rows:
            words = [self.link(address, address), *([nodes.Text(": "), *docstrings.inline(about, self.link)] if about else [])]
            listing += nodes.list_item("", nodes.paragraph("", "", *words))
        return listing

    def entry(self, home: str, origin: str) -> list[nodes.Node]:
        """A name with all its members."""
        name = name_at(self.source.modules, origin)
        made = self.described(name, origin)
        domain = self.env.domains.python_domain
        for address in self.source.addresses[origin]:
            if address != home:
                kind, target = domain.objects[home].objtype, domain.objects[home].node_id
                domain.note_object(address, kind, target, aliased=True, location=self.get_location())
                for member in name.members:
                    inner = domain.objects[f"{home}.{member.name}"]
                    domain.note_object(f"{address}.{member.name}", inner.objtype, inner.node_id, aliased=True, location=self.get_location())
        return made

    def described(self, name: Name, origin: str = "") -> list[nodes.Node]:
        """The description of a name: its signature, its docstring, its members."""
        made = self.rest(_directive(name))
        self.resolved(made)
        content = next(node for node in made if isinstance(node, addnodes.desc))[-1]
        if name.kind == "class" and name.bases:
            bases = [node for base in name.bases for node in (nodes.Text(", "), self.link(base, base))][1:]
            content += nodes.paragraph("", "", nodes.Text("Derived from "), *bases, nodes.Text("."))
        content += docstrings.body(name.doc, self.link)
        if name.members:
            if any(member.value.startswith("parameter(") for member in name.members):
                declare(name, origin)
            # members are described in the context of their class
            context = self.env.ref_context
            context["py:classes"], context["py:class"] = [name.name], name.name
            for member in name.members:
                content += self.described(member)
            context["py:classes"], context["py:class"] = [], None
        return made

    def resolved(self, made: list[nodes.Node]) -> None:
        """Names in signatures lead exactly where the module's own imports say, or nowhere."""
        for node in [found for top in made for found in top.findall(addnodes.pending_xref)]:
            address = self.address_of(node["reftarget"])
            if address is None:
                node.replace_self(node.children)
            else:
                node["reftarget"] = address
                node.attributes.pop("refspecific", None)

    def address_of(self, name: str) -> str | None:
        """The address under which a name, as it is written in the current module, is documented."""
        modules = self.source.modules
        if name in modules:
            return name
        origin = self.source.origins.get(name)
        if origin is None and re.fullmatch(r"[A-Za-z_]\w*", name):
            origin = definition(modules, self.env.ref_context["py:module"], name)
        return self.source.addresses[origin][0] if origin in self.source.addresses else None

    def rest(self, lines: list[str]) -> list[nodes.Node]:
        """The nodes of lines of reStructuredText."""
        box = nodes.Element()
        self.state.nested_parse(StringList(lines, source=f"{self.env.docname}.rst"), self.content_offset, box)
        return list(box.children)

    def link(self, address: str, title: str) -> nodes.Node:
        """A cross-reference if the address is that of a public name, else a literal."""
        shown = nodes.literal("", title)
        page = re.fullmatch(r"docs/([\w/]+)\.md", address)
        if page:
            known = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page[1]}", "refexplicit": True, "refwarn": True}
            return addnodes.pending_xref("", shown, refdoc=self.env.docname, **known)
        found = self.address_of(address)
        if found is None:
            return shown
        target = addnodes.pending_xref("", shown, refdomain="py", reftype="obj", reftarget=found, refexplicit=True, refwarn=False)
        target["refdoc"] = self.env.docname
        return target


def declare(name: Name, origin: str) -> None:
    """Fill in default, text and constraint of the hyper-parameters that a class declares; such classes need the core only."""
    module, _, own = origin.rpartition(".")
    fields = {field.name: field for field in dataclasses.fields(getattr(importlib.import_module(module), own))}
    for member in name.members:
        if member.value.startswith("parameter("):
            field = fields[member.name]
            member.doc = f"{field.metadata['doc']}; {field.metadata['constraint']}"
            member.value = "" if field.default is dataclasses.MISSING else repr(field.default)


def _directive(name: Name) -> list[str]:
    """The lines that describe a name in Sphinx's Python domain."""
    signature = name.signature if name.kind in ("function", "class", "method") else ""
    lines = [f".. py:{name.kind}:: {name.name}{signature}"]
    if name.kind in ("data", "attribute", "property"):
        note = name.signature if name.kind != "property" else name.signature.partition(" -> ")[2]
        lines += [f"   :type: {note}"] if note and len(note) < LONGEST else []
        shown = name.value if name.kind != "property" and len(name.value) < LONGEST else ""
        lines += [f"   :value: {shown}"] if shown else []
    return [*lines, *([f"   :{name.value}:"] if name.kind == "method" and name.value else []), ""]


def _first(doc: str) -> str:
    """The first sentence of a docstring."""
    paragraph = " ".join(doc.strip().split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph)[0].rstrip(":")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_pages)
    app.connect("env-get-outdated", outdated)
    app.add_directive("package", PackageDirective)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
