"""First start and sign-in: where do you learn, and who are you."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QMenu, QWidget

from lms_desktop.store.rows import AccountRow, Learner
from lms_desktop.ui.actions import Actions, ServerFacts, Shelf
from lms_desktop.ui.pages.start_forms import AccountForm, AddressForm, Form, SignInForm, WhoForm
from lms_desktop.ui.pages.start_pin import PinForm
from lms_desktop.ui.pin import Pins
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.texts import LANGUAGES, code, tr
from lms_desktop.ui.theme import look
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import Content, Rule, Scroll, column, let_go, line
from lms_desktop.ui.widgets.cover import Cover, CoverArt
from lms_desktop.ui.widgets.icon import IconLabel
from lms_desktop.ui.widgets.text import Text

NARROW = 900
FORM = 400
PROMISE = 480
# Clay, slate, olive and plum: ids whose hash gives those cloths.
SAMPLES = (("3", "heart-pulse"), ("19", "code"), ("7", "calculator"), ("2", "music"))


class StartPage(QWidget):
    """Address, then sign-in, a new account, or a look around; ``opened`` gives the shelf that came of it."""

    opened = Signal(object)
    returned = Signal()
    language_chosen = Signal(str)

    def __init__(
        self,
        actions: Actions,
        preferences: PreferenceFile,
        drop: Callable[[Shelf], None],
        url: str = "",
        *,
        can_return: bool = False,
    ) -> None:
        super().__init__()
        self._promise = _promise()
        self._forms = Content()
        self._pins = Pins(preferences)
        self._forgetful: AccountRow | None = None
        self._address = AddressForm(actions, url, drop, can_return=can_return)
        self._sign_in = SignInForm(actions, drop)
        self._account = AccountForm(actions, drop)
        self._who = WhoForm(actions, () if can_return else actions.accounts(), drop)
        self._pin = PinForm(actions, self._pins, drop)
        self.can_return = can_return
        # Whose PIN this page was opened for.
        self.pin_of: AccountRow | None = None
        self._all = (self._who, self._pin, self._address, self._sign_in, self._account)
        self._first: Form = self._who if self._who.has_accounts else self._address
        body = column(self._forms)
        for form in self._all:
            body.addWidget(form)
        self._show_form(self._first)
        row = line(self)
        row.addWidget(self._promise)
        self._rule = Rule(upright=True)
        row.addWidget(self._rule)
        row.addWidget(self._pane(preferences), 1)
        self._connect()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The covers have one size: with smaller text the promise stays as wide as they are.
        is_wide = self.width() >= max(NARROW, look().px(NARROW))
        self._promise.setFixedWidth(max(PROMISE, look().px(PROMISE)))
        self._promise.setVisible(is_wide)
        self._rule.setVisible(is_wide)

    def show_sign_in(self, server: ServerFacts) -> None:
        """Ask who is learning at this server."""
        self._sign_in.show_server(server)
        self._show_form(self._sign_in)

    def expect(self, learner: Learner) -> None:
        """Take it that this learner is going to sign in."""
        self._sign_in.email.edit.setText(learner.email)

    def show_account(self, server: ServerFacts) -> None:
        """Ask for a new account at this server."""
        self._account.show_server(server)
        self._show_form(self._account)

    def show_address(self) -> None:
        self._show_form(self._address)

    def ask_pin(self, account: AccountRow) -> None:
        """Open this learner's shelf, once the PIN is told."""
        self.pin_of = account
        self._first = self._pin
        self._pin.show_account(account)
        self._show_form(self._pin)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._first.begin()

    def _show_form(self, chosen: Form) -> None:
        let_go(self._forms)
        for form in self._all:
            form.setVisible(form is chosen)
        chosen.begin()

    def _choose(self, account: AccountRow) -> None:
        if self._pins.kept(account.place, account.learner):
            self._pin.show_account(account)
            self._show_form(self._pin)
        else:
            self._who.enter(account)

    def _leave_pin(self) -> None:
        if self.can_return:
            self.returned.emit()
        else:
            self._show_form(self._who if self._who.has_accounts else self._address)

    def _sign_in_instead(self, account: AccountRow) -> None:
        """Whose PIN was forgotten shows the password, and has none from then on."""
        self._forgetful = account
        self._address.field.edit.setText(account.place.url)
        self.expect(account.learner)
        self.show_address()

    def _opened(self, shelf: Shelf) -> None:
        account = self._forgetful
        if account is not None and account.learner.uid == shelf.learner.uid:
            self._pins.keep(account.place, account.learner, "")
        self.opened.emit(shelf)

    def _connect(self) -> None:
        self._who.somebody_else.connect(self.show_address)
        self._who.chosen.connect(self._choose)
        self._pin.returned.connect(self._leave_pin)
        self._pin.forgotten.connect(self._sign_in_instead)
        self._address.found.connect(self.show_sign_in)
        self._address.returned.connect(self.returned.emit)
        self._sign_in.returned.connect(self.show_address)
        self._sign_in.account_wanted.connect(self.show_account)
        self._account.returned.connect(self.show_sign_in)
        for form in (self._who, self._pin, self._address, self._account):
            form.opened.connect(self.opened.emit)
        self._sign_in.opened.connect(self._opened)

    def _pane(self, preferences: PreferenceFile) -> QWidget:
        pane = QFrame()
        pane.setProperty("ground", "surface")
        content = Content()
        body = column(content)
        body.setContentsMargins(24, 20, 24, 24)
        body.addWidget(self._language_button(preferences), 0, Qt.AlignmentFlag.AlignRight)
        body.addStretch(1)
        middle = line(None)
        middle.addStretch(1)
        middle.addWidget(self._forms, 100)
        middle.addStretch(1)
        self._forms.setMaximumWidth(look().px(FORM))
        body.addLayout(middle)
        body.addStretch(1)
        column(pane).addWidget(Scroll(content))
        return pane

    def _language_button(self, preferences: PreferenceFile) -> Button:
        current = preferences.read().language
        shown = LANGUAGES.get(code() if current == "system" else current, LANGUAGES["en"])
        button = Button(shown, "globe", Kind.QUIET)
        button.setAccessibleName(tr("Language, {language}", language=shown))
        menu = QMenu(button)
        for language, name in LANGUAGES.items():
            menu.addAction(name, partial(self.language_chosen.emit, language))
        button.clicked.connect(lambda: menu.popup(button.mapToGlobal(button.rect().bottomLeft())))
        return button


