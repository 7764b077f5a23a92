"""The reading pane: shows one lesson, opens nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QResizeEvent, QTextCursor, QTextFrameFormat
from PySide6.QtWidgets import QFrame, QMenu, QTextBrowser, QWidget

from lms_desktop.ui.reader.links import Links, Way
from lms_desktop.ui.reader.markup import TOP, read
from lms_desktop.ui.reader.page import Head, Lesson, write_page
from lms_desktop.ui.reader.pictures import Gallery, blank
from lms_desktop.ui.reader.places import Places
from lms_desktop.ui.reader.sheet import BODY, Sheet
from lms_desktop.ui.texts import tr
from lms_desktop.ui.tokens import PAPER, Tokens

TOP_PX = 28
BOTTOM_PX = 40
FOOTER_ROOM_PX = 16
# Above a place that a link leads to.
PLACE_ROOM_PX = 12
SMALLEST = 0.8
LARGEST = 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read: the lesson's HTML with its head, direction, and the way to its pictures' bytes."""

    head: Head = field(default_factory=Head)
    html: str = ""
    is_rtl: bool = False
    # Paths that the text may link to.
    files: frozenset[str] = frozenset()
    assets: Callable[[str], bytes | None] = field(default=lambda _path: None)


class LessonView(QTextBrowser):
    """Shows a lesson in a column of readable width; links are told, never followed."""

    lesson_wanted = Signal(str)
    file_wanted = Signal(str)
    outside_wanted = Signal(str)

    def __init__(self, tokens: Tokens = PAPER, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._scale = 1.0
        self._reading = Reading()
        self._lesson = _lesson_of(self._reading)
        self._sheet: Sheet | None = None
        self._is_writing = False
        self._footer: QWidget | None = None
        self._prepare()

    def _prepare(self) -> None:
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setAccessibleName(tr("Lesson text"))
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._follow)
        self.verticalScrollBar().valueChanged.connect(self._place_footer)

    def show_lesson(self, reading: Reading) -> None:
        """Show a lesson from its beginning."""
        self._reading = reading
        self._lesson = _lesson_of(reading)
        self._write()
        self.verticalScrollBar().setValue(0)

    @property
    def pictures(self) -> frozenset[str]:
        """The paths that the text shows as pictures."""
        return self._lesson.root.pictures()

    def set_tokens(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self._write_again()

    def set_text_scale(self, scale: float) -> None:
        """Set the text size, 1.0 being 16 px."""
        scale = min(LARGEST, max(SMALLEST, scale))
        if scale != self._scale:
            self._scale = scale
            self._write_again()

    def set_footer(self, footer: QWidget | None) -> None:
        """Show a widget under the text, in the same column; it scrolls with it."""
        if self._footer is not None:
            self._footer.hide()
            self._footer.deleteLater()
        self._footer = footer
        if footer is not None:
            footer.setParent(self.viewport())
            footer.show()
        self._lay_out()

    def position(self) -> float:
        """Tell how far the reader has come: the share of the text above the pane's top, whatever its size."""
        characters = max(1, self.document().characterCount() - 1)
        if self.verticalScrollBar().value() == 0:
            return 0.0
        return min(1.0, self.cursorForPosition(self.viewport().rect().topLeft()).position() / characters)

    def go_to(self, position: float) -> None:
        """Scroll to a position told by ``position``."""
        last = max(0, self.document().characterCount() - 1)
        self._scroll_to(min(last, round(position * last)))

    def go_to_place(self, name: str) -> bool:
        """Scroll to a place that links lead to and mark its first word; false if the text has no such place."""
        position = self.position_of(name)
        if position is None:
            return False
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        # Seen by who comes, and needed by who reads with the keyboard: Tab goes on from what is selected.
        cursor.movePosition(QTextCursor.MoveOperation.EndOfWord, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self._scroll_to(position, room=PLACE_ROOM_PX)
        return True

    def position_of(self, name: str) -> int | None:
        """Tell at which character of the document a place is."""
        position = self._lesson.places.at(name)
        return 0 if position is None and name == TOP else position

    def _scroll_to(self, position: int, room: int = 0) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        # Long texts are laid out bit by bit; the bar's range is right only after all of it.
        self.document().documentLayout().documentSize()
        top = self.cursorRect(cursor).top() + self.verticalScrollBar().value()
        self.verticalScrollBar().setValue(top - room if position > 0 else 0)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Give the lesson's own pictures; for all else a valid empty one, or Qt would look on the disk."""
        del kind
        told = name.toString() if isinstance(name, QUrl) else str(name)
        if not told.startswith("picture:"):
            return blank()
        return self._picture(told)

    def _picture(self, name: str) -> QImage:
        return self._lesson.gallery.image(name, ratio=self.devicePixelRatioF(), is_dark=self._tokens.is_dark)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_writing:
            # Emptying the document takes the scroll bar away, which resizes the pane.
            return
        if self._sheet is not None and self._fitting() != self._sheet:
            self._write_again()
        else:
            self._lay_out()

    def _fitting(self) -> Sheet:
        width = self.viewport().width()
        return Sheet.fitting(self._tokens, self._scale, is_rtl=self._reading.is_rtl, pane_px=width)

    def _write_again(self) -> None:
        position = self.position()
        self._write()
        self.go_to(position)

    def _write(self) -> None:
        """Write the document; a second time where the scroll bar that came or went changed the column."""
        self._is_writing = True
        self.setUpdatesEnabled(False)
        for _attempt in range(2):
            self._sheet = self._fitting()
            self._fill_document(self._sheet)
            self._lay_out()
            if self._fitting() == self._sheet:
                break
        self._is_writing = False
        self.setUpdatesEnabled(True)

    def _fill_document(self, sheet: Sheet) -> None:
        ground = f"background: {sheet.tokens.surface}; border: none; border-radius: 0;"
        style = f"LessonView {{ {ground} selection-background-color: {sheet.tokens.accent}; }}"
        if style != self.styleSheet():
            # Setting it makes Qt measure and paint the whole pane anew, even where nothing differs.
            self.setStyleSheet(style)
        document = self.document()
        document.clear()
        document.setDocumentMargin(0)
        document.setDefaultFont(sheet.font(BODY))
        self._lesson.gallery.take_down()
        self._lesson.links.clear()
        self._lesson.places.clear()
        # Before there is a text: changed later, all of it would be laid out twice.
        self._set_margins(sheet)
        write_page(document, self._lesson, sheet)

    def _lay_out(self) -> None:
        """Centre the page in the pane and keep room for the footer."""
        if self._sheet is not None:
            self._set_margins(self._sheet)
            self._place_footer()

    def _set_margins(self, sheet: Sheet) -> None:
        beside = max(0, self.viewport().width() - sheet.wide)
        frame = QTextFrameFormat(self.document().rootFrame().frameFormat())
        frame.setLeftMargin(beside // 2)
        frame.setRightMargin(beside - beside // 2)
        frame.setTopMargin(TOP_PX)
        footer = self._footer_size().height()
        frame.setBottomMargin(BOTTOM_PX + footer + (FOOTER_ROOM_PX if footer else 0))
        if frame != self.document().rootFrame().frameFormat():
            self.document().rootFrame().setFrameFormat(frame)

    def _footer_size(self) -> QSize:
        if self._footer is None or self._sheet is None:
            return QSize(0, 0)
        width = self._sheet.column
        height = self._footer.heightForWidth(width)
        return QSize(width, height if height >= 0 else self._footer.sizeHint().height())

    def _place_footer(self) -> None:
        if self._footer is None or self._sheet is None:
            return
        size = self._footer_size()
        left = (self.viewport().width() - size.width()) // 2
        bottom = round(self.document().documentLayout().documentSize().height()) - BOTTOM_PX
        self._footer.setGeometry(
            left, bottom - size.height() - self.verticalScrollBar().value(), size.width(), size.height()
        )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what makes sense for a text that is read; Qt's own menu would copy a link's number."""
        menu = QMenu(self)
        copy = menu.addAction(tr("Copy"), self.copy)
        copy.setEnabled(self.textCursor().hasSelection())
        menu.addAction(tr("Select all"), self.selectAll)
        menu.exec(event.globalPos())

    def _follow(self, url: QUrl) -> None:
        link = self._lesson.links.find(url.toString())
        if link.way is Way.PLACE:
            self.go_to_place(link.target)
        elif link.way is Way.LESSON:
            self.lesson_wanted.emit(link.target)
        elif link.way is Way.FILE:
            self.file_wanted.emit(link.target)
        elif link.way is not Way.NOWHERE:
            self.outside_wanted.emit(link.target)


def _lesson_of(reading: Reading) -> Lesson:
    root = read(reading.html)
    links = Links(reading.files, frozenset(root.places()))
    return Lesson(reading.head, root, Gallery(reading.assets), links, Places())
