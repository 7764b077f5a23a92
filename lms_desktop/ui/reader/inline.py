"""The running text of a paragraph as pieces: text in a style, breaks and pictures, with spaces as HTML means them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lms_desktop.ui.reader.markup import BLOCKS, Node

_SPACE = re.compile(r"[ \t\r\n\f]+")
TINTS = frozenset({"k", "s", "n", "c"})


@dataclass(frozen=True, slots=True)
class Style:
    """How a stretch of text stands out."""

    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    key: bool = False
    raised: int = 0
    tint: str = ""
    href: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Break:
    """The next piece stands on a new line."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture named by its path in the course."""

    path: str
    alt: str
    width: int | None
    href: str = ""


Piece = Text | Break | Picture
PLAIN = Style()


def is_running(child: Node | str) -> bool:
    """Whether a child belongs to a line of text, not to the column."""
    if isinstance(child, str):
        return True
    return child.tag not in BLOCKS and all(is_running(inner) for inner in child.children)


def pieces(children: Iterable[Node | str], style: Style = PLAIN) -> list[Piece]:
    """Tell what stands in a line: spaces folded, none at the ends or beside a break."""
    return _folded(_walk(children, style))


def verbatim(children: Iterable[Node | str], style: Style) -> list[Text]:
    """Tell what stands in a code block, every space kept."""
    found = [Text("\n", style) if isinstance(piece, Break) else piece for piece in _walk(children, style)]
    texts = (piece for piece in found if isinstance(piece, Text))
    return [Text(piece.text.replace("\r\n", "\n").expandtabs(4), piece.style) for piece in texts]


def _walk(children: Iterable[Node | str], style: Style) -> Iterator[Piece]:
    for child in children:
        if isinstance(child, str):
            yield Text(child, style)
        elif child.tag == "br":
            yield Break()
        elif child.tag == "img":
            path = child.attributes.get("src", "")
            yield Picture(path, child.attributes.get("alt", "").strip(), child.number("width", 4096), style.href)
        else:
            yield from _walk(child.children, _styled(child, style))


def _styled(node: Node, style: Style) -> Style:
    changes: dict[str, dict[str, bool | int | str]] = {
        "em": {"italic": True},
        "i": {"italic": True},
        "strong": {"bold": True},
        "b": {"bold": True},
        "del": {"struck": True},
        "s": {"struck": True},
        "sub": {"raised": -1},
        "sup": {"raised": 1},
        "code": {"code": True},
        "samp": {"code": True},
        "tt": {"code": True},
        "var": {"italic": True},
        "kbd": {"key": True},
        "a": {"href": node.attributes.get("href", "")},
    }
    tint = next(iter(node.classes & TINTS), "")
    changed = changes.get(node.tag, {"tint": tint} if node.tag == "span" and tint else {})
    if node.place:
        changed = {**changed, "place": node.place}
    return replace(style, **changed)  # type: ignore[arg-type]  # one dictionary for fields of several types


def _folded(found: Iterable[Piece]) -> list[Piece]:
    line: list[Piece] = []
    after_space = True
    for piece in found:
        if not isinstance(piece, Text):
            _trim(line, piece)
            line.append(piece)
            after_space = isinstance(piece, Break)
            continue
        text = _SPACE.sub(" ", piece.text)
        text = text.removeprefix(" ") if after_space else text
        if text:
            line.append(Text(text, piece.style))
            after_space = text.endswith(" ")
    _trim(line, Break())
    while line and isinstance(line[-1], Break):
        line.pop()
    return line


def _trim(line: list[Piece], before: Piece) -> None:
    """Take away the space that would hang at the end of a line."""
    last = line[-1] if line else None
    if isinstance(before, Break) and isinstance(last, Text):
        text = last.text.removesuffix(" ")
        line[-1:] = [Text(text, last.style)] if text else []
