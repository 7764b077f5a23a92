"""The rows of the catalog: one painted card a course, with one thing to do at its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lms_desktop.store.rows import CourseRow
from lms_desktop.ui import icons
from lms_desktop.ui.texts import facts, language_name, level_name, part_of, size, tr, tr_n
from lms_desktop.ui.theme import REGULAR, STRONG, font, look, tokens
from lms_desktop.ui.widgets.cover import CoverArt, draw_cover
from lms_desktop.ui.widgets.mark import draw_mark, mark_size
from lms_desktop.ui.widgets.paint import (
    Frame,
    card_path,
    draw_text,
    focus_edge,
    line_height,
    rounded,
    text_height,
    text_width,
)

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
COVER_PX = 84
BETWEEN_PX = 10
END_PX = 150
# Narrower than this beside its cover, a card has its button under the words, which may take two lines.
TIGHT_PX = 440
TIGHT_LINES = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A course with what its row needs to know beside it."""

    course: CourseRow
    cover: CoverArt
    is_offline: bool

    @property
    def action(self) -> str:
        return tr("Open") if self.course.is_enrolled else tr("Enroll")

    @property
    def place(self) -> str:
        """Where the course's files are."""
        course = self.course
        if course.is_here:
            return tr("On this laptop")
        if course.bytes_here > 0:
            return tr("{part} here", part=part_of(course.bytes_here, course.bytes_total))
        if course.bytes_total == 0:
            return ""
        total = size(course.bytes_total)
        return tr("{size}, when online", size=total) if self.is_offline else total

    @property
    def facts(self) -> str:
        course = self.course
        count = tr_n("{n} lesson", "{n} lessons", course.lessons)
        return facts(level_name(course.level), language_name(course.language), count)


