"""Fields: one with a label and a line under it, one for searching."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QStyle, QStyleOptionFrame, QWidget

from lms_desktop.ui import icons
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import color, font, look
from lms_desktop.ui.widgets.card import column, line
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.paint import Frame, draw_text, line_height, text_width
from lms_desktop.ui.widgets.text import Text

# One read of the catalog is quick, but not worth one for every letter of a fast typist.
TYPING_PAUSE_MS = 120
# What Qt keeps free at both ends of a line.
_LINE_EDIT_MARGIN = 2


class SearchField(QLineEdit):
    """A field with the glass at its start and its key at its end; ``searched`` comes when typing pauses."""

    searched = Signal(str)

    def __init__(self, placeholder: str, key: str | None = "Ctrl+K", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) if key else ""
        self._words = placeholder
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(lambda: self.searched.emit(self.text().strip()))
        self.textChanged.connect(lambda _text: self._pause.start())
        self._set_margins()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.LayoutDirectionChange, QEvent.Type.StyleChange}:
            self._set_margins()
            self._fit_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_words()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        frame = Frame(self.rect(), self.layoutDirection())
        side = look().px(20)
        place = frame.rect(11, (self.height() - side) // 2, side, side)
        icons.draw(painter, "search", place, color(lambda t: t.muted), self.layoutDirection())
        if not self.text() and self._key:
            self._draw_key(painter, frame)

    def _draw_key(self, painter: QPainter, frame: Frame) -> None:
        face = font(12)
        wide, high = text_width(self._key, face), line_height(face)
        place = frame.rect(self.width() - 12 - wide, (self.height() - high) // 2, wide, high)
        draw_text(painter, self._key, place, face, color(lambda t: t.muted), Qt.LayoutDirection.LeftToRight)

    def _set_margins(self) -> None:
        start, end = look().px(20) + 10, text_width(self._key, font(12)) + 8 if self._key else 0
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        self.setTextMargins(end if is_mirrored else start, 0, start if is_mirrored else end, 0)

    def _fit_words(self) -> None:
        """What is looked through, where there is room to say it; the tooltip says it else."""
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        margins = self.textMargins()
        room = inside.width() - margins.left() - margins.right() - 2 * _LINE_EDIT_MARGIN
        fits = self.fontMetrics().horizontalAdvance(self._words) <= room
        self.setPlaceholderText(self._words if fits else tr("Search"))
        self.setToolTip("" if fits else self._words)


class LabeledField(QWidget):
    """A field with its label above and a hint, an error or a confirmation below."""

    submitted = Signal()

    def __init__(
        self, label: str, *, hint: str = "", secret: bool = False, placeholder: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password if secret else QLineEdit.EchoMode.Normal)
        self.edit.setAccessibleName(label)
        self.edit.returnPressed.connect(self.submitted.emit)
        self.edit.textEdited.connect(lambda _text: self.clear_message())
        self._label = Text(label, "strong")
        self._label.setBuddy(self.edit)
        self._hint = hint
        self._icon = IconLabel("info", 16)
        self._message = Text("", "small")
        self._message_row = QWidget()
        row = line(self._message_row, 6)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._message, 1)
        body = column(self, 8)
        for part in (self._label, self.edit, self._message_row):
            body.addWidget(part)
        self.clear_message()

    def text(self) -> str:
        return self.edit.text().strip()

    def set_error(self, text: str) -> None:
        """Say what is wrong and what to do."""
        self._say(text, "small-danger", "warning", is_wrong=True)

    def set_success(self, text: str) -> None:
        self._say(text, "small-success", "ring-check")

    def clear_message(self) -> None:
        """Back to the hint."""
        self._say(self._hint, "small", None)

    def message(self) -> str:
        return self._message.text()

    def on_change(self, listener: Callable[[str], None]) -> None:
        self.edit.textEdited.connect(listener)

    def _say(self, text: str, role: str, icon: str | None, *, is_wrong: bool = False) -> None:
        self._message.set_role(role)
        self._message.setText(text)
        self._icon.setVisible(icon is not None)
        if icon is not None:
            self._icon.show_icon(icon, role.removeprefix("small-"))
        self._message_row.setVisible(bool(text))
        self.edit.setAccessibleDescription(text)
        if bool(self.edit.property("wrong")) != is_wrong:
            self.edit.setProperty("wrong", is_wrong)
            self.edit.style().unpolish(self.edit)
            self.edit.style().polish(self.edit)
