"""The bar under a lesson: previous, the one big choice, next."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import STRONG, font, look, tokens
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import line
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.paint import Frame, draw_text, is_cut, line_height, rounded, text_width
from lms_desktop.ui.widgets.ring import note_focus

COMPLETE_PX = 220
LEAST_WORDS_PX = 64


class Step(EnterButton):
    """A way to the lesson before or after: a small word over its title, an arrow at the outer side."""

    def __init__(self, *, is_next: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_next = is_next
        self._word, self._title = "", ""
        self.setProperty("ring", 8)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_lesson(self, title: str | None) -> None:
        """Name the lesson; without one the step is not there."""
        self.show_place(tr("Next") if self._is_next else tr("Previous"), title)

    def show_place(self, word: str, title: str | None) -> None:
        """Name where it leads, with a small word above."""
        self._word, self._title = word, title or ""
        self.setEnabled(title is not None)
        self.setAccessibleName(f"{word}: {title}" if title else word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        height = line_height(font(12)) + line_height(font(14, STRONG)) + 14
        return QSize(self._content_width(), max(48, height))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._side() + 16, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip(self._title if is_cut(self._title, font(14, STRONG), self._room()) else "")

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        if not self.isEnabled():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = tokens()
        room, side = self._room(), self._side()
        frame = Frame(self.rect(), self.layoutDirection())
        if self.underMouse():
            rounded(painter, self.rect(), QColor(t.sunken), None, 8)
        arrow_at = self.width() - 8 - side if self._is_next else 8
        if not self._has_words():
            arrow_at = (self.width() - side) // 2
        arrow = frame.rect(arrow_at, (self.height() - side) // 2, side, side)
        name = "arrow-end" if self._is_next else "arrow-start"
        icons.draw(painter, name, arrow, QColor(t.accent), self.layoutDirection())
        if not self._has_words():
            return
        small, strong = font(12), font(14, STRONG)
        top = (self.height() - line_height(small) - line_height(strong) - 2) // 2
        x = 8 if self._is_next else 8 + side + 12
        self._line(painter, frame.rect(x, top, room, line_height(small)), self._word, font(12), t.muted)
        below = frame.rect(x, top + line_height(small) + 2, room, line_height(strong))
        self._line(painter, below, self._title, strong, t.text)

    def _line(self, painter: QPainter, box: QRect, text: str, face: QFont, ink: str) -> None:
        draw_text(painter, text, box, face, QColor(ink), self.layoutDirection(), at_end=self._is_next)

    def _has_words(self) -> bool:
        """Whether there is room for words; else the arrow says it, and the tooltip the title."""
        least = self.minimumSizeHint().width() + look().px(LEAST_WORDS_PX)
        return self.width() >= min(least, self._content_width())

    def _side(self) -> int:
        return look().px(20)

    def _room(self) -> int:
        return max(40, self.width() - 8 - self._side() - 12 - 8)

    def _content_width(self) -> int:
        words = max(text_width(self._title, font(14, STRONG)), text_width(self._word, font(12)))
        return words + 8 + self._side() + 12 + 8 + 2


class BottomBar(QFrame):
    """Previous, Complete, Next; the button in the middle never moves and never changes its width."""

    wants_previous = Signal()
    wants_next = Signal()
    wants_main = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "background")
        self.previous = Step(is_next=False)
        self.main = Button("", "check", Kind.PRIMARY)
        self.next = Step(is_next=True)
        row = line(self, 16)
        row.setContentsMargins(12, 6, 12, 6)
        # Equal shares at both sides keep the middle in the middle.
        row.addWidget(_half(self.previous, at_end=False), 1)
        row.addWidget(self.main, 0)
        row.addWidget(_half(self.next, at_end=True), 1)
        self.previous.clicked.connect(self.wants_previous)
        self.main.clicked.connect(self.wants_main)
        self.next.clicked.connect(self.wants_next)

    def show_main(self, words: str, kind: Kind, icon: str | None, all_words: tuple[str, ...]) -> None:
        """Show the choice as wide as the widest of all that it may say here."""
        self.main.setMinimumWidth(0)
        widths = []
        for text in (*all_words, words):
            self.main.set_kind(Kind.PRIMARY)
            self.main.set_icon("check")
            self.main.set_text(text)
            widths.append(self.main.sizeHint().width())
        self.main.setFixedWidth(max(COMPLETE_PX, *widths))
        self.main.set_kind(kind)
        self.main.set_icon(icon)
        self.main.set_text(words)


def _half(step: Step, *, at_end: bool) -> QWidget:
    half = QWidget()
    row = line(half)
    # Room for the focus ring, which is drawn outside of the step.
    row.setContentsMargins(4, 4, 4, 4)
    if at_end:
        row.addStretch(1)
    row.addWidget(step)
    if not at_end:
        row.addStretch(1)
    half.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return half
