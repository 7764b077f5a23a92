"""What the start page asks: who, where, and with which account."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from lms_desktop.store.rows import AccountRow
from lms_desktop.ui.actions import Actions, Failure, ServerFacts
from lms_desktop.ui.bridge import when_done
from lms_desktop.ui.failures import failure_words
from lms_desktop.ui.texts import facts, tr, tr_n
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, Rule, column, line
from lms_desktop.ui.widgets.field import LabeledField
from lms_desktop.ui.widgets.sidebar import LearnerButton
from lms_desktop.ui.widgets.text import Text

LOOK_UP_PAUSE_MS = 600
MIDDLE = Qt.AlignmentFlag.AlignHCenter


class Form(QWidget):
    """A title, what it asks for, and one primary button that waits for an answer from elsewhere."""

    opened = Signal(object)

    def __init__(self, title: str, sentence: str, primary: Button) -> None:
        super().__init__()
        self.body = column(self, 8)
        self.title = Text(title, "section")
        self.sentence = Text(sentence, "muted")
        self.body.addWidget(self.title)
        self.body.addWidget(self.sentence)
        self.body.addSpacing(16)
        self.primary = primary
        self.primary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_waiting(self, waits: bool) -> None:  # noqa: FBT001 - a Qt-like setter
        """While the network answers, the button does not."""
        self.primary.setEnabled(not waits)

    def begin(self) -> None:
        """Put the cursor where typing starts."""


class WhoForm(Form):
    """Who is learning? Everybody who has work on this laptop, one click each."""

    somebody_else = Signal()

    def __init__(self, actions: Actions, accounts: tuple[AccountRow, ...]) -> None:
        primary = Button(tr("Somebody else"), "plus")
        super().__init__(tr("Who is learning?"), tr("The work of each learner is kept apart."), primary)
        self._actions = actions
        known = [account for account in accounts if not account.learner.is_guest]
        self.has_accounts = bool(known)
        self.buttons = [self._button(account) for account in known]
        for button in self.buttons:
            card = Card(padding=6)
            card.body.addWidget(button)
            self.body.addWidget(card)
        self._failure = Text("", "small-danger")
        self._failure.hide()
        self.body.addWidget(self._failure)
        self.body.addSpacing(8)
        self.body.addWidget(self.primary)
        self.primary.clicked.connect(self.somebody_else.emit)

    def begin(self) -> None:
        (self.buttons[0] if self.buttons else self.primary).setFocus()

    def _button(self, account: AccountRow) -> LearnerButton:
        button = LearnerButton()
        waiting = tr_n("{n} to send", "{n} to send", account.pending) if account.pending else None
        button.show_learner(account.learner.name or account.learner.email, facts(account.place.name, waiting))
        button.clicked.connect(lambda: self._enter(account))
        return button

    def _enter(self, account: AccountRow) -> None:
        when_done(self, self._actions.switch_to(account), self.opened.emit, self._fail)

    def _fail(self, failure: Failure) -> None:
        self._failure.setText(failure_words(failure))
        self._failure.show()


class AddressForm(Form):
    """Where do you learn? The server is looked up while the address is typed."""

    found = Signal(object)
    returned = Signal()

    def __init__(self, actions: Actions, url: str, *, can_return: bool) -> None:
        primary = Button(tr("Continue"), "arrow-end", Kind.PRIMARY, icon_at_end=True)
        super().__init__(tr("Where do you learn?"), tr("Type the address your school or library gave you."), primary)
        self._actions = actions
        self._facts: ServerFacts | None = None
        self._asked = ""
        self._goes_on = False
        self.field = LabeledField(tr("Address of the server"), placeholder="library.example")
        self.field.edit.setText(url)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(LOOK_UP_PAUSE_MS)
        self._pause.timeout.connect(self._look_up)
        self._build(can_return=can_return)

    def begin(self) -> None:
        self.field.edit.setFocus()

    def _build(self, *, can_return: bool) -> None:
        self.field.on_change(self._typed)
        self.field.submitted.connect(self._go_on)
        self.primary.clicked.connect(self._go_on)
        look_around = Button(tr("Look around with the sample course"), "book", on_click=self._look_around)
        look_around.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.body.addWidget(self.field)
        self.body.addSpacing(8)
        self.body.addWidget(self.primary)
        if can_return:
            back = Button(tr("Back to where you were"), "arrow-start", Kind.QUIET, on_click=self.returned.emit)
            self.body.addSpacing(8)
            self.body.addWidget(back, 0, MIDDLE)
            return
        self.body.addSpacing(10)
        self.body.addLayout(_or())
        self.body.addSpacing(10)
        self.body.addWidget(look_around)
        self.body.addWidget(Text(tr("No account, nothing is sent. You can connect later."), "small", place="center"))

    def _typed(self, _text: str) -> None:
        self._facts = None
        self._pause.start()

    def _go_on(self) -> None:
        if not self.field.text():
            self.field.set_error(tr("Type an address first, such as library.example."))
            return
        if self._facts is not None:
            self.found.emit(self._facts)
            return
        self._goes_on = True
        self.set_waiting(True)
        self._look_up()

    def _look_up(self) -> None:
        self._pause.stop()
        self._asked = self.field.text()
        if self._asked:
            asked = self._asked
            when_done(
                self,
                self._actions.look_up(asked),
                lambda found: self._show_found(asked, found),
                lambda failure: self._show_failure(asked, failure),
            )

    def _show_found(self, asked: str, found: ServerFacts) -> None:
        if asked != self.field.text():
            return
        self.set_waiting(False)
        self._facts = found
        self.field.set_success(found_words(found))
        if self._goes_on:
            self._goes_on = False
            self.found.emit(found)

    def _show_failure(self, asked: str, failure: Failure) -> None:
        self.set_waiting(False)
        if asked == self.field.text():
            self._goes_on = False
            self.field.set_error(failure_words(failure))

    def _look_around(self) -> None:
        when_done(self, self._actions.look_around(), self.opened.emit, self._fail_here)

    def _fail_here(self, failure: Failure) -> None:
        self.field.set_error(failure_words(failure))


class SignInForm(Form):
    """Who are you? Or: no account yet, or just reading."""

    returned = Signal()
    account_wanted = Signal(object)

    def __init__(self, actions: Actions) -> None:
        super().__init__(tr("Sign in"), "", Button(tr("Sign in"), "arrow-end", Kind.PRIMARY, icon_at_end=True))
        self._actions = actions
        self._facts = ServerFacts("", "", registration_is_open=False)
        self.email = LabeledField(tr("E-mail"))
        self.password = LabeledField(tr("Password"), secret=True)
        self._create = _wide(Button(tr("Create an account"), "plus", on_click=self._want_account))
        guest = _wide(Button(tr("Browse as a guest"), "eye", on_click=self._browse))
        for part in (self.email, self.password):
            self.body.addWidget(part)
            part.submitted.connect(self._sign_in)
        self.body.addSpacing(8)
        self.body.addWidget(self.primary)
        self.body.addSpacing(10)
        self.body.addLayout(_or())
        self.body.addSpacing(10)
        self.body.addWidget(self._create)
        self.body.addWidget(guest)
        self.body.addWidget(
            Button(tr("Another server"), "arrow-start", Kind.QUIET, on_click=self.returned.emit), 0, MIDDLE
        )
        self.primary.clicked.connect(self._sign_in)

    def show_server(self, server: ServerFacts) -> None:
        self._facts = server
        self.title.setText(tr("Sign in to {place}", place=server.name))
        self.sentence.setText(tr("Your work on this laptop is kept for you alone."))
        self._create.setVisible(server.registration_is_open)

    def begin(self) -> None:
        self.email.edit.setFocus()

    def _sign_in(self) -> None:
        if not self.email.text() or not self.password.edit.text():
            self.password.set_error(tr("Type your e-mail and your password."))
            return
        self.set_waiting(True)
        ended = self._actions.sign_in(self._facts.url, self.email.text(), self.password.edit.text())
        when_done(self, ended, self.opened.emit, self._fail)

    def _browse(self) -> None:
        when_done(self, self._actions.browse_as_guest(self._facts.url), self.opened.emit, self._fail)

    def _want_account(self) -> None:
        self.account_wanted.emit(self._facts)

    def _fail(self, failure: Failure) -> None:
        self.set_waiting(False)
        self.password.set_error(failure_words(failure))
        self.password.edit.setFocus()
        self.password.edit.selectAll()


class AccountForm(Form):
    """A new account, where the server allows it."""

    returned = Signal(object)

    def __init__(self, actions: Actions) -> None:
        primary = Button(tr("Create the account"), "arrow-end", Kind.PRIMARY, icon_at_end=True)
        super().__init__(tr("Create an account"), "", primary)
        self._actions = actions
        self._facts = ServerFacts("", "", registration_is_open=False)
        self.name = LabeledField(tr("Your name"), hint=tr("It stands on your certificates."))
        self.email = LabeledField(tr("E-mail"))
        self.password = LabeledField(tr("Password"), hint=tr("At least 8 characters."), secret=True)
        for part in (self.name, self.email, self.password):
            self.body.addWidget(part)
            part.submitted.connect(self._create)
        self.body.addSpacing(8)
        self.body.addWidget(self.primary)
        back = Button(tr("I have an account"), "arrow-start", Kind.QUIET, on_click=self._return)
        self.body.addWidget(back, 0, MIDDLE)
        self.primary.clicked.connect(self._create)

    def show_server(self, server: ServerFacts) -> None:
        self._facts = server
        self.sentence.setText(tr("At {place}. Your work is kept under this name.", place=server.name))

    def begin(self) -> None:
        self.name.edit.setFocus()

    def _create(self) -> None:
        if not (self.name.text() and self.email.text() and len(self.password.edit.text()) >= 8):
            self.password.set_error(failure_words(Failure.BAD_ACCOUNT))
            return
        self.set_waiting(True)
        given = (self._facts.url, self.name.text(), self.email.text(), self.password.edit.text())
        when_done(self, self._actions.create_account(*given), self.opened.emit, self._fail)

    def _return(self) -> None:
        self.returned.emit(self._facts)

    def _fail(self, failure: Failure) -> None:
        self.set_waiting(False)
        field = self.email if failure is Failure.EMAIL_TAKEN else self.password
        field.set_error(failure_words(failure))
        field.edit.setFocus()


def found_words(server: ServerFacts) -> str:
    """What a server says of itself."""
    accounts = tr("new accounts allowed") if server.registration_is_open else tr("accounts are given by its admin")
    if server.courses is None:
        return tr("{place} found, {accounts}.", place=server.name, accounts=accounts)
    courses = tr_n("{n} course", "{n} courses", server.courses)
    return tr("{place} found. {courses}, {accounts}.", place=server.name, courses=courses, accounts=accounts)


def _or() -> QBoxLayout:
    row = line(None, 16)
    row.addWidget(Rule(), 1, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(Text(tr("or"), "muted", wrap=False))
    row.addWidget(Rule(), 1, Qt.AlignmentFlag.AlignVCenter)
    return row


def _wide(button: Button) -> Button:
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button
