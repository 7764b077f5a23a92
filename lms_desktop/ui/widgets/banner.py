"""Banners, empty states and the line that says something is under way."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.ui.texts import tr
from lms_desktop.ui.widgets.bar import ProgressBar
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
    """Words, a bar and Cancel for what takes more than a second; never a bare spinner."""

    def __init__(
        self, words: str, on_cancel: Callable[[], object] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        body = line(self, 12)
        lines = column(None, 6)
        self.words = Text(words, "muted")
        self.bar = ProgressBar(words)
        lines.addWidget(self.words)
        lines.addWidget(self.bar)
        body.addLayout(lines, 1)
        if on_cancel is not None:
            body.addWidget(Button(tr("Cancel"), kind=Kind.QUIET, on_click=on_cancel))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_progress(self, words: str, fraction: float) -> None:
        self.words.setText(words)
        self.bar.show_share(fraction, name=words)
