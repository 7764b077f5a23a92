"""The way out for work that is not sent, when the profile it lies in doesn't open."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from lms_desktop.ui.actions import Actions, Failure
from lms_desktop.ui.bridge import when_done
from lms_desktop.ui.failures import failure_words
from lms_desktop.ui.texts import tr, tr_n
from lms_desktop.ui.widgets.button import Button
from lms_desktop.ui.widgets.card import column
from lms_desktop.ui.widgets.dialog import fit
from lms_desktop.ui.widgets.text import Text


class WayOut(QWidget):
    """Writes the unsent work of the profile that was chosen last to a file; says below what came of it."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self._told = Text("", "body")
        self._told.hide()
        self._body = column(self, 8)
        button = Button(tr("Export unsent work to a file…"), "upload", on_click=self._export)
        self._body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._body.addWidget(self._told)

    def _export(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export unsent work"), "unsent-work.json", "JSON (*.json)")
        if name:
            file = Path(name)
            ended = self._actions.export_unopened(file)
            when_done(self, ended, lambda count: self._tell(count, file), self._fail)

    def _tell(self, count: int, file: Path) -> None:
        words = tr_n("{n} piece of work is in {file}", "{n} pieces of work are in {file}", count, file=file.name)
        self._say(f"{words}. {tr('It also stays on this laptop until the server has it.')}")

    def _fail(self, failure: Failure) -> None:
        self._say(f"{tr('The export did not work')}. {failure_words(failure)}")

    def _say(self, words: str) -> None:
        self._told.setText(words)
        self._told.show()
        dialog = self.window()
        if isinstance(dialog, QDialog):
            # It is as high as its words were when it opened.
            self._body.activate()
            fit(dialog, dialog.width())
