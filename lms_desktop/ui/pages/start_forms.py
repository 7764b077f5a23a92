"""What the start page asks: who, where, and with which account."""

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from lms_desktop.store.rows import AccountRow
from lms_desktop.ui.actions import Actions, Failure, ServerFacts, Shelf
from lms_desktop.ui.bridge import when_done
from lms_desktop.ui.failures import failure_words
from lms_desktop.ui.pages.way_out import WayOut
from lms_desktop.ui.texts import facts, tr, tr_n
from lms_desktop.ui.widgets.banner import Working
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Card, Rule, column, line
from lms_desktop.ui.widgets.field import LabeledField
from lms_desktop.ui.widgets.sidebar import LearnerButton
from lms_desktop.ui.widgets.text import Text

LOOK_UP_PAUSE_MS = 600
# What takes longer says whom it waits for, and can be given up.
PATIENCE_MS = 1_000
MIDDLE = Qt.AlignmentFlag.AlignHCenter


class Form(QWidget):
    """A title, what it asks for, and one primary button that waits for an answer from elsewhere.

    ``drop`` is given a shelf that came after its learner had given up waiting.
    """

    opened = Signal(object)

    def __init__(self, title: str, sentence: str, primary: Button, drop: Callable[[Shelf], None]) -> None:
        super().__init__()
        self._drop = drop
        self._question = 0
        self.body = column(self, 8)
        self._working = Working("", self.give_up)
        self._working.hide()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._working.show)
        self.title = Text(title, "section")
        self.sentence = Text(sentence, "muted")
        self.body.addWidget(self.title)
        self.body.addWidget(self.sentence)
        self.body.addSpacing(16)
        self.primary = primary
        self.primary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def begin(self) -> None:
        """Put the cursor where typing starts."""

    def fail(self, failure: Failure) -> None:
        """Say what went wrong, beside the field it is about."""

    def ask(self, words: str, answer: Future[Shelf]) -> None:
        """Wait for a shelf: after a moment the words say for whom, and the waiting can be given up."""
        self._question += 1
        question = self._question
        self.set_waiting(words)
        when_done(
            self,
            answer,
            lambda shelf: self._take(question, shelf),
            lambda failure: self._refuse(question, failure),
            self._drop,
        )

    def set_waiting(self, words: str = "") -> None:
        """While somebody is asked, the button does not act; without words nobody is."""
        self.primary.setEnabled(not words)
        if words:
            self._working.words.setText(words)
            self._patience.start()
        else:
            self._patience.stop()
            self._working.hide()

    def give_up(self) -> None:
        """Wait no longer; what comes after all is put back."""
        self._question += 1
        self.set_waiting()
        self.begin()

    def add_primary(self) -> None:
        """Put the button here, with the line that says whom it waits for."""
        self.body.addSpacing(8)
        self.body.addWidget(self.primary)
        self.body.addWidget(self._working)

    def _take(self, question: int, shelf: Shelf) -> None:
        if question != self._question:
            self._drop(shelf)
            return
        self.set_waiting()
        self.opened.emit(shelf)

    def _refuse(self, question: int, failure: Failure) -> None:
        if question == self._question:
            self.set_waiting()
            self.fail(failure)


class WhoForm(Form):
    """Who is learning? Everybody who has work on this laptop, one click each."""

    somebody_else = Signal()
    chosen = Signal(object)

    def __init__(self, actions: Actions, accounts: tuple[AccountRow, ...], drop: Callable[[Shelf], None]) -> None:
        primary = Button(tr("Somebody else"), "plus")
        super().__init__(tr("Who is learning?"), tr("The work of each learner is kept apart."), primary, drop)
        self._actions = actions
        known = [account for account in accounts if not account.learner.is_guest]
        self.has_accounts = bool(known)
        self.buttons = [self._button(account) for account in known]
        for button in self.buttons:
            card = Card(padding=6)
            card.body.addWidget(button)
            self.body.addWidget(card)
        self._failure = Text("", "small-danger")
        self._way_out = WayOut(actions)
        self.body.addWidget(self._failure)
        self.body.addWidget(self._way_out)
        self._clear()
        self.add_primary()
        self.primary.clicked.connect(self.somebody_else.emit)

    def begin(self) -> None:
        (self.buttons[0] if self.buttons else self.primary).setFocus()

    def _button(self, account: AccountRow) -> LearnerButton:
        button = LearnerButton()
        waiting = tr_n("{n} to send", "{n} to send", account.pending) if account.pending else None
        button.show_learner(account.learner.name or account.learner.email, facts(account.place.name, waiting))
        button.clicked.connect(lambda: self.chosen.emit(account))
        return button

    def enter(self, account: AccountRow) -> None:
        """Open this learner's shelf."""
        self._clear()
        self.ask(tr("Opening the courses of {name}", name=account.learner.first_name), self._actions.switch_to(account))

    def fail(self, failure: Failure) -> None:
        self._failure.setText(failure_words(failure))
        self._failure.show()
        self._way_out.setVisible(failure in {Failure.NEWER, Failure.READ_ONLY})

    def _clear(self) -> None:
        self._failure.hide()
        self._way_out.hide()


