"""Cards of courses; a whole card is one button with one name."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.store.rows import Continue, CourseRow, DownloadRow
from lms_desktop.ui import icons
from lms_desktop.ui.texts import facts, part_of, size, tr, tr_n
from lms_desktop.ui.theme import STRONG, font, look, tokens
from lms_desktop.ui.widgets.bar import BarState, bar_colour
from lms_desktop.ui.widgets.cover import CoverArt, draw_cover
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.paint import (
    GAP,
    Frame,
    card_path,
    draw_bar,
    draw_text,
    is_cut,
    line_height,
    rounded,
    text_height,
    text_width,
)
from lms_desktop.ui.widgets.ring import note_focus

COVER = 104
BIG_COVER = 188
BESIDE = 32


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The one thing that a card says about a course; colours name tokens."""

    icon: str
    text: str
    icon_colour: str = "muted"
    colour: str = "muted"


def status_line(course: CourseRow, download: DownloadRow | None = None) -> StatusLine:
    """The first that is true: certificate on its way, downloading, what is here, not here."""
    if course.certificate_is_due:
        return StatusLine("certificate", tr("Certificate on its way with the next sync"), "success", "text")
    if course.is_finished and course.certificate is not None:
        return StatusLine("certificate", tr("Certificate is here"), "success", "text")
    if download is not None and download.state in {"running", "queued"}:
        done = part_of(download.bytes_done, download.bytes_total)
        return StatusLine("download", tr("Downloading, {done}", done=done), "accent", "text")
    if download is not None and download.state == "paused":
        done = part_of(download.bytes_done, download.bytes_total)
        return StatusLine("pause", tr("Paused at {done}", done=done))
    return StatusLine("laptop", laptop_text(course))


def laptop_text(course: CourseRow) -> str:
    """How much of a course is on this laptop."""
    if course.is_here:
        return facts(tr("All on this laptop"), size(course.bytes_total))
    if course.bytes_here > 0:
        return tr("{part} on this laptop", part=part_of(course.bytes_here, course.bytes_total))
    if course.bytes_total == 0:
        return tr("Not on this laptop")
    return facts(tr("Not on this laptop"), size(course.bytes_total))


def progress_text(course: CourseRow) -> str:
    """Lessons done of lessons there are."""
    if course.is_finished:
        return tr_n("The lesson is done", "All {n} lessons done", course.lessons)
    return tr_n("{done} of {n} lesson", "{done} of {n} lessons", course.lessons, done=course.completed)


def share_done(course: CourseRow) -> float:
    """Progress as a share of one."""
    return course.completed / course.lessons if course.lessons else 0.0


