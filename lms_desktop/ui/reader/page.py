"""A lesson's tree written down: which element becomes what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtGui import QTextCursor, QTextDocument, QTextListFormat

from lms_desktop.ui.reader.boxes import HEADINGS, write_callout, write_code, write_note, write_quote, write_rule
from lms_desktop.ui.reader.grids import write_table
from lms_desktop.ui.reader.inline import PLAIN, Picture, Text, is_running, pieces
from lms_desktop.ui.reader.links import Links
from lms_desktop.ui.reader.markup import Node
from lms_desktop.ui.reader.pictures import Gallery
from lms_desktop.ui.reader.places import Places
from lms_desktop.ui.reader.sheet import BODY, HEADING, MINOR, SMALL, SUBHEADING, TITLE, Sheet
from lms_desktop.ui.reader.writer import GAP, INDENT, Bullets, Pen, Place, Writer

FACES = {"h1": HEADING, "h2": HEADING, "h3": SUBHEADING, "h4": MINOR, "h5": MINOR, "h6": MINOR}
# Written in one go, with every place in them.
LEAVES = frozenset({"p", "pre", "dt", *HEADINGS})
TICKS = ("☐", "☑", "○", "●")
# Above a heading and between it and its text.
HEADING_ABOVE = 24
HEADING_BELOW = 6


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the text: the lesson's title and a line of facts."""

    title: str = ""
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a page is written from."""

    head: Head
    root: Node
    gallery: Gallery
    links: Links
    places: Places


def write_page(document: QTextDocument, lesson: Lesson, sheet: Sheet) -> None:
    """Write the whole lesson into an empty document whose root frame is as wide as ``sheet.wide``."""
    document.setIndentWidth(sheet.px(INDENT))
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    beside = (sheet.wide - sheet.column) // 2
    place = Place(beside, sheet.wide - sheet.column - beside, sheet.column, sheet.wide)
    writer = Writer(Pen(cursor), sheet, lesson.gallery, lesson.links, lesson.places, place, write_flow)
    _write_head(writer, lesson.head)
    text = _without_title(lesson.root, lesson.head.title)
    if text is not lesson.root and (title := next(lesson.root.elements(*HEADINGS), None)):
        for name in title.places():
            lesson.places.put(name, 0)
    write_flow(writer, text.children)
    # What ends without another word, or was too much to be shown.
    lesson.places.expect(lesson.root.places())
    lesson.places.settle(cursor.position())
    cursor.endEditBlock()


def write_flow(writer: Writer, children: Iterable[Node | str]) -> None:
    """Write any children: what runs is gathered to paragraphs, blocks stand for themselves."""
    line: list[Node | str] = []
    before: Node | None = None
    for child in children:
        if is_running(child):
            line.append(child)
            continue
        _write_line(writer, line)
        line = []
        if isinstance(child, Node):
            writer.places.expect(child.places() if child.tag in LEAVES else [child.place])
            if _is_caption(before, child):
                _write_caption(writer, child)
            else:
                turned = _turned(writer, child)
                _element(turned, child)(turned, child)
            before = child
    _write_line(writer, line)


def _turned(writer: Writer, node: Node) -> Writer:
    """Write an element in its own direction where it names one."""
    told = node.attributes.get("dir", "")
    if told not in {"ltr", "rtl"} or (told == "rtl") == writer.sheet.is_rtl:
        return writer
    return replace(writer, sheet=replace(writer.sheet, is_rtl=told == "rtl"))


def _element(writer: Writer, node: Node) -> Callable[[Writer, Node], None]:
    is_box = node.tag in {"table", "blockquote", "div"}
    return _write_inside if is_box and writer.is_deep else ELEMENTS.get(node.tag, _write_inside)


def _write_head(writer: Writer, head: Head) -> None:
    if head.title:
        writer.paragraph([Text(head.title, PLAIN)], TITLE, below=2)
    if head.facts:
        replace(writer, ink=writer.sheet.tokens.muted).paragraph([Text(head.facts, PLAIN)], SMALL)


def _without_title(root: Node, title: str) -> Node:
    """Leave out a first heading that only repeats the title."""
    blocks = [child for child in root.children if not isinstance(child, str) or child.strip()]
    first = blocks[0] if blocks else ""
    repeats = isinstance(first, Node) and first.tag in HEADINGS and _same(first.text(), title)
    return Node("root", {}, blocks[1:]) if repeats else root


def _same(one: str, other: str) -> bool:
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _write_line(writer: Writer, line: list[Node | str]) -> None:
    writer.places.expect(name for child in line if isinstance(child, Node) for name in child.places())
    found = pieces(line)
    if found:
        writer.paragraph(found)


def _write_inside(writer: Writer, node: Node) -> None:
    write_flow(writer, node.children)


def _write_paragraph(writer: Writer, node: Node) -> None:
    if "online" in node.classes:
        write_note(writer, node)
    elif all(is_running(child) for child in node.children):
        _write_line(writer, node.children)
    else:
        write_flow(writer, node.children)


def _write_heading(writer: Writer, node: Node) -> None:
    face = FACES[node.tag]
    line = pieces(node.children)
    if line and isinstance(first := line[0], Text):
        # Pages from other programs often begin a heading with a hard space.
        line[0] = replace(first, text=first.text.lstrip())
    writer.paragraph(line, face, above=HEADING_ABOVE, below=HEADING_BELOW)


def _write_division(writer: Writer, node: Node) -> None:
    if "callout" in node.classes:
        write_callout(writer, node)
    else:
        write_flow(writer, node.children)


def _write_list(writer: Writer, node: Node) -> None:
    if writer.pen.bullet is not None:
        # A list straight inside an item: the outer mark needs a line of its own.
        writer.begin(writer.sheet.block(writer.face))
    form = QTextListFormat()
    # The blocks carry the indent, so that an item's second paragraph stands under its first.
    form.setIndent(0)
    form.setStyle(_marker(node, writer.place.level))
    form.setStart(node.number("start", 1_000_000) or 1)
    bullets = Bullets(form)
    for item in node.children:
        if isinstance(item, Node) and item.tag == "li":
            writer.places.expect([item.place])
            is_loose = next(item.elements("p"), None) is not None
            # A box to tick is the mark of its item.
            writer.pen.bullet = None if item.text().lstrip()[:1] in TICKS else bullets
            write_flow(replace(writer.indented(), below=8 if is_loose else 4), item.children)
            writer.pen.bullet = None
        else:
            # Nothing but items belongs here; what stands here all the same is text of the list.
            write_flow(replace(writer.indented(), below=4), [item])
    if writer.place.level == 0:
        writer.close_with(GAP)


def _marker(node: Node, level: int) -> QTextListFormat.Style:
    if node.tag == "ol":
        return QTextListFormat.Style.ListDecimal if level % 2 == 0 else QTextListFormat.Style.ListLowerAlpha
    return QTextListFormat.Style.ListDisc if level % 2 == 0 else QTextListFormat.Style.ListCircle


def _write_term(writer: Writer, node: Node) -> None:
    strong = replace(BODY, weight=600)
    writer.paragraph(pieces(node.children), strong, above=4, below=2)


def _write_definition(writer: Writer, node: Node) -> None:
    inner = writer.indented()
    write_flow(inner, node.children)


def _is_caption(before: Node | None, node: Node) -> bool:
    """Whether a line all in emphasis right under a picture says what it shows."""
    if before is None or before.tag != "p" or node.tag != "p":
        return False
    above = pieces(before.children)
    line = pieces(node.children)
    return (
        bool(above and line)
        and isinstance(above[-1], Picture)
        and all(isinstance(piece, Text) and piece.style.italic for piece in line)
    )


def _write_caption(writer: Writer, node: Node) -> None:
    writer.close_with(6)
    line = [
        replace(piece, style=replace(piece.style, italic=False))
        for piece in pieces(node.children)
        if isinstance(piece, Text)
    ]
    replace(writer, ink=writer.sheet.tokens.muted).paragraph(list(line), SMALL)


ELEMENTS: dict[str, Callable[[Writer, Node], None]] = {
    "p": _write_paragraph,
    **dict.fromkeys(HEADINGS, _write_heading),
    "ul": _write_list,
    "ol": _write_list,
    "blockquote": write_quote,
    "pre": write_code,
    "table": write_table,
    "div": _write_division,
    "hr": write_rule,
    "dt": _write_term,
    "dd": _write_definition,
}
