"""Code, callouts, quotations and notes: tables of one cell, since a document has no other boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF, QTextFrameFormat, QTextTable, QTextTableCellFormat

from lms_desktop.ui.reader.inline import PLAIN, Style, Text, pieces, verbatim
from lms_desktop.ui.reader.markup import Node
from lms_desktop.ui.reader.sheet import CODE, SMALL, SUBHEADING, Sheet, hairline, tiny_letters
from lms_desktop.ui.reader.writer import Writer

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Longer code is cut off with a word: no person reads it, and one block of it would stop the window.
MAX_CODE_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class Edge:
    """The look of a box: ground, thin edge all round or thick edge at the start, and room inside."""

    ground: str
    line: str
    all_round: bool
    thick: int
    beside: int
    above: int


def write_code(writer: Writer, node: Node) -> None:
    """Write code from left to right whatever the lesson's direction, in a box that may outgrow the column."""
    sheet = writer.sheet
    tokens = sheet.tokens
    runs = _code_runs(node)
    edge = Edge(tokens.background, tokens.border, all_round=True, thick=1, beside=16, above=12)
    inner = _longest_line(runs, sheet) + 2 * sheet.px(edge.beside) + 4
    width = min(max(writer.place.width, inner), writer.place.wide)
    cell = _boxed(writer, width, edge)
    block = sheet.block(CODE)
    block.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    block.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
    cell.begin(block, CODE)
    for run in runs:
        cell.places.put(run.style.place, cell.pen.cursor.position())
        # One paragraph with soft breaks: copying gives the lines back, and no gap can open between them.
        cell.pen.cursor.insertText(run.text.replace("\n", "\u2028"), sheet.letters(CODE, run.style))


def write_callout(writer: Writer, node: Node) -> None:
    """Write what must not be overlooked, its title first, with a thick edge at the reading side."""
    tokens = writer.sheet.tokens
    is_calm = bool(node.classes & {"note", "tip", "info", "hint"})
    ground, ink = (tokens.accent_soft, tokens.accent) if is_calm else (tokens.attention_soft, tokens.attention)
    cell = _boxed(writer, writer.place.width, Edge(ground, ink, all_round=False, thick=4, beside=16, above=12))
    title, rest = _titled(node)
    if title is not None:
        cell.places.expect(next(node.elements()).places())
        cell.begin(writer.sheet.block(SUBHEADING), SUBHEADING)
        cell.pen.cursor.insertText(title, writer.sheet.letters(SUBHEADING, colour=ink))
    cell.flow(cell, rest)
    # The box has its own room.
    cell.close_with(0)


def write_quote(writer: Writer, node: Node) -> None:
    """Write somebody else's words with an edge beside them."""
    tokens = writer.sheet.tokens
    cell = _boxed(
        writer, writer.place.width, Edge(tokens.surface, tokens.outline, all_round=False, thick=3, beside=16, above=2)
    )
    cell.flow(cell, node.children)
    # The box has its own room.
    cell.close_with(0)


def write_note(writer: Writer, node: Node) -> None:
    """Write what stands for something that isn't here: online material, a missing picture."""
    tokens = writer.sheet.tokens
    edge = Edge(tokens.background, tokens.border, all_round=True, thick=1, beside=16, above=10)
    cell = _boxed(writer, writer.place.width, edge, ink=tokens.muted)
    cell.begin(writer.sheet.block(SMALL), SMALL)
    cell.write(pieces(node.children), SMALL)


def write_rule(writer: Writer, _node: Node) -> None:
    """Write a line across the column."""
    cell = _boxed(
        writer, writer.place.width, Edge(writer.sheet.tokens.border, "", all_round=False, thick=0, beside=0, above=0)
    )
    cell.pen.cursor.setBlockFormat(hairline(1))
    cell.pen.cursor.mergeBlockCharFormat(tiny_letters())


def _boxed(writer: Writer, width: int, edge: Edge, **changes: object) -> Writer:
    sheet = writer.sheet
    table = writer.box(width)
    _paint(table, edge, sheet)
    inner = width - 2 * sheet.px(edge.beside) - (2 if edge.all_round else edge.thick)
    return writer.inside(table.cellAt(0, 0).firstCursorPosition(), inner, **changes)


def _paint(table: QTextTable, edge: Edge, sheet: Sheet) -> None:
    cell = QTextTableCellFormat()
    cell.setBackground(QColor(edge.ground))
    cell.setLeftPadding(sheet.px(edge.beside))
    cell.setRightPadding(sheet.px(edge.beside))
    cell.setTopPadding(sheet.px(edge.above))
    cell.setBottomPadding(sheet.px(edge.above))
    solid = QTextFrameFormat.BorderStyle.BorderStyle_Solid
    if edge.all_round:
        cell.setBorder(edge.thick)
        cell.setBorderStyle(solid)
        cell.setBorderBrush(QColor(edge.line))
    elif sheet.is_rtl:
        cell.setRightBorder(edge.thick)
        cell.setRightBorderStyle(solid)
        cell.setRightBorderBrush(QColor(edge.line))
    else:
        cell.setLeftBorder(edge.thick)
        cell.setLeftBorderStyle(solid)
        cell.setLeftBorderBrush(QColor(edge.line))
    table.cellAt(0, 0).setFormat(cell)


def _code_runs(node: Node) -> list[Text]:
    runs = verbatim(node.children, Style(code=True))
    if runs:
        runs[0] = Text(runs[0].text.removeprefix("\n"), runs[0].style)
        runs[-1] = Text(runs[-1].text.rstrip("\n"), runs[-1].style)
    left = MAX_CODE_CHARS
    kept = []
    for run in runs:
        kept.append(Text(run.text[:left], run.style))
        left = max(0, left - len(run.text))
    return [run for run in kept if run.text]


def _longest_line(runs: Sequence[Text], sheet: Sheet) -> int:
    text = "".join(run.text for run in runs)
    longest = max(text.split("\n"), key=len, default="")
    return round(QFontMetricsF(sheet.font(CODE)).horizontalAdvance(longest[:400]) + 0.5)


def _titled(node: Node) -> tuple[str | None, "list[Node | str]"]:
    """Part a callout into its title, where it begins with a strong line or a heading, and the rest."""
    children = list(node.children)
    while children and isinstance(first := children[0], str) and not first.strip():
        children.pop(0)
    if not children or not isinstance(head := children[0], Node) or not _is_title(head):
        return None, children
    line = pieces(head.children, PLAIN)
    return "".join(piece.text for piece in line if isinstance(piece, Text)), children[1:]


def _is_title(node: Node) -> bool:
    if node.tag in HEADINGS or node.tag in {"strong", "b"}:
        return True
    inner = [child for child in node.children if not isinstance(child, str) or child.strip()]
    return node.tag == "p" and len(inner) == 1 and isinstance(only := inner[0], Node) and only.tag in {"strong", "b"}
