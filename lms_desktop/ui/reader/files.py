"""The files that come with a lesson, as a list under its text."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from lms_desktop.store.rows import Attachment
from lms_desktop.ui.texts import facts, size, tr
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, column, line
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import ElidedText, Text


class FileList(QWidget):
    """One card a file; ``wanted`` tells the path of one to open."""

    wanted = Signal(str)

    def __init__(self, files: Sequence[Attachment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        body = column(self, 8)
        body.addWidget(Text(tr("Attachments"), "heading"))
        for file in files:
            body.addWidget(self._card(file))

    def _card(self, file: Attachment) -> Card:
        card = Card(padding=8)
        row = line(None, 12)
        row.setContentsMargins(8, 0, 0, 0)
        row.addWidget(
            IconLabel("image" if is_picture(file) else "file", 20, "accent"), 0, Qt.AlignmentFlag.AlignVCenter
        )
        words = column(None, 0)
        words.addWidget(ElidedText(file.name, "strong"))
        words.addWidget(Text(_told(file), "small"))
        row.addLayout(words, 1)
        button = Button(tr("Open"), kind=Kind.QUIET, on_click=lambda: self.wanted.emit(file.path))
        button.setAccessibleName(tr("Open {file}", file=file.name))
        button.setEnabled(file.is_here)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        card.body.addLayout(row)
        return card


def is_picture(file: Attachment) -> bool:
    """Whether the app shows a file as one picture."""
    return file.type.startswith("image/")


def _told(file: Attachment) -> str:
    kind = (
        tr("Picture")
        if is_picture(file)
        else "PDF"
        if file.type == "application/pdf"
        else file.name.rpartition(".")[2].upper()
    )
    return facts(kind, size(file.size), tr("on this laptop") if file.is_here else tr("comes with the download"))
