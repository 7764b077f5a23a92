"""An icon as a widget."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.theme import look, tokens


class IconLabel(QWidget):
    """An icon beside a text that says the same; ``colour`` is the name of a token."""

    def __init__(self, name: str, size: int = 20, colour: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._size, self._colour = name, size, colour
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_icon(self, name: str, colour: str | None = None) -> None:
        self._name = name
        self._colour = colour or self._colour
        self.update()

    def sizeHint(self) -> QSize:
        side = look().px(self._size)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        stroke = 1.4 if self._size >= 40 else None
        ink = QColor(getattr(tokens(), self._colour))
        icons.draw(painter, self._name, self.rect(), ink, self.layoutDirection(), stroke)
