"""Tables of a lesson: laid out on a grid with spans, and turned round where the text runs from right to left."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableCellFormat,
)

from lms_desktop.ui.reader.inline import Style
from lms_desktop.ui.reader.markup import Node
from lms_desktop.ui.reader.sheet import CELL, SMALL
from lms_desktop.ui.reader.writer import Writer

MAX_ROWS = 500
MAX_COLUMNS = 24
BESIDE = 12
ABOVE = 7
# As the author wrote it, whatever way the text runs.
ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute,
    "right": Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute,
    "center": Qt.AlignmentFlag.AlignHCenter,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell at its place on the grid."""

    node: Node
    row: int
    column: int
    rows: int
    columns: int
    is_head: bool
    # The places that begin with it: its own, and its row's before the first cell.
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    cells: tuple[Cell, ...]
    rows: int
    columns: int

    def mirrored(self) -> "Grid":
        """Turn the columns round: Qt lays them from left to right whatever the direction."""
        turned = (replace(cell, column=self.columns - cell.column - cell.columns) for cell in self.cells)
        return replace(self, cells=tuple(turned))


def arrange(table: Node) -> Grid:
    """Place the cells as a browser does: each in the first free column of its row."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    rows = list(_rows(table))[:MAX_ROWS]
    for row, (node, is_head) in enumerate(rows):
        column = 0
        for cell in node.elements("td", "th"):
            while (row, column) in taken:
                column += 1
            if column >= MAX_COLUMNS:
                break
            wide = min(cell.number("colspan", MAX_COLUMNS) or 1, MAX_COLUMNS - column)
            high = min(cell.number("rowspan", MAX_ROWS) or 1, len(rows) - row)
            if any((row, column + right) in taken for right in range(wide)):
                wide = 1
            taken |= {(row + down, column + right) for down in range(high) for right in range(wide)}
            places = (cell.place,) if column else (node.place, cell.place)
            cells.append(Cell(cell, row, column, high, wide, is_head or cell.tag == "th", places))
            column += wide
    return Grid(tuple(cells), len(rows), max((column + 1 for _, column in taken), default=0))


def write_table(writer: Writer, node: Node) -> None:
    """Write a table as wide as the column, or wider where its words need it."""
    writer.places.expect(child.place for child in node.elements())
    caption = next(node.elements("caption"), None)
    if caption is not None:
        writer.flow(replace(writer, face=SMALL, ink=writer.sheet.tokens.muted), caption.children)
    writer.flow(writer, list(_strays(node)))
    grid = arrange(node)
    if not grid.cells:
        return
    if writer.sheet.is_rtl:
        grid = grid.mirrored()
    natural = _natural_widths(grid, writer)
    width = min(max(writer.place.width, sum(natural)), writer.place.wide)
    table = writer.box(width, grid.rows, grid.columns)
    widths = _shared(natural, width)
    _set_widths(table, widths)
    for cell in grid.cells:
        if cell.rows > 1 or cell.columns > 1:
            table.mergeCells(cell.row, cell.column, cell.rows, cell.columns)
        _write_cell(writer, table, cell, sum(widths[cell.column : cell.column + cell.columns]))


def _rows(table: Node) -> Iterator[tuple[Node, bool]]:
    for child in table.elements("tr", "thead", "tbody", "tfoot"):
        if child.tag == "tr":
            yield child, False
        else:
            yield from ((row, child.tag == "thead") for row in child.elements("tr"))


def _strays(node: Node) -> Iterator[Node | str]:
    """Tell what stands in a table but in no cell; a browser shows it before the table."""
    for child in node.children:
        if isinstance(child, str):
            yield child
        elif child.tag in {"tr", "thead", "tbody", "tfoot"}:
            yield from _strays(child)
        elif not (child.tag == "caption" or (node.tag == "tr" and child.tag in {"td", "th"})):
            yield child


def _write_cell(writer: Writer, table: QTextTable, cell: Cell, width: int) -> None:
    sheet = writer.sheet
    look = QTextTableCellFormat()
    look.setLeftPadding(sheet.px(BESIDE))
    look.setRightPadding(sheet.px(BESIDE))
    look.setTopPadding(sheet.px(ABOVE))
    look.setBottomPadding(sheet.px(ABOVE))
    look.setBottomBorder(1)
    look.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    look.setBottomBorderBrush(QColor(sheet.tokens.border))
    if _in_head_row(cell):
        look.setBackground(QColor(sheet.tokens.background))
    place = table.cellAt(cell.row, cell.column)
    place.setFormat(look)
    face = replace(CELL, weight=600) if cell.is_head else CELL
    room = max(20, width - 2 * sheet.px(BESIDE))
    aligned = ALIGNMENTS.get(cell.node.attributes.get("align", ""))
    inner = writer.inside(place.firstCursorPosition(), room, face=face, alignment=aligned)
    writer.places.expect(cell.places)
    inner.flow(inner, cell.node.children)
    if inner.pen.is_fresh:
        inner.begin(sheet.block(face), face)
    inner.close_with(0)


def _in_head_row(cell: Cell) -> bool:
    return cell.is_head and cell.row == 0


def _natural_widths(grid: Grid, writer: Writer) -> list[int]:
    """Tell how wide each column would be without a break, spanning cells left out."""
    metrics = QFontMetricsF(writer.sheet.font(CELL, Style(bold=True)))
    room = 2 * writer.sheet.px(BESIDE) + 2
    widths = [room + writer.sheet.px(24)] * grid.columns
    for cell in grid.cells:
        if cell.columns == 1:
            lines = (" ".join(line.split())[:400] for line in cell.node.text().strip().split("\n"))
            longest = max((metrics.horizontalAdvance(line) for line in lines), default=0)
            widths[cell.column] = max(widths[cell.column], round(longest) + room)
    return widths


def _shared(natural: list[int], width: int) -> list[int]:
    """Share the width out: everybody's own if there is enough, else narrow columns keep theirs first."""
    total = sum(natural)
    if total <= width:
        return [round(own * width / total) for own in natural]
    shares = [0] * len(natural)
    left, waiting = width, sorted(range(len(natural)), key=lambda index: natural[index])
    while waiting:
        index = waiting.pop(0)
        shares[index] = min(natural[index], left // (len(waiting) + 1))
        left -= shares[index]
    return shares


def _set_widths(table: QTextTable, widths: list[int]) -> None:
    look = table.format()
    look.setColumnWidthConstraints([QTextLength(QTextLength.Type.FixedLength, width) for width in widths])
    table.setFormat(look)
