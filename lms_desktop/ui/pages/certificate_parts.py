"""Parts of the certificates page: a card in the list, the sheet of paper, printing, checking."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QImage, QPageLayout, QPageSize, QPainter, QPaintEvent
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.reader.paper import Paper
from lms_desktop.ui.texts import date, tr, tr_n
from lms_desktop.ui.theme import STRONG, font, look, tokens
from lms_desktop.ui.widgets.cover import CoverArt, draw_cover
from lms_desktop.ui.widgets.enter import EnterButton
from lms_desktop.ui.widgets.paint import Frame, draw_text, line_height, rounded, text_height
from lms_desktop.ui.widgets.ring import note_focus
from lms_server.certificates.verify import PDF_BYTES, Facts, NotGenuine, read_payload, verify_pdf
from lms_server.contract.times import from_wire

PRINT_DPI = 300
COVER = QSize(52, 64)


class CertificateCard(EnterButton):
    """One certificate in the list; the chosen one is told by ground and edge."""

    def __init__(self, cover: CoverArt, title: str, day: str, state: tuple[str, str, str]) -> None:
        super().__init__()
        self._cover = cover
        self._title = title
        self._day = day
        self._icon, self._state, self._colour = state
        self.setCheckable(True)
        self.setProperty("ring", 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"{title}. {day}. {self._state}")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def heightForWidth(self, width: int) -> int:
        small = line_height(font(12))
        title = text_height(self._title, font(16, STRONG), self._room(width), 3)
        state = text_height(self._state, font(12), self._room(width) - look().px(16) - 6, 3)
        return max(84, title + small + max(state, look().px(16)) + 4 + 24)

    def focusInEvent(self, event: QFocusEvent) -> None:
        note_focus(self, event)
        super().focusInEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = tokens()
        ground, edge = (t.accent_soft, t.accent) if self.isChecked() else (t.surface, t.border)
        if self.underMouse() and not self.isChecked():
            edge = t.outline
        rounded(painter, self.rect(), QColor(ground), QColor(edge), 8)
        frame = Frame(self.rect(), self.layoutDirection())
        draw_cover(
            painter,
            frame.rect(10, (self.height() - COVER.height()) // 2, COVER.width(), COVER.height()),
            self._cover,
            4,
        )
        self._draw_words(painter, frame)

    def _draw_words(self, painter: QPainter, frame: Frame) -> None:
        t, direction = tokens(), self.layoutDirection()
        face, small = font(16, STRONG), font(12)
        x, room, side = 10 + COVER.width() + 14, self._room(self.width()), look().px(16)
        title = text_height(self._title, face, room, 3)
        state = text_height(self._state, small, room - side - 6, 3)
        y = (self.height() - title - line_height(small) - max(state, side) - 4) // 2
        ink = t.on_accent_soft if self.isChecked() else t.text
        draw_text(painter, self._title, frame.rect(x, y, room, title), face, QColor(ink), direction, 3)
        y += title + 1
        draw_text(painter, self._day, frame.rect(x, y, room, line_height(small)), small, QColor(t.muted), direction)
        y += line_height(small) + 3
        colour = QColor(getattr(t, self._colour))
        icons.draw(
            painter, self._icon, frame.rect(x, y + (line_height(small) - side) // 2, side, side), colour, direction
        )
        words = frame.rect(x + side + 6, y, room - side - 6, state)
        draw_text(painter, self._state, words, small, colour, direction, 3)

    def _room(self, width: int) -> int:
        return max(60, width - 10 - COVER.width() - 14 - 14)


class Sheet(QWidget):
    """The first page of a PDF, as wide as there is room; paper stays paper in the dark.

    The PDF is open only while it is drawn. Raises ValueError for bytes that are none.
    """

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__()
        self.data = data
        with closing(Paper(data)) as paper:
            self._size = paper.pages[0]
        self._image: QImage | None = None
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return self._size.fitting(600)

    def minimumSizeHint(self) -> QSize:
        return self._size.fitting(240)

    def heightForWidth(self, width: int) -> int:
        return self._size.fitting(width).height()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        size = self._size.fitting(self.width())
        if self._image is None or self._image.deviceIndependentSize().toSize() != size:
            with closing(Paper(self.data)) as paper:
                self._image = paper.image(0, self.width(), self.devicePixelRatioF())
        QPainter(self).drawImage(QRect(0, 0, size.width(), size.height()), self._image)


def print_paper(parent: QWidget, data: bytes) -> None:
    """Ask for a printer, then print every page of a PDF as large as its sheet."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    with closing(Paper(data)) as paper:
        is_wide = paper.pages[0].width > paper.pages[0].height
        printer.setPageOrientation(QPageLayout.Orientation.Landscape if is_wide else QPageLayout.Orientation.Portrait)
        if QPrintDialog(printer, parent).exec():
            paint_pages(printer, paper)


def paint_pages(printer: QPrinter, paper: Paper) -> None:
    """Paint the pages onto a printer, whatever its paper."""
    printer.setFullPage(True)
    painter = QPainter(printer)
    for index, page in enumerate(paper.pages):
        if index:
            printer.newPage()
        sheet = painter.viewport()
        place = QRect(
            sheet.topLeft(), page.fitting(sheet.width()).scaled(sheet.size(), Qt.AspectRatioMode.KeepAspectRatio)
        )
        place.moveCenter(sheet.center())
        painter.drawImage(place, paper.image(index, round(page.width / 72 * PRINT_DPI)))
    painter.end()


def signed_facts(payload: str, key: bytes) -> Facts | None:
    """Tell the signed facts, or nothing where the signature doesn't hold."""
    try:
        return read_payload(payload, key)
    except (NotGenuine, ValueError):
        return None


def check_file(file: Path, key: bytes) -> Facts | None:
    """Tell the facts of a certificate file, or nothing where any byte differs. Raises OSError."""
    with file.open("rb") as opened:
        content = opened.read(PDF_BYTES + 1)
    try:
        return verify_pdf(content, key)
    except (NotGenuine, ValueError):
        return None


def completed_words(at: int, lessons: int) -> str:
    """When all lessons were done, and how many they were."""
    return tr_n("{day}, the only lesson", "{day}, all {n} lessons", lessons, day=date(at))


def fact_pairs(facts: Facts) -> list[tuple[str, str]]:
    """List what a certificate states, for people."""
    return [
        (tr("Name"), facts.learner_name),
        (tr("Course"), facts.course_title),
        (tr("Completed"), completed_words(from_wire(facts.completed_at), facts.lessons)),
        (tr("Issued"), date(from_wire(facts.issued_at))),
        (tr("Issued by"), facts.issuer),
        (tr("Number"), facts.uuid),
    ]