class AddressForm(Form):
    """Where do you learn? The server is looked up while the address is typed."""

    found = Signal(object)
    returned = Signal()

    def __init__(self, actions: Actions, url: str, drop: Callable[[Shelf], None], *, can_return: bool) -> None:
        primary = Button(tr("Continue"), "arrow-end", Kind.PRIMARY, icon_at_end=True)
        sentence = tr("Type the address your school or library gave you.")
        super().__init__(tr("Where do you learn?"), sentence, primary, drop)
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
        self.add_primary()
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
        if self._goes_on:
            self.give_up()
        self._pause.start()

    def _go_on(self) -> None:
        if not self.field.text():
            self.field.set_error(tr("Type an address first, such as library.example."))
            return
        if self._facts is not None:
            self.found.emit(self._facts)
            return
        self._goes_on = True
        self.set_waiting(tr("Asking {place}", place=self.field.text()))
        self._look_up()

    def give_up(self) -> None:
        self._goes_on = False
        self._asked = ""
        super().give_up()

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
        self.set_waiting()
        self._facts = found
        self.field.set_success(found_words(found))
        if self._goes_on:
            self._goes_on = False
            self.found.emit(found)

    def _show_failure(self, asked: str, failure: Failure) -> None:
        if asked == self.field.text() == self._asked:
            self.set_waiting()
            self._goes_on = False
            self.field.set_error(failure_words(failure))

    def _look_around(self) -> None:
        self.ask(tr("Opening the sample course"), self._actions.look_around())

    def fail(self, failure: Failure) -> None:
        self.field.set_error(failure_words(failure))


class SignInForm(Form):
    """Who are you? Or: no account yet, or just reading."""

    returned = Signal()
    account_wanted = Signal(object)

    def __init__(self, actions: Actions, drop: Callable[[Shelf], None]) -> None:
        super().__init__(tr("Sign in"), "", Button(tr("Sign in"), "arrow-end", Kind.PRIMARY, icon_at_end=True), drop)
        self._actions = actions
        self._facts = ServerFacts("", "", registration_is_open=False)
        self.email = LabeledField(tr("E-mail"))
        self.password = LabeledField(tr("Password"), secret=True)
        self._create = _wide(Button(tr("Create an account"), "plus", on_click=self._want_account))
        guest = _wide(Button(tr("Browse as a guest"), "eye", on_click=self._browse))
        for part in (self.email, self.password):
            self.body.addWidget(part)
            part.submitted.connect(self._sign_in)
        self.add_primary()
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
        (self.password if self.email.text() else self.email).edit.setFocus()

    def _sign_in(self) -> None:
        if not self.email.text() or not self.password.edit.text():
            self.password.set_error(tr("Type your e-mail and your password."))
            return
        given = (self._facts.url, self.email.text(), self.password.edit.text())
        self.ask(tr("Asking {place}", place=self._facts.name), self._actions.sign_in(*given))

    def _browse(self) -> None:
        self.ask(tr("Asking {place}", place=self._facts.name), self._actions.browse_as_guest(self._facts.url))

    def _want_account(self) -> None:
        self.account_wanted.emit(self._facts)

    def fail(self, failure: Failure) -> None:
        self.password.set_error(failure_words(failure))
        self.password.edit.setFocus()
        self.password.edit.selectAll()


class AccountForm(Form):
    """A new account, where the server allows it."""

    returned = Signal(object)

    def __init__(self, actions: Actions, drop: Callable[[Shelf], None]) -> None:
        primary = Button(tr("Create the account"), "arrow-end", Kind.PRIMARY, icon_at_end=True)
        super().__init__(tr("Create an account"), "", primary, drop)
        self._actions = actions
        self._facts = ServerFacts("", "", registration_is_open=False)
        self.name = LabeledField(tr("Your name"), hint=tr("It stands on your certificates."))
        self.email = LabeledField(tr("E-mail"))
        self.password = LabeledField(tr("Password"), hint=tr("At least 8 characters."), secret=True)
        for part in (self.name, self.email, self.password):
            self.body.addWidget(part)
            part.submitted.connect(self._create)
        self.add_primary()
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
        given = (self._facts.url, self.name.text(), self.email.text(), self.password.edit.text())
        self.ask(tr("Asking {place}", place=self._facts.name), self._actions.create_account(*given))

    def _return(self) -> None:
        self.returned.emit(self._facts)

    def fail(self, failure: Failure) -> None:
        field = self.email if failure is Failure.EMAIL_TAKEN else self.password
        field.set_error(failure_words(failure))
        field.edit.setFocus()


def found_words(server: ServerFacts) -> str:
    """What a server says of itself."""
    accounts = tr("new accounts allowed") if server.registration_is_open else tr("accounts are given by its admin")
    return tr("{place} found, {accounts}.", place=server.name, accounts=accounts)


def _or() -> QBoxLayout:
    row = line(None, 16)
    row.addWidget(Rule(), 1, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(Text(tr("or"), "muted", wrap=False))
    row.addWidget(Rule(), 1, Qt.AlignmentFlag.AlignVCenter)
    return row


def _wide(button: Button) -> Button:
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button