def _promise() -> QFrame:
    frame = QFrame()
    frame.setProperty("ground", "sunken")
    content = Content()
    body = column(content)
    body.setContentsMargins(56, 24, 56, 24)
    body.addStretch(1)
    covers = line(None, 12)
    for uid, subject in SAMPLES:
        covers.addWidget(Cover(CoverArt(uid, subject, ""), QSize(83, 112), 4))
    covers.addStretch(1)
    body.addLayout(covers)
    body.addSpacing(32)
    body.addWidget(Text(tr("Learn anywhere, also without the internet"), "title"))
    body.addSpacing(28)
    for icon, title, sentence in _promises():
        body.addLayout(_promise_line(icon, title, sentence))
        body.addSpacing(16)
    body.addStretch(1)
    column(frame).addWidget(Scroll(content))
    return frame


def _promises() -> list[tuple[str, str, str]]:
    return [
        ("laptop", tr("Saved here first"), tr("Every lesson you complete is on this laptop before anything is sent.")),
        (
            "cloud-check",
            tr("Sent when there is a network"),
            tr("You do nothing. The sidebar always says what is sent and what is waiting."),
        ),
        (
            "certificate",
            tr("Certificates you can show"),
            tr("Signed, printable, and checked without the internet."),
        ),
    ]


def _promise_line(icon: str, title: str, sentence: str) -> QBoxLayout:
    row = line(None, 16)
    row.addWidget(IconLabel(icon, 24, "accent"), 0, Qt.AlignmentFlag.AlignTop)
    words = column(None, 2)
    words.addWidget(Text(title, "heading"))
    words.addWidget(Text(sentence, "muted"))
    row.addLayout(words, 1)
    return row
