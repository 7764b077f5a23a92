"""A lesson's HTML becomes a small tree of the elements a lesson may have; everything else is text or gone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "div", "hr", "dl", "dt", "dd",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
})  # fmt: skip
INLINE = frozenset({
    "em", "i", "strong", "b", "del", "s", "sub", "sup", "kbd", "code", "samp", "tt", "var", "span", "a", "br", "img",
})  # fmt: skip
VOID = frozenset({"br", "hr", "img"})
ATTRIBUTES = frozenset({"src", "alt", "width", "href", "class", "start", "colspan", "rowspan", "dir", "id", "align"})
# The names that places in a lesson are given at import; nothing else is one.
PLACE = re.compile(r"at-[\w.:-]{1,80}")
TOP = "at-top"
# What stands inside these is no text for people.
SILENT = frozenset({
    "script", "style", "head", "title", "template", "iframe", "object", "applet", "svg", "math", "noscript",
    "textarea", "select",
})  # fmt: skip
# Deeper than any lesson; keeps recursion and nested tables in bounds.
MAX_DEPTH = 24
MAX_NODES = 60_000
# An open paragraph ends where one of these begins.
ENDS_PARAGRAPH = BLOCKS - {"li", "dt", "dd", "tr", "td", "th", "caption", "thead", "tbody", "tfoot"}
# A new one of these closes the open one beside it, unless one of its fences stands between.
SIBLINGS = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "table"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl", "table"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl", "table"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
}
PARAGRAPH = (frozenset({"p"}), frozenset({"ul", "ol", "dl", "table", "td", "th", "div", "blockquote"}))


@dataclass(slots=True)
class Node:
    """An element; ``children`` are elements and text in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Node | str]" = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())

    @property
    def place(self) -> str:
        """The name by which links lead here; empty for most."""
        name = self.attributes.get("id", "")
        return name if PLACE.fullmatch(name) else ""

    def places(self) -> Iterator[str]:
        """Tell the places here and below."""
        if self.place:
            yield self.place
        for child in self.elements():
            yield from child.places()

    def elements(self, *tags: str) -> "Iterator[Node]":
        """Tell the children that are elements, of these tags if any are named."""
        for child in self.children:
            if isinstance(child, Node) and (not tags or child.tag in tags):
                yield child

    def pictures(self) -> frozenset[str]:
        """Tell the paths of all pictures below."""
        found = {self.attributes.get("src", "")} if self.tag == "img" else set()
        return frozenset(found.union(*(child.pictures() for child in self.elements())))

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def number(self, attribute: str, highest: int) -> int | None:
        """A positive whole number from an attribute, or nothing."""
        told = self.attributes.get(attribute, "").strip().removesuffix("px")
        return (
            min(int(told), highest) if told.isascii() and told.isdigit() and 0 < len(told) < 9 and int(told) else None
        )


def read(html: str) -> Node:
    """Read any text as a lesson; never fails, whatever it is given."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self._open = [self.root]
        self._silent: list[str] = []
        self._nodes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent.append(tag)
        elif not self._silent and (tag in BLOCKS or tag in INLINE):
            self._begin(Node(tag, {name: value or "" for name, value in attrs if name in ATTRIBUTES}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag not in VOID and any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._open[-1].children.append(data)

    def _begin(self, node: Node) -> None:
        self._close_before(node.tag)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            return
        self._open[-1].children.append(node)
        if node.tag not in VOID and len(self._open) < MAX_DEPTH:
            self._open.append(node)

    def _close_before(self, tag: str) -> None:
        if tag in ENDS_PARAGRAPH:
            self._close(*PARAGRAPH)
        if tag in SIBLINGS:
            self._close(*SIBLINGS[tag])

    def _close(self, tags: frozenset[str], fences: frozenset[str]) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag in tags:
                del self._open[index:]
                return
            if self._open[index].tag in fences:
                return