class CourseList(QListView):
    """The catalog's rows; ``opened`` and ``enroll_wanted`` tell a course's uid."""

    opened = Signal(str)
    enroll_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Courses(self)
        self._delegate = _CourseDelegate(self)
        self.margin = 40
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(tr("Courses"))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.verticalScrollBar().setSingleStep(24)
        self.viewport().setAutoFillBackground(False)

    def fill(self, entries: Sequence[Entry]) -> None:
        """Show these courses, keeping the place of the reader."""
        value, row = self.verticalScrollBar().value(), self.currentIndex().row()
        self._model.show_entries(list(entries))
        self.verticalScrollBar().setValue(value)
        if 0 <= row < len(entries):
            self.setCurrentIndex(self._model.index(row))

    def set_margin(self, margin: int) -> None:
        """Keep the page's margin inside, so that the scroll bar stands at the window's edge."""
        if margin != self.margin:
            self.margin = margin
            self.scheduleDelayedItemsLayout()

    def button_box(self, index: QModelIndex) -> QRect:
        """Tell where a row's button is, in the viewport."""
        entry = index.data(ROW)
        frame = Frame(self.card_box(self.visualRect(index)), self.layoutDirection())
        return _button_box(frame, entry)

    def card_box(self, row: QRect) -> QRect:
        bar = self.verticalScrollBar().width() if self.verticalScrollBar().isVisible() else 0
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        left, right = (bar, 0) if is_mirrored else (0, bar)
        return row.adjusted(self.margin - left, 0, right - self.margin, -BETWEEN_PX)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        if not self.card_box(self.visualRect(index)).contains(event.position().toPoint()):
            return
        entry = index.data(ROW)
        if not entry.course.is_enrolled and self.button_box(index).contains(event.position().toPoint()):
            self.enroll_wanted.emit(entry.course.uid)
        else:
            self.opened.emit(entry.course.uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and index.isValid():
            self.opened.emit(index.data(ROW).course.uid)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Tight cards are as high as their words, which the width decides.
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.scheduleDelayedItemsLayout()


class _Courses(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        if entries == self._entries:
            return
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        spoken: dict[int, Callable[[], object]] = {
            ROW: lambda: entry,
            Qt.ItemDataRole.DisplayRole: lambda: entry.course.title,
            Qt.ItemDataRole.AccessibleTextRole: lambda: _spoken(entry),
            Qt.ItemDataRole.ToolTipRole: lambda: entry.course.summary,
        }
        return spoken[role]() if role in spoken else None


class _CourseDelegate(QStyledItemDelegate):
    def __init__(self, view: CourseList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002 - Qt's signature
        width = self._view.viewport().width() - 2 * self._view.margin
        if is_tight(width):
            entry: Entry = index.data(ROW)
            room = width - COVER_PX - 22 - 20
            height = sum(_heights(entry.course, entry.facts, room, TIGHT_LINES)) + 4 + _button_height(entry) + 40
        else:
            height = line_height(font(16, STRONG)) + line_height(font(14)) + line_height(font(12)) + 44
        return QSize(200, max(112, height) + BETWEEN_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        entry: Entry = index.data(ROW)
        t = tokens()
        box = self._view.card_box(QRect(option.rect))
        is_over = bool(option.state & QStyle.StateFlag.State_MouseOver)
        rounded(painter, box, QColor(t.surface), QColor(t.outline if is_over else t.border), 8)
        frame = Frame(box, option.direction)
        _draw_cover(painter, frame, entry)
        _draw_button(painter, frame, entry)
        if is_tight(box.width()):
            _draw_place(painter, frame, entry)
            _draw_words(painter, frame, entry, box.width() - 20, TIGHT_LINES)
        else:
            _draw_words(painter, frame, entry, _draw_place(painter, frame, entry), 1)
        if option.state & QStyle.StateFlag.State_HasFocus:
            focus_edge(painter, box)
        painter.restore()


def _spoken(entry: Entry) -> str:
    course = entry.course
    said = (
        course.title,
        course.summary,
        entry.facts,
        tr("Free preview") if _shows_preview(course) else "",
        entry.place,
    )
    state = tr("enrolled") if course.is_enrolled else tr("not enrolled")
    return ". ".join(part for part in (*said, state) if part)


def _shows_preview(course: CourseRow) -> bool:
    return course.has_preview and not course.is_enrolled


def _draw_cover(painter: QPainter, frame: Frame, entry: Entry) -> None:
    painter.save()
    painter.setClipPath(card_path(frame.box))
    draw_cover(painter, frame.rect(1, 1, COVER_PX, frame.box.height() - 2), entry.cover)
    painter.restore()


def is_tight(width: int) -> bool:
    """Whether a card is too narrow for words and button beside each other."""
    return width < COVER_PX + look().px(TIGHT_PX)


def _heights(course: CourseRow, told: str, room: int, lines: int) -> tuple[int, int, int]:
    return (
        text_height(course.title, font(16, STRONG), room, lines),
        text_height(course.summary, font(14), room, lines) if course.summary else 0,
        text_height(told, font(12), room, lines),
    )


def _draw_words(painter: QPainter, frame: Frame, entry: Entry, end: int, lines: int) -> None:
    t, direction, course = tokens(), frame.direction, entry.course
    title, body, small = font(16, STRONG), font(14), font(12)
    x = COVER_PX + 22
    room = end - x
    heights = _heights(course, entry.facts, room, lines)
    y = 16 if lines > 1 else (frame.box.height() - sum(heights) - 4) // 2
    mark = (tr("Free preview"), "neutral", "eye")
    marked = mark_size(*mark)
    has_mark = _shows_preview(course) and lines == 1 and room > marked.width() + look().px(160)
    title_room = min(text_width(course.title, title) + 2, room - (marked.width() + 10 if has_mark else 0))
    place = frame.rect(x, y, room if lines > 1 else title_room, heights[0])
    draw_text(painter, course.title, place, title, QColor(t.text), direction, lines)
    if has_mark:
        at = frame.rect(x + title_room + 10, y + (heights[0] - marked.height()) // 2, marked.width(), marked.height())
        draw_mark(painter, at, *mark, direction)
    y += heights[0] + 2
    draw_text(painter, course.summary, frame.rect(x, y, room, heights[1]), body, QColor(t.text), direction, lines)
    y += heights[1] + 2
    draw_text(painter, entry.facts, frame.rect(x, y, room, heights[2]), small, QColor(t.muted), direction, lines)


def _draw_button(painter: QPainter, frame: Frame, entry: Entry) -> None:
    t = tokens()
    button = _button_box(frame, entry)
    is_open = entry.course.is_enrolled
    face = font(14, STRONG if is_open else REGULAR)
    if not is_open:
        rounded(painter, button, QColor(t.raised), QColor(t.outline), 8)
    ink = QColor(t.accent if is_open else t.text)
    high = line_height(face)
    words = QRect(button.x(), button.y() + (button.height() - high) // 2, button.width(), high)
    draw_text(painter, entry.action, words, face, ink, frame.direction, centred=True)


def _draw_place(painter: QPainter, frame: Frame, entry: Entry) -> int:
    """Paint where the files are, under the button or, in a tight card, before it; returns where words must end."""
    t, direction, small = tokens(), frame.direction, font(12)
    button = _button_box(frame, entry)
    wide = text_width(entry.place, small) + 2
    high = line_height(small)
    side = look().px(16) if entry.course.bytes_here else 0
    gap = side + 6 if side else 0
    at = frame.box.width() - 20 - wide
    y = (frame.box.height() + button.height() + 6) // 2 - high // 2 + 2
    if is_tight(frame.box.width()):
        at = COVER_PX + 22 + gap
        y = frame.box.height() - 12 - (button.height() + high) // 2
        wide = min(wide, frame.box.width() - at - button.width() - 30)
    draw_text(painter, entry.place, frame.rect(at, y, wide, high), small, QColor(t.muted), direction)
    if side:
        icon = frame.rect(at - gap, y + (high - side) // 2, side, side)
        icons.draw(painter, "laptop", icon, QColor(t.muted), direction)
    column = max(look().px(END_PX), wide + gap + 20, button.width() + 20)
    return frame.box.width() - column - 16


def _button_height(entry: Entry) -> int:
    return max(40, line_height(font(14, STRONG if entry.course.is_enrolled else REGULAR)) + 12)


def _button_box(frame: Frame, entry: Entry) -> QRect:
    is_open = entry.course.is_enrolled
    face = font(14, STRONG if is_open else REGULAR)
    width = text_width(entry.action, face) + (20 if is_open else 32)
    height = _button_height(entry)
    small = line_height(font(12)) + 6 if entry.place else 0
    top = (frame.box.height() - height - small) // 2
    if is_tight(frame.box.width()):
        top = frame.box.height() - 12 - height
    return frame.rect(frame.box.width() - 20 - width + (10 if is_open else 0), top, width, height)
