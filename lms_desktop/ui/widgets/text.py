"""Labels of the type scale."""

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from lms_desktop.ui.sheet import ROLES
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.widgets.paint import draw_text, line_height, text_height, text_width

Place = Literal["start", "center", "end"]
MOST_LINES = 200
# A sentence that may wrap asks for no more than this.
WIDEST = 520
# Longer ones are numbers of certificates, addresses and paths: they may be broken anywhere.
LONGEST_WORD = 24
BROKEN_WORD = 160


class Text(QLabel):
    """A text in a role of the type scale (see ``sheet.ROLES``), at the start edge of the window whatever its script."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        *,
        wrap: bool = True,
        place: Place = "start",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role if role in ROLES else "body")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self._place = place
        policy = self.sizePolicy()
        policy.setHeightForWidth(wrap)
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
        self.setSizePolicy(policy)
        self._align()

    def set_role(self, role: str) -> None:
        """Change size and colour; a sheet looks again only when told."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)

    def heightForWidth(self, width: int) -> int:
        if not self.wordWrap():
            return -1
        return text_height(self.text(), self._face(), width, MOST_LINES)

    def sizeHint(self) -> QSize:
        usual = super().sizeHint()
        if not self.wordWrap():
            return usual
        width = min(text_width(self.text(), self._face()) + 1, look().px(WIDEST))
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        if not self.wordWrap():
            return super().minimumSizeHint()
        words = (_least_width(word, self._face()) for word in self.text().split())
        return QSize(min(max(words, default=0) + 1, look().px(WIDEST)), line_height(self._face()))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.wordWrap():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        ink = QColor(getattr(tokens(), ROLES[self.property("role")][2]))
        taken = text_height(self.text(), self._face(), self.width(), MOST_LINES)
        box = self.rect().adjusted(0, max(0, (self.height() - taken) // 2), 0, 0)
        centred, at_end = self._place == "center", self._place == "end"
        draw_text(
            painter,
            self.text(),
            box,
            self._face(),
            ink,
            self.layoutDirection(),
            MOST_LINES,
            at_end=at_end,
            centred=centred,
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LayoutDirectionChange:
            self._align()

    def _face(self) -> QFont:
        size, weight, _colour = ROLES[self.property("role")]
        return font(size, STRONG if weight > 400 else REGULAR)

    def _align(self) -> None:
        sides = {"center": Qt.AlignmentFlag.AlignHCenter}
        to_right = (self.layoutDirection() is Qt.LayoutDirection.RightToLeft) != (self._place == "end")
        side = Qt.AlignmentFlag.AlignRight if to_right else Qt.AlignmentFlag.AlignLeft
        chosen = sides.get(self._place, side | Qt.AlignmentFlag.AlignAbsolute)
        self.setAlignment(chosen | Qt.AlignmentFlag.AlignVCenter)


def _least_width(word: str, face: QFont) -> int:
    width = text_width(word, face)
    return width if len(word) <= LONGEST_WORD else min(width, look().px(BROKEN_WORD))


class ElidedText(Text):
    """One line that gives up its end, never its start, and tells all of it in its tooltip.

    Where fewer than ``least`` letters would be left it shows none: they would tell nothing.
    """

    def __init__(self, text: str = "", role: str = "body", *, least: int = 0, parent: QWidget | None = None) -> None:
        super().__init__("", role, wrap=False, parent=parent)
        self._whole, self._least = "", least
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setMinimumWidth(40)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self._fit()
        self.updateGeometry()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def _fit(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, max(40, self.width()))
        self.setText(shown if shown == self._whole or len(shown) >= self._least else "")
        self.setToolTip(self._whole if shown != self._whole else "")
