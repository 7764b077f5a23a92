"""The lessons of a course as a list: an outline at a lesson's side, or the rows of a course page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lms_desktop.store.rows import LessonRow
from lms_desktop.ui import icons
from lms_desktop.ui.texts import numbered, tr, tr_n
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.widgets.mark import draw_mark, mark_size
from lms_desktop.ui.widgets.paint import Frame, draw_text, focus_edge, is_cut, line_height, rounded, text_width

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
EDGE = 8
ICON = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a section's heading, or a lesson."""

    heading: str = ""
    lesson: LessonRow | None = None
    is_current: bool = False
    # Whether a lesson of this list says how long it takes: then all keep the room for it.
    has_minutes: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What decides where it stands and what it says."""
        return (self.lesson.uid, self.lesson.title) if self.lesson is not None else ("", self.heading)


class LessonList(QListView):
    """Lessons with their states; ``chosen`` tells the uid of one that was clicked or entered.

    ``compact`` is the outline of 272, which scrolls by itself; else the rows of a course page with minutes and
    marks, as high as all its rows.
    """

    chosen = Signal(str)

    def __init__(self, *, compact: bool, name: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_compact = compact
        self._model = _Lessons(self)
        self.setModel(self._model)
        self.setItemDelegate(_LessonDelegate(compact, self))
        self.setAccessibleName(name or tr("Lessons"))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        self.clicked.connect(self._choose)
        if not compact:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def fill(
        self,
        sections: Iterable[tuple[str, Sequence[LessonRow]]],
        current: str | None = None,
        *,
        headings: bool = True,
    ) -> None:
        """Show these lessons; ``current`` is the uid of the one that the learner is at."""
        rows: list[Row] = []
        parts = tuple(sections)
        timed = any(lesson.minutes is not None for _title, lessons in parts for lesson in lessons)
        for place, (title, lessons) in enumerate(parts, start=1):
            if headings and title:
                rows.append(Row(heading=numbered(place, title)))
            rows.extend(Row(lesson=lesson, is_current=lesson.uid == current, has_minutes=timed) for lesson in lessons)
        if [row.key for row in rows] == [row.key for row in self._model.rows]:
            # Only states differ: laying a thousand rows out again would hold up every turn of a page.
            self._model.rows = rows
            self.viewport().update()
        else:
            self._model.show_rows(rows)
            self.updateGeometry()
        self._go_to_current()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        if self.is_compact:
            return super().sizeHint()
        return QSize(320, self._whole_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 72 if self.is_compact else self._whole_height())

    def _whole_height(self) -> int:
        return sum(row_height(row, compact=self.is_compact) for row in self._model.rows)

    def _go_to_current(self) -> None:
        for place, row in enumerate(self._model.rows):
            if row.is_current:
                index = self._model.index(place)
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
                self.scrollTo(index)
                return

    def _choose(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Row) and row.lesson is not None:
            self.chosen.emit(row.lesson.uid)


class _Lessons(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.rows[index.row()].lesson is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.heading or (row.lesson.title if row.lesson else "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.heading or _spoken(row)
        return None


class _LessonDelegate(QStyledItemDelegate):
    def __init__(self, compact: bool, parent: QWidget) -> None:  # noqa: FBT001 - private
        super().__init__(parent)
        self._compact = compact

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002 - Qt's signature
        return QSize(120, row_height(index.data(ROW), compact=self._compact))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = index.data(ROW)
        box = QRect(option.rect)
        direction = option.direction
        if row.lesson is None:
            _draw_heading(painter, box, row.heading, direction)
        else:
            state = option.state
            _draw_ground(painter, box, row, state)
            _draw_lesson(painter, box, row, direction, compact=self._compact)
        painter.restore()

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        row = index.data(ROW)
        if row is not None and row.lesson is not None:
            room = option.rect.width() - 56
            cut = is_cut(row.lesson.title, _face(row), room)
            view.setToolTip(row.lesson.title if cut else "")
        return super().helpEvent(event, view, option, index)


def row_height(row: Row, *, compact: bool) -> int:
    """The height of a row at the present size of text."""
    return _height(row.lesson is None, compact, look().scale, QApplication.font().family())


@lru_cache(maxsize=32)
def _height(is_heading: bool, compact: bool, _scale: float, _family: str) -> int:  # noqa: FBT001 - a key of the cache
    if is_heading:
        return max(32, line_height(font(12, STRONG)) + 16)
    return max(36 if compact else 40, line_height(font(14)) + (12 if compact else 16))


def state_icon(row: LessonRow, *, is_current: bool) -> tuple[str, str]:
    """The icon of a lesson's state and its colour; the shapes differ, not only the colours."""
    t = tokens()
    if row.is_completed:
        return "ring-check", t.success
    if not row.is_readable:
        return "lock", t.muted
    if is_current:
        return "ring-dot", t.accent
    if row.is_new_since_certificate:
        return "ring-plus", t.accent
    return "ring", t.outline


