"""What a shelf with a PIN asks before it opens, and how a learner chooses one."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from lms_desktop.store.rows import AccountRow
from lms_desktop.ui.actions import Actions, Failure, Shelf
from lms_desktop.ui.bridge import on_thread, when_done
from lms_desktop.ui.failures import failure_words
from lms_desktop.ui.pages.start_forms import Form
from lms_desktop.ui.pin import LEAST, Pins, fits, hashed
from lms_desktop.ui.texts import tr, tr_n
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import column, line
from lms_desktop.ui.widgets.dialog import fit
from lms_desktop.ui.widgets.field import LabeledField
from lms_desktop.ui.widgets.text import Text


class PinForm(Form):
    """One learner's PIN; who has forgotten it signs in with the password."""

    forgotten = Signal(object)
    returned = Signal()

    def __init__(self, actions: Actions, pins: Pins, drop: Callable[[Shelf], None]) -> None:
        super().__init__("", "", Button(tr("Open"), "arrow-end", Kind.PRIMARY, icon_at_end=True), drop)
        self._actions = actions
        self._pins = pins
        self._account: AccountRow | None = None
        self.field = LabeledField(tr("PIN"), secret=True)
        self.body.addWidget(self.field)
        self.add_primary()
        middle = Qt.AlignmentFlag.AlignHCenter
        forgot = Button(tr("Forgotten? Sign in with the password"), "key", Kind.QUIET, on_click=self._forget)
        self.body.addWidget(forgot, 0, middle)
        back = Button(tr("Somebody else"), "arrow-start", Kind.QUIET, on_click=self.returned.emit)
        self.body.addWidget(back, 0, middle)
        self.primary.clicked.connect(self._try)
        self.field.submitted.connect(self._try)

    def show_account(self, account: AccountRow) -> None:
        """Ask for this learner's PIN."""
        self._account = account
        self.title.setText(account.learner.name or account.learner.email)
        self.sentence.setText(tr("Type the PIN to open the courses."))
        self.field.edit.clear()
        self.field.clear_message()

    def begin(self) -> None:
        self.field.edit.setFocus()

    def fail(self, failure: Failure) -> None:
        self.field.set_error(failure_words(failure))

    def _try(self) -> None:
        account, pin = self._account, self.field.edit.text()
        if account is None or not pin or not self.primary.isEnabled():
            return
        self.primary.setEnabled(False)
        kept = self._pins.kept(account.place, account.learner)
        when_done(self, on_thread(fits, pin, kept), lambda is_right: self._heard(account, is_right=is_right), self.fail)

    def _heard(self, account: AccountRow, *, is_right: bool) -> None:
        if is_right:
            self.ask(
                tr("Opening the courses of {name}", name=account.learner.first_name), self._actions.switch_to(account)
            )
            return
        self.primary.setEnabled(True)
        self.field.edit.clear()
        self.field.set_error(tr("This is not the PIN. Try again."))
        self.begin()

    def _forget(self) -> None:
        self.forgotten.emit(self._account)


class PinDialog(QDialog):
    """A new PIN, typed twice; ``made`` holds its hash after it was accepted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.made = ""
        self.setWindowTitle(tr("Set a PIN"))
        body = column(self, 12)
        body.setContentsMargins(24, 24, 24, 20)
        body.addWidget(Text(tr("Set a PIN"), "section"))
        body.addWidget(Text(pin_words(), "body"))
        shortest = tr_n("At least {n} figure or letter.", "At least {n} figures or letters.", LEAST)
        self.first = LabeledField(tr("PIN"), hint=shortest, secret=True)
        self.second = LabeledField(tr("The same again"), secret=True)
        for field in (self.first, self.second):
            body.addWidget(field)
            field.submitted.connect(self._keep)
        self.save = Button(tr("Set the PIN"), kind=Kind.PRIMARY, on_click=self._keep)
        row = line(None, 8)
        row.addStretch(1)
        row.addWidget(Button(tr("Cancel"), on_click=self.reject))
        row.addWidget(self.save)
        body.addSpacing(8)
        body.addLayout(row)
        fit(self, look().px(420))
        self.first.edit.setFocus()

    def _keep(self) -> None:
        pin = self.first.edit.text()
        if len(pin) < LEAST:
            self.first.set_error(tr_n("At least {n} figure or letter.", "At least {n} figures or letters.", LEAST))
            self.first.edit.setFocus()
        elif pin != self.second.edit.text():
            self.second.set_error(tr("This is not the same. Type it again."))
            self.second.edit.setFocus()
        elif self.save.isEnabled():
            self.save.setEnabled(False)
            when_done(self, on_thread(hashed, pin), self._done, lambda _failure: self.reject())

    def _done(self, made: str) -> None:
        self.made = made
        self.accept()


def pin_words() -> str:
    """What a PIN is for, and what it isn't."""
    return tr(
        "A PIN keeps others who use this laptop from your pages. It is a curtain, not a lock: "
        "the files on the disk are not encrypted."
    )