class _CardButton(EnterButton):
    """The ground that course cards share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ring", 8)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.updateGeometry()

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def _draw_card(self, painter: QPainter, cover: QRect, shown: CoverArt | None) -> None:
        t = tokens()
        edge = t.accent if self.underMouse() or self.isDown() else t.border
        rounded(painter, self.rect(), QColor(t.surface), None, 8)
        if shown is not None:
            painter.save()
            painter.setClipPath(card_path(self.rect()))
            draw_cover(painter, cover, shown)
            painter.restore()
        rounded(painter, self.rect(), None, QColor(edge), 8)


class CourseCard(_CardButton):
    """A course of the learner: cover, title, progress, and one line of status. ``opened`` tells its uid."""

    opened = Signal(str)

    def __init__(
        self,
        course: CourseRow,
        cover: CoverArt,
        download: DownloadRow | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.course = course
        self._cover = cover
        self._status = status_line(course, download)
        self.clicked.connect(lambda: self.opened.emit(course.uid))
        self.show_download(download)

    def show_download(self, download: DownloadRow | None) -> None:
        """Say how the course's download goes now."""
        self._status = status_line(self.course, download)
        self.setAccessibleName(". ".join((self.course.title, progress_text(self.course), self._status.text)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, self.heightForWidth(max(260, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 136)

    def heightForWidth(self, width: int) -> int:
        return max(136, self._words_height(width - COVER - 43) + 32)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = Frame(self.rect(), self.layoutDirection())
        self._draw_card(painter, frame.rect(1, 1, COVER, self.height() - 2), self._cover)
        direction, t = self.layoutDirection(), tokens()
        x, room = COVER + 22, self.width() - COVER - 22 - 21
        y = (self.height() - self._words_height(room)) // 2
        title = font(16, STRONG)
        y += draw_text(painter, self.course.title, frame.rect(x, y, room, 60), title, QColor(t.text), direction, 2) + 6
        body = font(14)
        line = frame.rect(x, y, room, line_height(body))
        draw_text(painter, progress_text(self.course), line, body, QColor(t.muted), direction)
        y += line_height(body) + 8
        state = BarState.DONE if self.course.is_finished else BarState.GOING
        bar = frame.rect(x, y, room, 6)
        draw_bar(painter, bar, share_done(self.course), QColor(bar_colour(state)), QColor(t.border), direction)
        _draw_status(painter, frame, self._status, x, y + 6 + 17, room)
        self.setToolTip(self.course.title if is_cut(self.course.title, title, room, 2) else "")

    def _words_height(self, room: int) -> int:
        title = text_height(self.course.title, font(16, STRONG), room, 2)
        status = text_height(self._status.text, font(12), room - look().px(16) - 6, 3)
        return title + 6 + line_height(font(14)) + 8 + 6 + 17 + max(look().px(16), status)


class ContinueCard(_CardButton):
    """Where the learner goes on. ``opened`` tells the lesson's uid."""

    opened = Signal(str)

    def __init__(self, here: Continue, cover: CoverArt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._here = here
        self._cover = cover
        words = (tr("Continue"), here.lesson_title, self._facts(), self._done())
        self.setAccessibleName(". ".join(words))
        self.clicked.connect(lambda: self.opened.emit(here.lesson_uid))

    def sizeHint(self) -> QSize:
        return QSize(600, self.heightForWidth(max(420, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(420, 188)

    def heightForWidth(self, width: int) -> int:
        return max(188, self._words_height(width) + 2 * 24)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = Frame(self.rect(), self.layoutDirection())
        cover = self._cover_width(self.width())
        self._draw_card(painter, frame.rect(1, 1, cover, self.height() - 2), self._cover)
        x, room = cover + 30, self.width() - cover - 30 - 30
        self._draw_words(painter, frame, x, room)
        self._draw_progress(painter, frame, x, room)

    def _draw_words(self, painter: QPainter, frame: Frame, x: int, room: int) -> None:
        t, direction = tokens(), self.layoutDirection()
        y = 24
        strong, title, body = font(14, STRONG), font(20, STRONG), font(14)
        place = frame.rect(x, y, room, line_height(strong))
        y += draw_text(painter, tr("Continue"), place, strong, QColor(t.accent), direction) + 6
        place = frame.rect(x, y, room, 80)
        y += draw_text(painter, self._here.lesson_title, place, title, QColor(t.text), direction, 2) + 4
        place = frame.rect(x, y, room, 60)
        draw_text(painter, self._facts(), place, body, QColor(t.muted), direction, 2)

    def _draw_progress(self, painter: QPainter, frame: Frame, x: int, room: int) -> None:
        t, direction = tokens(), self.layoutDirection()
        button = self._button_size()
        bottom = self.height() - 26
        place = frame.rect(x + room - button.width(), bottom - button.height(), button.width(), button.height())
        self._draw_button(painter, place)
        small, wide = font(12), room - button.width() - BESIDE
        if self._is_stacked(room):
            wide, bottom = room, bottom - button.height() - 16
        bar = frame.rect(x, bottom - 6, wide, 6)
        draw_bar(painter, bar, share_done(self._here.course), QColor(t.accent), QColor(t.border), direction)
        words = frame.rect(x, bottom - 6 - 12 - line_height(small), wide, line_height(small))
        draw_text(painter, self._done(), words, small, QColor(t.muted), direction)

    def _is_stacked(self, room: int) -> bool:
        """Whether the bar has its words' width no more beside the button, and so stands above it."""
        return room - self._button_size().width() - BESIDE < max(120, text_width(self._done(), font(12)))

    def _draw_button(self, painter: QPainter, box: QRect) -> None:
        t, direction = tokens(), self.layoutDirection()
        fill = t.accent_pressed if self.isDown() else t.accent_hover if self.underMouse() else t.accent
        rounded(painter, box, QColor(fill), None, 8)
        frame, face, side = Frame(box, direction), font(14, STRONG), look().px(20)
        width = text_width(self._label(), face)
        height = line_height(face)
        words = frame.rect(20, (box.height() - height) // 2, width + 2, height)
        ink = QColor(t.accent_text)
        draw_text(painter, self._label(), words, face, ink, direction)
        arrow = frame.rect(20 + width + GAP, (box.height() - side) // 2, side, side)
        icons.draw(painter, "arrow-end", arrow, ink, direction)

    def _label(self) -> str:
        return tr("Continue lesson")

    def _button_size(self) -> QSize:
        face = font(14, STRONG)
        width = 20 + text_width(self._label(), face) + GAP + look().px(20) + 17
        return QSize(width, max(40, line_height(face) + 12))

    def _facts(self) -> str:
        here = self._here
        return facts(
            tr("in {course}", course=here.course.title),
            tr("lesson {n} of {total}", n=here.number, total=here.course.lessons),
            None if here.minutes is None else tr_n("about {n} minute", "about {n} minutes", here.minutes),
        )

    def _done(self) -> str:
        course = self._here.course
        return tr_n("{done} of {n} lesson done", "{done} of {n} lessons done", course.lessons, done=course.completed)

    def _cover_width(self, width: int) -> int:
        return BIG_COVER if width >= 640 else COVER

    def _words_height(self, width: int) -> int:
        room = width - self._cover_width(width) - 60
        title = text_height(self._here.lesson_title, font(20, STRONG), room, 2)
        facts_height = text_height(self._facts(), font(14), room, 2)
        top = line_height(font(14, STRONG)) + 6 + title + 4 + facts_height
        bar, button = line_height(font(12)) + 18, self._button_size().height()
        return top + 20 + (bar + 16 + button if self._is_stacked(room) else max(bar, button))


def _draw_status(painter: QPainter, frame: Frame, status: StatusLine, x: int, y: int, room: int) -> None:
    t, side, face = tokens(), look().px(16), font(12)
    height = max(side, line_height(face))
    icon = frame.rect(x, y + (height - side) // 2, side, side)
    icons.draw(painter, status.icon, icon, QColor(getattr(t, status.icon_colour)), frame.direction)
    words = frame.rect(x + side + 6, y + (height - line_height(face)) // 2, room - side - 6, 3 * line_height(face))
    draw_text(painter, status.text, words, face, QColor(getattr(t, status.colour)), frame.direction, 3)
