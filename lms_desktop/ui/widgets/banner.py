"""Banners, empty states and the line that says something is under way."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, column, line
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import Text

ICONS = {"info": "info", "success": "certificate", "attention": "warning", "danger": "warning"}
COLOURS = {"info": "accent", "success": "success", "attention": "attention", "danger": "danger"}


class Banner(Card):
    """What happened, and in the second sentence what is safe and what to do; at most two buttons."""

    def __init__(
        self,
        state: str,
        title: str,
        sentence: str,
        buttons: Sequence[Button] = (),
        *,
        icon: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(state, padding=16, parent=parent)
        self.setAccessibleName(f"{title}. {sentence}")
        row = line(None, 12)
        row.addWidget(IconLabel(icon or ICONS[state], 20, COLOURS[state]), 0, Qt.AlignmentFlag.AlignTop)
        words = column(None, 2)
        words.addWidget(Text(title, "strong"))
        if sentence:
            words.addWidget(Text(sentence, "body"))
        row.addLayout(words, 1)
        for button in buttons:
            if look().is_large and button.kind is not Kind.ICON:
                words.addSpacing(6)
                words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(row)


class EmptyState(QWidget):
    """What will be here, and the one thing to do about it."""

    def __init__(
        self, icon: str, title: str, sentence: str, button: Button | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"{title}. {sentence}")
        body = column(self, 8)
        body.setContentsMargins(20, 32, 20, 32)
        middle = Qt.AlignmentFlag.AlignHCenter
        body.addStretch(1)
        body.addWidget(IconLabel(icon, 40, "muted"), 0, middle)
        body.addSpacing(4)
        body.addWidget(Text(title, "heading", place="center"))
        body.addWidget(Text(sentence, "muted", place="center"))
        if button is not None:
            body.addSpacing(8)
            body.addWidget(button, 0, middle)
        body.addStretch(1)


class Working(QWidget):
    """Whom an answer is waited for, when that takes more than a second, and a way to wait no longer."""

    def __init__(self, words: str, give_up: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        body = line(self, 8)
        self.words = Text(words, "muted")
        body.addWidget(IconLabel("clock", 16, "muted"))
        body.addWidget(self.words, 1)
        body.addWidget(Button(tr("Stop waiting"), kind=Kind.QUIET, small=True, on_click=give_up).flush())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
