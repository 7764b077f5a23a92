"""Searching in the lesson on show."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from lms_desktop.ui.texts import tr, tr_n
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import line
from lms_desktop.ui.widgets.field import SearchField
from lms_desktop.ui.widgets.text import Text

MOST_COUNTED = 999


class FindBar(QFrame):
    """A line with a field: Enter goes on, Shift+Enter goes back, Escape closes."""

    closed = Signal()

    def __init__(self, view: QTextBrowser, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "background")
        self._view = view
        self._field = SearchField(tr("Find in this lesson"), None)
        self._field.searched.connect(self._look)
        self._told = Text("", "muted", wrap=False)
        row = line(self, 8)
        row.setContentsMargins(20, 6, 12, 6)
        row.addWidget(self._field, 1)
        row.addWidget(self._told)
        row.addWidget(Button(tr("Find previous"), "arrow-up", Kind.ICON, on_click=lambda: self.step(is_back=True)))
        row.addWidget(Button(tr("Find next"), "arrow-down", Kind.ICON, on_click=self.step))
        row.addWidget(Button(tr("Close"), "close", Kind.ICON, on_click=self.close_bar))
        self.hide()

    def open_bar(self) -> None:
        self.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def close_bar(self) -> None:
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def step(self, *, is_back: bool = False) -> None:
        """Go to the next place, round the end if need be."""
        text = self._field.text().strip()
        flags = QTextDocument.FindFlag.FindBackward if is_back else QTextDocument.FindFlag(0)
        if text and not self._view.find(text, flags):
            end = QTextCursor.MoveOperation.End if is_back else QTextCursor.MoveOperation.Start
            self._view.moveCursor(end)
            self._view.find(text, flags)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.step(is_back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def _look(self, text: str) -> None:
        found = self._count(text)
        words = tr_n("{n} place", "{n} places", found) if found else tr("Not in this lesson")
        self._told.setText(words if text else "")
        if found:
            self._view.moveCursor(QTextCursor.MoveOperation.Start)
            self._view.find(text)

    def _count(self, text: str) -> int:
        count = 0
        cursor = QTextCursor(self._view.document())
        while text and count < MOST_COUNTED:
            cursor = self._view.document().find(text, cursor)
            if cursor.isNull():
                break
            count += 1
        return count