def minutes_text(minutes: int | None) -> str:
    """How long a lesson takes, in the short form of rows."""
    return "" if minutes is None else tr_n("{n} min", "{n} min", minutes)


def _spoken(row: Row) -> str:
    if row.lesson is None:
        return row.heading
    lesson = row.lesson
    states = (
        (lesson.is_completed, tr("done")),
        (row.is_current, tr("you are here")),
        (lesson.is_new_since_certificate, tr("New lesson since your certificate")),
        (lesson.is_free_preview, tr("Free preview")),
        (not lesson.is_readable, tr("for enrolled learners")),
        (lesson.is_here, tr("On this laptop")),
    )
    said = [lesson.title, *(words for is_so, words in states if is_so), minutes_text(lesson.minutes)]
    return ", ".join(part for part in said if part)


def _face(row: Row) -> QFont:
    return font(14, STRONG if row.is_current else REGULAR)


def _draw_heading(painter: QPainter, box: QRect, words: str, direction: Qt.LayoutDirection) -> None:
    face = font(12, STRONG)
    height = line_height(face)
    place = Frame(box, direction).rect(EDGE, (box.height() - height) // 2 + 3, box.width() - 2 * EDGE, height)
    draw_text(painter, words, place, face, QColor(tokens().muted), direction)


def _draw_ground(painter: QPainter, box: QRect, row: Row, state: QStyle.StateFlag) -> None:
    t = tokens()
    if row.is_current:
        rounded(painter, box, QColor(t.accent_soft), None, 6)
    elif state & QStyle.StateFlag.State_MouseOver:
        rounded(painter, box, QColor(t.background if t.is_dark else t.sunken), None, 6)
    if state & QStyle.StateFlag.State_HasFocus:
        focus_edge(painter, box, 6)


def _draw_lesson(painter: QPainter, box: QRect, row: Row, direction: Qt.LayoutDirection, *, compact: bool) -> None:
    lesson = row.lesson
    if lesson is None:
        return
    t = tokens()
    frame = Frame(box, direction)
    side = look().px(ICON)
    name, colour = state_icon(lesson, is_current=row.is_current)
    icons.draw(painter, name, frame.rect(EDGE, (box.height() - side) // 2, side, side), QColor(colour), direction)
    start = EDGE + side + 12
    end = box.width() - EDGE if compact else _draw_end(painter, frame, lesson, direction, has_minutes=row.has_minutes)
    face = _face(row)
    height = line_height(face)
    ink = t.on_accent_soft if row.is_current else t.text if lesson.is_readable else t.muted
    place = frame.rect(start, (box.height() - height) // 2, end - start, height)
    draw_text(painter, lesson.title, place, face, QColor(ink), direction)


def _draw_end(
    painter: QPainter, frame: Frame, lesson: LessonRow, direction: Qt.LayoutDirection, *, has_minutes: bool
) -> int:
    """Minutes, on-this-laptop icon and mark from the end inwards; where the title must end."""
    t = tokens()
    height = frame.box.height()
    face = font(12)
    x = frame.box.width() - EDGE
    if has_minutes:
        words = minutes_text(lesson.minutes)
        wide = max(look().px(48), text_width(words, face))
        line = line_height(face)
        minutes = frame.rect(x - wide, (height - line) // 2, wide, line)
        draw_text(painter, words, minutes, face, QColor(t.muted), direction, at_end=True)
        x -= wide + 8
    if lesson.is_here:
        side = look().px(16)
        icons.draw(
            painter, "laptop", frame.rect(x - side, (height - side) // 2, side, side), QColor(t.muted), direction
        )
        x -= side + 12
    for text, kind, icon in _marks(lesson):
        size = mark_size(text, kind, icon)
        if x - size.width() < frame.box.width() // 3:
            continue
        place = frame.rect(x - size.width(), (height - size.height()) // 2, size.width(), size.height())
        draw_mark(painter, place, text, kind, icon, direction)
        x -= size.width() + 8
    return x - 8


def _marks(lesson: LessonRow) -> list[tuple[str, str, str | None]]:
    marks: list[tuple[str, str, str | None]] = []
    if lesson.is_new_since_certificate:
        marks.append((tr("New lesson since your certificate"), "accent", None))
    elif lesson.is_free_preview:
        marks.append((tr("Free preview"), "neutral", "eye"))
    return marks
