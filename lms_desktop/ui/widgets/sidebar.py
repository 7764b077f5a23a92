"""The parts of the sidebar: its items, the place at its head, the learner at its foot."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.mark import draw_mark, mark_size
from lms_desktop.ui.widgets.paint import Frame, draw_text, focus_edge, line_height, rounded, text_height, text_width
from lms_desktop.ui.widgets.ring import came_by_keyboard, note_focus

# A mark or an initial at its usual size; it grows with the words beside it.
MARK_PX = 32


def _words_at() -> int:
    """Where the words beside a mark or an initial start."""
    return 4 + look().px(MARK_PX) + 10


def sidebar_width() -> int:
    """216 px, or as many ems of a larger text, less the line at its edge."""
    return max(216, round(216 / 14 * look().px(14))) - 1


class SidebarItem(EnterButton):
    """A page's entry: icon, name, and at the end a count or a percentage, never words."""

    def __init__(self, text: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._mark = ""
        self._mark_kind = "accent"
        self._shows_focus = False
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_mark(self, mark: str, kind: str = "accent", spoken: str = "") -> None:
        """Put a count at the item's end; ``spoken`` says it in words for the accessible name."""
        self._mark, self._mark_kind = mark, kind
        self.setAccessibleName(f"{self.text()}, {spoken}" if mark and spoken else self.text())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, max(40, line_height(font(14, STRONG)) + 14))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = came_by_keyboard(event)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = False
        super().focusOutEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked():
            rounded(painter, self.rect(), QColor(t.surface), QColor(t.border), 8)
        elif self.underMouse():
            rounded(painter, self.rect(), QColor(t.background), None, 8)
        if self._shows_focus:
            focus_edge(painter, self.rect())
        self._draw_words(painter, QColor(t.accent if self.isChecked() else t.text))

    def _draw_words(self, painter: QPainter, ink: QColor) -> None:
        frame = Frame(self.rect(), self.layoutDirection())
        side, height = look().px(20), self.height()
        direction = self.layoutDirection()
        icons.draw(painter, self._icon, frame.rect(12, (height - side) // 2, side, side), ink, direction)
        end = self.width() - 12
        if self._mark:
            size = mark_size(self._mark, self._mark_kind)
            end -= size.width()
            place = frame.rect(end, (height - size.height()) // 2, size.width(), size.height())
            draw_mark(painter, place, self._mark, self._mark_kind, None, direction)
            end -= 8
        face = font(14, STRONG if self.isChecked() else REGULAR)
        line = line_height(face)
        start = 12 + side + 12
        draw_text(
            painter, self.text(), frame.rect(start, (height - line) // 2, end - start, line), face, ink, direction
        )


class PlaceHead(QWidget):
    """The mark of the place and the server's name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_place(self, name: str) -> None:
        self._name = name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, max(48, look().px(MARK_PX) + 8, 2 * line_height(font(14, STRONG))))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = Frame(self.rect(), self.layoutDirection())
        side = look().px(MARK_PX)
        box = frame.rect(4, (self.height() - side) // 2, side, side)
        rounded(painter, box, QColor(t.accent), None, 8)
        inset = side * 6 // MARK_PX
        icons.draw(painter, "books", box.adjusted(inset, inset, -inset, -inset), QColor(t.accent_text))
        face = font(14, STRONG)
        room = self.width() - _words_at() - 4
        lines = 2 if text_width(self._name, face) > room else 1
        height = line_height(face) * lines
        place = frame.rect(_words_at(), (self.height() - height) // 2, room, height)
        draw_text(painter, self._name, place, face, QColor(t.text), self.layoutDirection(), lines)


class LearnerButton(EnterButton):
    """Who is learning; one click opens the list of learners."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._second = ""
        self.setProperty("ring", 8)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_learner(self, name: str, second: str) -> None:
        """Show the name and what a click does."""
        self._second = second
        self.setText(name)
        self.setAccessibleName(tr("{name}. {action}", name=name, action=second))
        self.setToolTip(name)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        second = text_height(self._second, font(12), width - _words_at(), 2)
        return max(48, look().px(MARK_PX) + 8, line_height(font(14, STRONG)) + second + 10)

    def sizeHint(self) -> QSize:
        return QSize(100, self.heightForWidth(max(100, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, 48)

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = Frame(self.rect(), self.layoutDirection())
        if self.underMouse() or self.isDown():
            rounded(painter, self.rect(), QColor(t.background), None, 8)
        draw_initial(painter, frame, self.text())
        strong, small = font(14, STRONG), font(12)
        room = self.width() - _words_at()
        first, second = line_height(strong), text_height(self._second, small, room, 2)
        top = (self.height() - first - second) // 2
        name = frame.rect(_words_at(), top, room, first)
        draw_text(painter, self.text(), name, strong, QColor(t.text), self.layoutDirection())
        action = frame.rect(_words_at(), top + first, room, second)
        draw_text(painter, self._second, action, small, QColor(t.muted), self.layoutDirection(), 2)


def draw_initial(painter: QPainter, frame: Frame, name: str) -> None:
    """The round initial of a learner at the start of its frame."""
    t = tokens()
    side = look().px(MARK_PX)
    box = frame.rect(4, (frame.box.height() - side) // 2, side, side)
    rounded(painter, box, QColor(t.accent), None, side / 2)
    face = font(14, STRONG)
    initial = name.strip()[:1].upper() or "·"
    height = line_height(face)
    inner = box.adjusted(0, (side - height) // 2, 0, 0)
    inner.setHeight(height)
    draw_text(painter, initial, inner, face, QColor(t.accent_text), frame.direction, centred=True)
