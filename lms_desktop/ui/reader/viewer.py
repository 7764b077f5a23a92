"""Shows a file of a lesson inside the app: PDF pages under each other, one picture, or plain text."""

from collections import Counter
from pathlib import Path
from unicodedata import bidirectional

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QDialog, QFileDialog, QFrame, QHBoxLayout, QPlainTextEdit, QWidget

from lms_desktop.ui.pixels import measure
from lms_desktop.ui.reader.paper import Paper
from lms_desktop.ui.reader.pictures import Frame, shown
from lms_desktop.ui.texts import tr, tr_n
from lms_desktop.ui.theme import look, tokens
from lms_desktop.ui.widgets.banner import Banner, EmptyState
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Rule, clear, column, line
from lms_desktop.ui.widgets.text import ElidedText, Text

BETWEEN_PX = 16
ZOOMS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
KEPT_PAGES = 8
TEXTS = frozenset({"text/plain", "text/csv", "text/vtt", "application/x-subrip"})
# More than anybody reads in a window; the whole file can be saved.
MAX_TEXT_BYTES = 1 << 20
# A text's direction is told by this much of it.
DIRECTION_CHARS = 4_000


class PaperView(QAbstractScrollArea):
    """Pages under each other; only what is in sight is painted, and a few are kept."""

    def __init__(self, paper: Paper, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paper = paper
        self._zoom = 1.0
        self._images: dict[int, QImage] = {}
        self._boxes: list[QRect] = []
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().setSingleStep(40)

    def set_zoom(self, zoom: float) -> None:
        """Set the width of a page, 1.0 being as wide as the pane."""
        self._zoom = zoom
        self._place()

    def page(self) -> int:
        """Tell which page is at the middle of the pane, from 0."""
        middle = self.verticalScrollBar().value() + self.viewport().height() // 2
        return next((index for index, box in enumerate(self._boxes) if box.bottom() >= middle), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(tokens().background))
        seen = self.viewport().rect()
        left, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        for index, box in enumerate(self._boxes):
            place = box.translated(-left, -top)
            if place.intersects(seen):
                painter.drawImage(place.topLeft(), self._image(index, box.size()))
                painter.setPen(QColor(tokens().border))
                painter.drawRect(place.adjusted(-1, -1, 0, 0))

    def _image(self, index: int, size: QSize) -> QImage:
        if index not in self._images:
            while len(self._images) >= KEPT_PAGES:
                self._images.pop(next(iter(self._images)))
            self._images[index] = self._paper.image(index, size.width(), self.devicePixelRatioF())
        return self._images[index]

    def _place(self) -> None:
        here = self.page() if self._boxes else 0
        self._images.clear()
        room = self.viewport().width()
        width = max(120, round((room - 2 * BETWEEN_PX) * self._zoom))
        left = max(BETWEEN_PX, (room - width) // 2)
        top = BETWEEN_PX
        self._boxes = []
        for page in self._paper.pages:
            box = QRect(left, top, width, page.fitting(width).height())
            self._boxes.append(box)
            top = box.bottom() + 1 + BETWEEN_PX
        self.verticalScrollBar().setPageStep(self.viewport().height())
        self.verticalScrollBar().setRange(0, max(0, top - self.viewport().height()))
        self.horizontalScrollBar().setRange(0, max(0, width + 2 * BETWEEN_PX - room))
        if here:
            self.verticalScrollBar().setValue(self._boxes[here].top() - BETWEEN_PX)
        self.viewport().update()


class PictureView(QWidget):
    """One picture, as large as the room and no larger than it is."""

    def __init__(self, data: bytes, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._size = measure(data) or QSize(1, 1)
        self._image: QImage | None = None
        self.setAccessibleName(name)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        size = self._size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).boundedTo(self._size)
        if self._image is None or self._image.deviceIndependentSize().toSize() != size:
            frame = Frame(size.width(), size.height(), self.devicePixelRatioF(), tokens().is_dark)
            self._image = shown(self._data, frame)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        QPainter(self).drawImage(place.topLeft(), self._image)


class FileDialog(QDialog):
    """A file with its name, zoom where that helps, and a way to keep a copy."""

    def __init__(self, parent: QWidget, name: str, kind: str, data: bytes) -> None:
        super().__init__(parent)
        self._data = data
        self._name = name
        self._zoom = ZOOMS.index(1.0)
        self.setWindowTitle(name)
        # Its page stays for as long as the window, and files can be large.
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown, self._paper = _content(name, kind, data)
        body = column(self)
        body.addLayout(self._head())
        body.addWidget(Rule())
        self._notice = column(None)
        body.addLayout(self._notice)
        body.addWidget(self._shown, 1)
        self._shown.setFocus()
        screen = parent.window().size() if parent.window() else QGuiApplication.primaryScreen().availableSize()
        self.resize(min(look().px(840), screen.width() - 40), screen.height() - 40)

    def _head(self) -> QHBoxLayout:
        row = line(None, 8)
        row.setContentsMargins(16, 8, 8, 8)
        row.addWidget(ElidedText(self._name, "heading"), 1)
        if self._paper is not None:
            pages = len(self._paper.pages)
            row.addWidget(Text(tr_n("{n} page", "{n} pages", pages), "muted", wrap=False))
            row.addWidget(_named(Button("\u2212", on_click=lambda: self._change_zoom(-1)), tr("Smaller")))
            row.addWidget(_named(Button("+", on_click=lambda: self._change_zoom(1)), tr("Larger")))
        row.addWidget(Button(tr("Save a copy"), "download", on_click=self._save))
        row.addWidget(Button(tr("Close"), "close", Kind.ICON, on_click=self.accept))
        return row

    def _change_zoom(self, step: int) -> None:
        self._zoom = min(len(ZOOMS) - 1, max(0, self._zoom + step))
        if isinstance(self._shown, PaperView):
            self._shown.set_zoom(ZOOMS[self._zoom])

    def _save(self) -> None:
        clear(self._notice)
        trouble = save_copy(self, self._name, self._data)
        if trouble is not None:
            self._notice.addWidget(Banner("danger", tr("Not saved"), trouble))


def _named(button: Button, name: str) -> Button:
    button.setAccessibleName(name)
    button.setToolTip(name)
    return button


def save_copy(parent: QWidget, name: str, data: bytes) -> str | None:
    """Ask where, then write; returns the words for what went wrong, or nothing."""
    chosen, _ = QFileDialog.getSaveFileName(parent, tr("Save a copy"), name)
    if not chosen:
        return None
    try:
        Path(chosen).write_bytes(data)
    except OSError:
        return tr("The file could not be written. Choose another place and try again.")
    return None


def _content(name: str, kind: str, data: bytes) -> tuple[QWidget, Paper | None]:
    if measure(data) is not None:
        return PictureView(data, name), None
    if kind == "application/pdf" or data.startswith(b"%PDF-"):
        try:
            paper = Paper(data)
        except ValueError:
            return _unreadable(), None
        return PaperView(paper, name), paper
    if kind in TEXTS and len(data) <= MAX_TEXT_BYTES and b"\0" not in data:
        return _words(data, name), None
    return _unreadable(), None


def _words(data: bytes, name: str) -> QWidget:
    text = data.decode("utf-8-sig", "replace")
    made = QPlainTextEdit(text)
    option = made.document().defaultTextOption()
    # Each line finds its own order of letters, but Qt lets all of them start at the left.
    option.setAlignment(Qt.AlignmentFlag.AlignRight if is_right_to_left(text) else Qt.AlignmentFlag.AlignLeft)
    made.document().setDefaultTextOption(option)
    made.setReadOnly(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.document().setDocumentMargin(2 * BETWEEN_PX)
    made.setAccessibleName(name)
    return made


def is_right_to_left(text: str) -> bool:
    """Whether most letters of its beginning are written from the right."""
    kinds = Counter(map(bidirectional, text[:DIRECTION_CHARS]))
    return kinds["R"] + kinds["AL"] > kinds["L"]


def _unreadable() -> QWidget:
    sentence = tr("Save a copy and open it with another program. Only open files of courses that you trust.")
    return EmptyState("file", tr("This file can't be shown here"), sentence)
