"""The progress bar."""

from enum import StrEnum

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from lms_desktop.ui.theme import tokens
from lms_desktop.ui.widgets.paint import draw_bar

STEPS = 10_000


class BarState(StrEnum):
    """What the colour of a bar says; the words beside it say it too."""

    GOING = "going"
    DONE = "done"
    PAUSED = "paused"


def bar_colour(state: BarState) -> str:
    """The fill of a bar in the present theme."""
    t = tokens()
    return {BarState.DONE: t.success, BarState.PAUSED: t.outline}.get(state, t.accent)


class ProgressBar(QProgressBar):
    """A share of one; 6 high, 8 while downloading. Give it its words as accessible name."""

    def __init__(self, name: str, *, thick: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thickness = 8 if thick else 6
        self._state = BarState.GOING
        self.setAccessibleName(name)
        self.setRange(0, STEPS)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, fraction: float, state: str = BarState.GOING, name: str | None = None) -> None:
        """Show how much is done."""
        self._state = BarState(state)
        self.setValue(round(STEPS * min(1.0, max(0.0, fraction))))
        if name is not None:
            self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._thickness)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self._thickness)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRect(0, (self.height() - self._thickness) // 2, self.width(), self._thickness)
        fill = QColor(bar_colour(self._state))
        draw_bar(painter, box, self.value() / STEPS, fill, QColor(tokens().border), self.layoutDirection())
