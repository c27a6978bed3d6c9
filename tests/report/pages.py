"""A page as its tags and texts; what does not nest is refused."""

from __future__ import annotations

import html.parser
import re

VOID = {"meta", "link", "img", "br", "wbr", "input"}
#: attributes through which a browser loads something
LOADING = ("src", "href", "xlink:href", "srcset", "data", "poster", "action")


class Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a tag that has the given ones."""
        return [own for name, own in self.tags if name == tag and all(own.get(key) == value for key, value in attributes.items())]

    @property
    def words(self) -> str:
        return " ".join(self.texts)


def faults(text: str) -> list[str]:
    """What is wrong with a page that must be one file: ids twice, links to nowhere, anything loaded, drawings without a label."""
    page = Page(text)
    ids = [own["id"] for _, own in page.tags if "id" in own]
    out = [f"id {name} twice" for name in sorted({name for name in ids if ids.count(name) > 1}, key=str)]
    for tag, own in page.tags:
        for name in LOADING:
            target = own.get(name)
            if target is None or target.startswith("data:"):
                continue
            if not target.startswith("#"):
                out.append(f"<{tag} {name}={target}> loads something")
            elif target[1:] not in ids:
                out.append(f"<{tag} {name}={target}> leads nowhere")
        for name in re.findall(r"url\(#?([^)]*)\)", " ".join(filter(None, own.values()))):
            if name not in ids:
                out.append(f"url({name}) leads nowhere")
        if tag == "svg" and not own.get("aria-label"):
            out.append("a drawing without a label")
        if tag == "th" and own.get("scope") != "col":
            out.append("a heading of no column")
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    out += [f"the style sheet has {word}" for word in ("@import", "url(", "http") if word in style]
    out += [f"address {found}" for found in re.findall(r"https?://[^\s\"'<]+", text)]
    return out
