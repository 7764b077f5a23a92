"""Marks: a word or two in a small soft box."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.widgets.paint import Frame, draw_text, line_height, rounded, text_width

INSET = 8
ICON = 14


def mark_colours(kind: str) -> tuple[str, str]:
    """Ground and ink of a mark: neutral, accent, success, attention, danger."""
    t = tokens()
    return {
        "accent": (t.accent_soft, t.on_accent_soft),
        "success": (t.success_soft, t.success),
        "attention": (t.attention_soft, t.attention),
        "danger": (t.danger_soft, t.danger),
    }.get(kind, (t.sunken, t.muted))


def mark_font(kind: str) -> QFont:
    """The font of a mark: neutral ones stay quiet."""
    return font(12, REGULAR if kind == "neutral" else STRONG)


def mark_size(text: str, kind: str, icon: str | None = None) -> QSize:
    """How large a mark is."""
    face = mark_font(kind)
    width = text_width(text, face) + 2 * INSET + (look().px(ICON) + 6 if icon else 0)
    return QSize(width, max(22, line_height(face) + 4))


def draw_mark(
    painter: QPainter, box: QRect, text: str, kind: str, icon: str | None, direction: Qt.LayoutDirection
) -> None:
    """Paint a mark into a box of ``mark_size``."""
    ground, ink = (QColor(colour) for colour in mark_colours(kind))
    rounded(painter, box, ground, None, 6)
    frame = Frame(box, direction)
    x = INSET
    if icon:
        side = look().px(ICON)
        icons.draw(painter, icon, frame.rect(x, (box.height() - side) // 2, side, side), ink, direction)
        x += side + 6
    height = line_height(mark_font(kind))
    words = frame.rect(x, (box.height() - height) // 2, box.width() - x - INSET + 2, height)
    draw_text(painter, text, words, mark_font(kind), ink, direction)


class Mark(QLabel):
    """A mark as a widget; its text is its name."""

    def __init__(
        self, text: str, kind: str = "neutral", icon: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._kind = kind
        self._icon = icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_mark(self, text: str, kind: str = "neutral", icon: str | None = None) -> None:
        self._kind = kind
        self._icon = icon
        self.setText(text)
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return mark_size(self.text(), self._kind, self._icon)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_mark(painter, self.rect(), self.text(), self._kind, self._icon, self.layoutDirection())
