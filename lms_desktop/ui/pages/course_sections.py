"""A course's sections, each a card that opens and closes."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.store.rows import LessonRow
from lms_desktop.ui import icons
from lms_desktop.ui.texts import numbered, tr
from lms_desktop.ui.theme import STRONG, font, look, tokens
from lms_desktop.ui.widgets.card import Card, Rule, column
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.lessons import LessonList
from lms_desktop.ui.widgets.paint import Frame, draw_text, line_height, rounded, text_height, text_width
from lms_desktop.ui.widgets.ring import note_focus


class SectionCard(Card):
    """A section that opens and closes; its list is made when it is first opened."""

    chosen = Signal(str)

    def __init__(self, place: int, title: str, *, has_number: bool) -> None:
        super().__init__(padding=0, spacing=0)
        self._title = title
        self.fold = Fold(numbered(place, title) if has_number else title)
        self.lessons: LessonList | None = None
        self._inside: QWidget | None = None
        self.body.addWidget(self.fold)
        self._rows: Sequence[LessonRow] = ()
        self._here: str | None = None
        self.fold.toggled.connect(self._show_inside)

    def fill(self, rows: Sequence[LessonRow], here: str | None) -> None:
        """Show these lessons, now or when the section is opened."""
        if rows == self._rows and here == self._here:
            return
        self._rows, self._here = rows, here
        done = sum(row.is_completed for row in rows)
        words = tr("{done} of {total} done", done=done, total=len(rows))
        self.fold.show_done(words, is_all=done == len(rows))
        self._fill_list()

    def open_up(self, *, is_open: bool) -> None:
        self.fold.setChecked(is_open)

    def _show_inside(self, is_open: bool) -> None:  # noqa: FBT001 - a signal's argument
        if is_open and self._inside is None:
            self._make_inside()
        if is_open:
            self._fill_list()
        if self._inside is not None:
            self._inside.setVisible(is_open)

    def _make_inside(self) -> None:
        self.lessons = LessonList(compact=False, name=self._title)
        self.lessons.chosen.connect(self.chosen)
        self._inside = QWidget()
        body = column(self._inside)
        body.addWidget(Rule())
        rows = column()
        rows.setContentsMargins(5, 4, 5, 4)
        rows.addWidget(self.lessons)
        body.addLayout(rows)
        self.body.addWidget(self._inside)
        # What is made later stands last for Tab: behind all other sections.
        self.setTabOrder(self.fold, self.lessons)

    def _fill_list(self) -> None:
        if self.lessons is not None and self.fold.isChecked():
            self.lessons.fill([("", self._rows)], self._here, headings=False)


class Fold(EnterButton):
    """The line of a section that opens it: chevron, title, how much is done."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._done = ""
        self._is_all = False
        self._heights: dict[int, int] = {}
        self.setCheckable(True)
        self.setProperty("ring", 8)
        # With a fixed height the layout would not ask how high two lines of title are.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_done(self, words: str, *, is_all: bool) -> None:
        if words != self._done:
            self._heights.clear()
        self._done, self._is_all = words, is_all
        self.setAccessibleName(f"{self._title}, {words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(max(320, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.heightForWidth(max(160, self.width())))

    def heightForWidth(self, width: int) -> int:
        # A layout asks a hundred times while a long course is laid out, and breaking lines is dear.
        if width not in self._heights:
            self._heights[width] = max(50, text_height(self._title, font(16, STRONG), self._room(width), 3) + 24)
        return self._heights[width]

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._heights.clear()
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t, direction = tokens(), self.layoutDirection()
        if self.underMouse():
            rounded(painter, self.rect().adjusted(1, 1, -1, -1), QColor(t.background), None, 7)
        frame = Frame(self.rect(), direction)
        side, face, small = look().px(20), font(16, STRONG), font(12)
        chevron = "chevron-down" if self.isChecked() else "chevron-end"
        box = frame.rect(14, (self.height() - side) // 2, side, side)
        icons.draw(painter, chevron, box, QColor(t.muted), direction)
        room = self._room(self.width())
        high = text_height(self._title, face, room, 3)
        title = frame.rect(14 + side + 10, (self.height() - high) // 2, room, high)
        draw_text(painter, self._title, title, face, QColor(t.text), direction, 3)
        wide = text_width(self._done, small)
        done = QRect(
            frame.rect(self.width() - 14 - wide, (self.height() - line_height(small)) // 2, wide, line_height(small))
        )
        draw_text(
            painter, self._done, done, small, QColor(t.success if self._is_all else t.muted), direction, at_end=True
        )

    def _room(self, width: int) -> int:
        return max(80, width - 14 - look().px(20) - 10 - 16 - text_width(self._done, font(12)) - 14)
