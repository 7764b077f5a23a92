"""The course's outline at the side of a lesson, or over it where the window is narrow."""

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QStyle, QWidget

from lms_desktop.store.rows import CourseRow, LessonRow
from lms_desktop.ui.texts import number, tr, tr_n
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.bar import BarState, ProgressBar
from lms_desktop.ui.widgets.card import Rule, column, line
from lms_desktop.ui.widgets.course import share_done
from lms_desktop.ui.widgets.lessons import LessonList
from lms_desktop.ui.widgets.text import Text

OUTLINE_PX = 272
# Narrower than this, the outline hides behind its button.
NARROW_PX = 944


def numbered(place: int, title: str) -> str:
    """Put a section's number before its title, at the window's start side whatever the title's script."""
    mark = "\u200f" if QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft else "\u200e"
    return f"{mark}{number(place)}\u2002{title}"


class Outline(QFrame):
    """Title, progress and all lessons of the course."""

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "background")
        self.setAccessibleName(tr("Contents"))
        self._title = Text("", "heading")
        self._bar = ProgressBar("")
        self._done = Text("", "small")
        self._list = LessonList(compact=True, name=tr("Contents"))
        self._list.chosen.connect(self.chosen)
        row = line(self)
        row.addWidget(Rule(upright=True))
        body = column(None, 8)
        body.setContentsMargins(16, 16, 12, 8)
        for part in (self._title, self._bar, self._done):
            body.addWidget(part)
        body.addWidget(self._list, 1)
        row.addLayout(body, 1)

    def fill(self, course: CourseRow, lessons: tuple[LessonRow, ...], current: str) -> None:
        self._title.setText(course.title)
        words = tr_n("{done} of {n} lesson", "{done} of {n} lessons", course.lessons, done=course.completed)
        self._bar.show_share(share_done(course), BarState.DONE if course.is_finished else BarState.GOING, words)
        self._done.setText(words)
        self._list.fill(_sections(lessons), current)

    def take_focus(self) -> None:
        self._list.setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)


class Spread(QWidget):
    """The text with the outline beside it; where that is too narrow, the outline opens over the text."""

    narrowed = Signal(bool)

    def __init__(self, text: QWidget, outline: Outline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._outline = outline
        self._is_narrow: bool | None = None
        self._is_open = False
        for part in (text, outline):
            part.setParent(self)
        outline.closed.connect(lambda: self.open_outline(is_open=False))

    @property
    def is_narrow(self) -> bool:
        return bool(self._is_narrow)

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open_outline(self, *, is_open: bool) -> None:
        """Show or hide the outline over the text; beside it, it is always there."""
        self._is_open = is_open and self.is_narrow
        self._place()
        if self._is_open:
            self._outline.raise_()
            self._outline.take_focus()
        elif self.is_narrow:
            self._text.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < max(NARROW_PX, look().px(OUTLINE_PX) + look().px(600))
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._is_open = False
            self.narrowed.emit(is_narrow)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LayoutDirectionChange:
            self._place()

    def _place(self) -> None:
        side = min(self.width() - 48, look().px(OUTLINE_PX))
        is_beside = not self.is_narrow
        room = self.width() - side if is_beside else self.width()
        self._text.setGeometry(self._mirrored(QRect(0, 0, room, self.height())))
        self._outline.setGeometry(self._mirrored(QRect(self.width() - side, 0, side, self.height())))
        self._outline.setVisible(is_beside or self._is_open)

    def _mirrored(self, box: QRect) -> QRect:
        return QStyle.visualRect(self.layoutDirection(), self.rect(), box)


def _sections(lessons: tuple[LessonRow, ...]) -> list[tuple[str, list[LessonRow]]]:
    groups: list[tuple[str, list[LessonRow]]] = []
    for lesson in lessons:
        if not groups or groups[-1][0] != lesson.section:
            groups.append((lesson.section, []))
        groups[-1][1].append(lesson)
    return groups
