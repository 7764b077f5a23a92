"""Enter presses the button that has the focus, as Space does; by itself Qt does that in dialogs only."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton

_ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


def is_enter(event: QKeyEvent) -> bool:
    """Whether a key is Enter alone; held down it is one press."""
    is_alone = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
    return event.key() in _ENTER and is_alone and not event.isAutoRepeat()


class EnterButton(QAbstractButton):
    """What our own painted buttons are made of."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_enter(event):
            self.click()
        else:
            super().keyPressEvent(event)
