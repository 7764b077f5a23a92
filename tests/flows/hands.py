"""A person's hands and eyes: clicks on what is visible, types, waits, takes pictures."""

import time

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from tests.wait import until

LEFT = Qt.MouseButton.LeftButton


class Hands:
    """Works one window the way a learner does; never calls what a click would call."""

    def __init__(self, window):
        self.window = window

    def wait(self, ask, what, within_s=30):
        return until(ask, what, within_s, _let_go_on)

    def click(self, words, within_s=30):
        """Click the visible button that begins with these words."""
        button = self.wait(lambda: self.find(words), f"a button “{words}”", within_s)
        QTest.mouseClick(button, LEFT)

    def find(self, words):
        buttons = self.window.findChildren(QAbstractButton)
        usable = [button for button in buttons if button.isVisible() and button.isEnabled()]
        return next((button for button in usable if _says(button, words)), None)

    def type(self, label, text):
        """Type into the visible field with this label."""
        field = self.wait(lambda: self.field(label), f"a field “{label}”")
        field.setFocus()
        QTest.keyClicks(field, text)

    def field(self, label):
        fields = self.window.findChildren(QLineEdit)
        return next((field for field in fields if field.isVisible() and field.accessibleName() == label), None)

    def press(self, keys):
        QTest.keySequence(self.window, keys)

    def visible(self, kind):
        """The visible part of this kind."""
        return next((part for part in self.window.findChildren(kind) if part.isVisible()), None)

    def sees(self, words):
        """Whether some visible part says these words."""
        parts = [part for part in self.window.findChildren(QWidget) if part.isVisible()]
        return any(words in _words(part) for part in parts)

    def picture(self, file):
        QTest.qWait(60)
        QApplication.processEvents()
        if not self.window.grab().save(str(file)):
            raise OSError(f"no picture could be written to {file}")


def _let_go_on():
    """Let the window and the other threads work: while QTest waits, no other thread may run Python."""
    QApplication.processEvents()
    time.sleep(0.005)


def _says(button, words):
    return button.accessibleName().startswith(words) or button.text().replace("&&", "&").startswith(words)


def _words(part):
    text = getattr(part, "text", None)
    return f"{part.accessibleName()} {text() if callable(text) else ''}"
