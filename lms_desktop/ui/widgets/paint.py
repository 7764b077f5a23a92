"""The paint functions that widgets and list rows share."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle

from lms_desktop.ui.theme import color

GAP = 8
RTL = Qt.LayoutDirection.RightToLeft


@dataclass(frozen=True, slots=True)
class Frame:
    """A box that is thought left to right and painted the way the window runs."""

    box: QRect
    direction: Qt.LayoutDirection

    def rect(self, x: int, y: int, width: int, height: int) -> QRect:
        """Where a part lies; ``x`` counts from the start edge."""
        part = QRect(self.box.x() + x, self.box.y() + y, width, height)
        return QStyle.visualRect(self.direction, self.box, part)


def rounded(
    painter: QPainter, box: QRect, fill: QColor | None, edge: QColor | None, radius: float, width: int = 1
) -> None:
    """A box with round corners; its edge lies inside the box."""
    inset = width / 2 if edge else 0
    painter.setPen(QPen(edge, width) if edge else Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(box).adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset)


def card_path(box: QRect, radius: float = 8) -> QPainterPath:
    """The inside of a card's edge, to clip a cover with."""
    shape = QPainterPath()
    shape.addRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), radius - 1, radius - 1)
    return shape


def line_height(face: QFont) -> int:
    """The height of one line; titles of any script fit in it."""
    return round(max(QFontMetricsF(face).lineSpacing(), 1.36 * face.pixelSize()))


def line_pitch(face: QFont) -> int:
    """From one line to the next of the same text: the Arabic font's own 2.11 em would pull a sentence apart."""
    return min(line_height(face), round(1.75 * face.pixelSize()))


def text_width(text: str, face: QFont) -> int:
    """Pixels that a line of text takes, rounded up."""
    return int(QFontMetricsF(face).horizontalAdvance(text) + 0.999)


def text_height(text: str, face: QFont, width: int, lines: int = 1) -> int:
    """How high a text gets in a width, cut after some lines."""
    # Most texts fit in a line, and seeing that is far cheaper than breaking them.
    rows = 1 if text_width(text, face) < width else min(lines, len(_broken(text, face, width)))
    return line_height(face) + (rows - 1) * line_pitch(face)


def is_cut(text: str, face: QFont, width: int, lines: int = 1) -> bool:
    """Whether a text needs its end left out."""
    return len(_broken(text, face, width)) > lines if lines > 1 else text_width(text, face) > width


def draw_text(  # noqa: PLR0913 - what, where and how are all needed at each call
    painter: QPainter,
    text: str,
    box: QRect,
    face: QFont,
    ink: QColor,
    direction: Qt.LayoutDirection,
    lines: int = 1,
    *,
    at_end: bool = False,
    centred: bool = False,
) -> int:
    """Paint a text at the start edge of its box, cut with an ellipsis after some lines; the height it took."""
    painter.setFont(face)
    painter.setPen(ink)
    # A sentence of the other direction keeps its full stop at its own end; figures alone follow the window.
    has_words = any(letter.isalpha() for letter in text)
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto if has_words else direction)
    flags = _alignment(direction, at_end=at_end, centred=centred)
    metrics = QFontMetricsF(face)
    height, pitch = line_height(face), line_pitch(face)
    rows = _broken(text, face, box.width()) if lines > 1 else [text]
    if len(rows) > lines:
        rows = [*rows[: lines - 1], " ".join(rows[lines - 1 :])]
    for number, row in enumerate(rows):
        shown = metrics.elidedText(row.strip(), Qt.TextElideMode.ElideRight, box.width() + 1)
        line = QRect(box.x(), box.y() + number * pitch, box.width(), height)
        painter.drawText(line, int(flags | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)
    return height + (len(rows) - 1) * pitch


def draw_bar(
    painter: QPainter, box: QRect, fraction: float, fill: QColor, track: QColor, direction: Qt.LayoutDirection
) -> None:
    """A progress bar: round, filled from the start side, at least as wide as high once anything is done."""
    radius = box.height() / 2
    rounded(painter, box, track, None, radius)
    if fraction <= 0:
        return
    width = max(box.height(), round(box.width() * min(1.0, fraction)))
    rounded(painter, Frame(box, direction).rect(0, 0, width, box.height()), fill, None, radius)


def focus_edge(painter: QPainter, box: QRect, radius: float = 8) -> None:
    """The focus ring of parts that draw it inside."""
    rounded(painter, box, None, color(lambda t: t.focus), radius, 2)


def _alignment(direction: Qt.LayoutDirection, *, at_end: bool, centred: bool) -> Qt.AlignmentFlag:
    if centred:
        return Qt.AlignmentFlag.AlignHCenter
    to_right = (direction is RTL) != at_end
    side = Qt.AlignmentFlag.AlignRight if to_right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute


def _broken(text: str, face: QFont, width: int) -> list[str]:
    layout = QTextLayout(text, face)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    rows = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        line.setPosition(QPointF(0, 0))
        rows.append(text[line.textStart() : line.textStart() + line.textLength()])
    layout.endLayout()
    return rows or [""]
