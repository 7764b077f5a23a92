"""A line of the text around what a search found, with the words themselves on a soft ground."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QTextCharFormat, QTextLayout, QTextOption

from lms_desktop.store.search import END_MARK, START_MARK
from lms_desktop.ui.sheet import ROLES
from lms_desktop.ui.theme import tokens
from lms_desktop.ui.widgets.text import ElidedText

_ROLE = "small"


class Snippet(ElidedText):
    """``marked`` is a snippet as the store's search cuts it."""

    def __init__(self, marked: str) -> None:
        words = " ".join(marked.split())
        super().__init__(words.replace(START_MARK, "").replace(END_MARK, ""), _ROLE)
        self.found = find_marked(words)

    def paintEvent(self, _event: QPaintEvent) -> None:
        layout = QTextLayout(self.text(), self._face())
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        layout.setFormats([_on_ground(start, length) for start, length in self.found])
        layout.beginLayout()
        line = layout.createLine()
        layout.endLayout()
        at_right = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x = self.width() - line.naturalTextWidth() if at_right else 0.0
        painter = QPainter(self)
        painter.setPen(QColor(getattr(tokens(), ROLES[_ROLE][2])))
        layout.draw(painter, QPointF(x, (self.height() - line.height()) / 2))


def find_marked(words: str) -> list[tuple[int, int]]:
    """Where the marked words stand, and how long they are, as Qt counts, once the marks themselves are gone."""
    ranges, at = [], 0
    for piece in words.split(START_MARK):
        inside, mark, after = piece.partition(END_MARK)
        if mark:
            ranges.append((at, _units(inside)))
        at += _units(inside) + _units(after)
    return ranges


def _units(words: str) -> int:
    # Emoji and rare letters count twice.
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def _on_ground(start: int, length: int) -> QTextLayout.FormatRange:
    soft = QTextCharFormat()
    soft.setBackground(QBrush(QColor(tokens().accent_soft)))
    soft.setForeground(QBrush(QColor(tokens().on_accent_soft)))
    place = QTextLayout.FormatRange()
    place.start, place.length, place.format = start, length, soft
    return place
