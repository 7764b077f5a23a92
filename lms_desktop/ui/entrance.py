"""Who is learning: the first start, signing in and out, learners who share a laptop, and the PIN before their pages."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMainWindow

from lms_desktop.store.rows import AccountRow
from lms_desktop.ui.actions import Actions, Failure, Shelf, server_of
from lms_desktop.ui.appearance import dress
from lms_desktop.ui.bridge import when_done
from lms_desktop.ui.failures import failure_words
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.pin import Pins
from lms_desktop.ui.preferences import PreferenceFile
from lms_desktop.ui.texts import tr, tr_n
from lms_desktop.ui.theme import application
from lms_desktop.ui.widgets.dialog import Facts, Question

Then = Callable[[Shelf], None]


class Entrance(QObject):
    """Brings the start page in the place of the pages, and tells what came of it.

    ``asking`` gives that page. Then comes ``entered`` with a shelf and what was to be done with it, or ``returned``
    when the same learner goes on. ``left`` follows a switch or a sign-out: whom to show, or None for the first start.
    """

    asking = Signal(object)
    entered = Signal(object, object)
    returned = Signal()
    left = Signal(object)

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        preferences: PreferenceFile,
        learning: Callable[[], Shelf | None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._preferences = preferences
        self._pins = Pins(preferences)
        self._learning = learning
        self._then: Then | None = None

    def begin(self) -> None:
        """Nobody is learning: ask who, and offer no way back."""
        self._ask(can_return=False)

    def sign_in(self, then: Then | None = None) -> None:
        """Ask who else is learning, and do ``then`` with that learner's shelf."""
        self._then = then
        shelf = self._learning()
        page = self._ask(can_return=shelf is not None)
        if then is not None and shelf is not None:
            # Something is to be done here: most likely by who is here.
            page.expect(shelf.learner)

    def draw_curtain(self, shelf: Shelf) -> None:
        """A shelf with a PIN is not shown to whoever starts the app."""
        place, learner = shelf.place, shelf.learner
        if place is not None and self._pins.kept(place, learner):
            self._ask(can_return=False).ask_pin(AccountRow(place, learner, 0, is_current=True))

    def lock(self) -> None:
        """Nobody is there: ask who is learning; the same learner comes back to the same place."""
        shown, shelf = self._window.centralWidget(), self._learning()
        if isinstance(shown, StartPage) and not shown.can_return:
            return
        if shelf is not None and not shelf.learner.is_guest and self._actions.accounts():
            self._then = None
            self._ask(can_return=False)

    def switch(self, account: AccountRow) -> None:
        """Let another learner of this laptop go on, behind their PIN if they have one."""
        self._then = None
        if self._pins.kept(account.place, account.learner):
            self._ask(can_return=self._learning() is not None).ask_pin(account)
        else:
            when_done(self, self._actions.switch_to(account), self.left.emit, self._say_failure)

    def sign_out(self) -> None:
        """Ask once more, and say what stays."""
        shelf = self._learning()
        if shelf is None:
            return
        badge, name = shelf.views.badge(), shelf.learner.first_name
        unsent = badge.pending + badge.attention
        words = tr("Courses and certificates stay on this laptop.")
        if unsent:
            words = tr_n(
                "{n} piece of work is not sent yet. It stays on this laptop and is sent when {name} signs in.",
                "{n} pieces of work are not sent yet. They stay on this laptop and are sent when {name} signs in.",
                unsent,
                name=name,
            )
        if Question(self._window, tr("Sign out {name}?", name=name), words, tr("Sign out")).ask():
            when_done(self, self._actions.sign_out(), self.left.emit, self._say_failure)

    def _ask(self, *, can_return: bool) -> StartPage:
        shelf = self._learning() if can_return else None
        place = server_of(shelf.place) if shelf is not None else None
        url = place.url if place is not None else ""
        page = StartPage(self._actions, self._preferences, self._drop, url, can_return=can_return)
        page.opened.connect(self._enter)
        page.returned.connect(self._return)
        page.language_chosen.connect(partial(self._speak, page))
        self.asking.emit(page)
        return page

    def _enter(self, shelf: Shelf) -> None:
        then, self._then = self._then, None
        self.entered.emit(shelf, then)

    def _return(self) -> None:
        self._then = None
        self.returned.emit()

    def _drop(self, shelf: Shelf) -> None:
        """Close a shelf that came after somebody had stopped waiting for it."""
        if shelf is not self._learning():
            self._actions.put_back(shelf)

    def _speak(self, page: StartPage, language: str) -> None:
        """The same page in another language: it leads nowhere that it did not lead before."""
        self._preferences.write(replace(self._preferences.read(), language=language))
        dress(application(), self._preferences.read())
        again = self._ask(can_return=page.can_return)
        if page.pin_of is not None:
            again.ask_pin(page.pin_of)

    def _say_failure(self, failure: Failure) -> None:
        Facts(self._window, tr("That did not work"), [("", failure_words(failure))]).exec()
