"""Questions that need an answer before something that can't be taken back, and plain lists of facts."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import column, line
from lms_desktop.ui.widgets.text import Text


def fit(dialog: QDialog, width: int) -> None:
    """Make it as high as its words are in this width; left to itself Qt stops at two thirds of the screen."""
    dialog.setMinimumWidth(width)
    if (laid_out := dialog.layout()) is not None:
        dialog.resize(width, laid_out.totalHeightForWidth(width))


class Question(QDialog):
    """Says what will happen and what stays safe; the safe answer has the focus."""

    def __init__(self, parent: QWidget, title: str, sentence: str, yes: str, *, is_danger: bool = True) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(look().px(420))
        body = column(self, 12)
        body.setContentsMargins(24, 24, 24, 20)
        body.addWidget(Text(title, "section"))
        body.addWidget(Text(sentence, "body"))
        body.addSpacing(8)
        row = line(None, 8)
        row.addStretch(1)
        stay = Button(tr("Cancel"), on_click=self.reject)
        row.addWidget(stay)
        row.addWidget(Button(yes, kind=Kind.DANGER if is_danger else Kind.PRIMARY, on_click=self.accept))
        body.addLayout(row)
        stay.setDefault(True)
        stay.setFocus()

    def ask(self) -> bool:
        """Wait for the answer."""
        return self.exec() == QDialog.DialogCode.Accepted.value


class Note(QDialog):
    """Something to know, in whole sentences; goes when it was read."""

    def __init__(self, parent: QWidget | None, title: str, text: str, way_out: QWidget | None = None) -> None:
        """``way_out`` is what can be done about it, if there is something."""
        super().__init__(parent)
        self.text = text
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        body = column(self, 12)
        body.setContentsMargins(24, 24, 24, 20)
        body.addWidget(Text(title, "section"))
        for paragraph in text.split("\n\n"):
            body.addWidget(Text(paragraph, "body"))
        if way_out is not None:
            body.addWidget(way_out)
        body.addSpacing(8)
        body.addWidget(Button(tr("Close"), on_click=self.accept), 0, Qt.AlignmentFlag.AlignRight)
        fit(self, look().px(480))


class Facts(QDialog):
    """Pairs of a name and a value, such as keys and what they do."""

    def __init__(self, parent: QWidget, title: str, pairs: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        body = column(self, 12)
        body.setContentsMargins(24, 24, 24, 20)
        body.addWidget(Text(title, "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        for place, (name, value) in enumerate(pairs):
            grid.addWidget(Text(name, "strong", wrap=False), place, 0)
            grid.addWidget(Text(value, "body", wrap=False), place, 1)
        body.addLayout(grid)
        body.addSpacing(8)
        body.addWidget(Button(tr("Close"), on_click=self.accept), 0, Qt.AlignmentFlag.AlignRight)
