"""The sidebar: five pages, the sync badge, and who is learning."""

from PySide6.QtCore import QEvent, QPoint, Signal
from PySide6.QtWidgets import QFrame, QMenu, QWidget

from lms_desktop.store.rows import AccountRow, BadgeState
from lms_desktop.ui import icons
from lms_desktop.ui.actions import Shelf, server_of
from lms_desktop.ui.texts import facts, number, percent, tr, tr_n
from lms_desktop.ui.theme import color
from lms_desktop.ui.widgets.badge import SyncBadge, badge_words, guest_words
from lms_desktop.ui.widgets.button import Button, Kind
from lms_desktop.ui.widgets.card import column, line
from lms_desktop.ui.widgets.sidebar import LearnerButton, PlaceHead, SidebarItem, sidebar_width

PAGES = ("learn", "catalog", "downloads", "certificates", "sync")
ICONS = {
    "learn": "book",
    "catalog": "grid-search",
    "downloads": "download",
    "certificates": "certificate",
    "sync": "sync",
}


class Sidebar(QFrame):
    """Tells what was chosen; shows what it is given."""

    page_chosen = Signal(str)
    account_chosen = Signal(object)
    sign_in_chosen = Signal()
    sign_out_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.place = PlaceHead()
        self.items = {name: SidebarItem(_title(name), ICONS[name]) for name in PAGES}
        self.badge = SyncBadge()
        self.learner = LearnerButton()
        self._shelf: Shelf | None = None
        self._is_guest = True
        self._build()
        self._set_width()

    def show_shelf(self, shelf: Shelf) -> None:
        """Read what the sidebar shows of a learner's shelf."""
        self._shelf = shelf
        place, learner = server_of(shelf.place), shelf.learner
        self.place.show_place(place.name if place else tr("Sample course"))
        self._is_guest = learner.is_guest
        name = tr("Guest") if learner.is_guest else learner.name or learner.email
        self.learner.show_learner(name, tr("Sign in") if self._is_alone() else tr("Switch learner"))
        self.show_badge(shelf)
        self._show_downloads(shelf)

    def show_badge(self, shelf: Shelf) -> None:
        """The badge and the count beside Sync, from the same row."""
        row = shelf.views.badge()
        is_quiet = self._is_guest and row.state in {BadgeState.SENT, BadgeState.SAVED}
        self.badge.show_words(guest_words() if is_quiet else badge_words(row))
        words = tr_n("{n} needs attention", "{n} need attention", row.attention)
        self.items["sync"].show_mark(number(row.attention) if row.attention else "", "attention", words)

    def show_new_certificates(self, count: int) -> None:
        """Say beside Certificates how many have come since the page was open last."""
        words = tr_n("{n} new", "{n} new", count)
        self.items["certificates"].show_mark(number(count) if count > 0 else "", "success", words)

    def show_page(self, name: str) -> None:
        """Mark the item of the page that is open."""
        for other, item in self.items.items():
            item.setChecked(other == name)

    def learner_menu(self) -> QMenu:
        """Everybody who has a profile here, with what each has not sent."""
        menu = QMenu(self)
        # Each is a database to open, so they are read when somebody wants to see them.
        accounts = self._shelf.views.accounts() if self._shelf is not None else ()
        for account in accounts:
            self._add_account(menu, account)
        if accounts:
            menu.addSeparator()
        another = tr("Sign in") if self._is_guest else tr("Sign in as somebody else")
        menu.addAction(icons.icon("person", color(lambda t: t.text)), another, self.sign_in_chosen.emit)
        if not self._is_guest:
            menu.addAction(icons.icon("lock", color(lambda t: t.text)), tr("Sign out"), self.sign_out_chosen.emit)
        return menu

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._set_width()

    def _build(self) -> None:
        body = column(self, 4)
        body.setContentsMargins(12, 12, 12, 8)
        body.addWidget(self.place)
        body.addSpacing(8)
        for name, item in self.items.items():
            item.clicked.connect(lambda _checked=False, name=name: self.page_chosen.emit(name))
            body.addWidget(item)
        body.addStretch(1)
        body.addWidget(self.badge)
        body.addSpacing(4)
        foot = line(None, 4)
        foot.addWidget(self.learner, 1)
        foot.addWidget(
            Button(tr("Settings"), "settings", Kind.ICON, on_click=lambda: self.page_chosen.emit("settings"))
        )
        body.addLayout(foot)
        self.badge.clicked.connect(lambda: self.page_chosen.emit("sync"))
        self.learner.clicked.connect(self._open_learners)

    def _open_learners(self) -> None:
        if self._is_alone():
            self.sign_in_chosen.emit()
            return
        menu = self.learner_menu()
        above = QPoint(0, -menu.sizeHint().height() - 4)
        menu.popup(self.learner.mapToGlobal(above))

    def _add_account(self, menu: QMenu, account: AccountRow) -> None:
        words = facts(account_name(account), _account_words(account))
        action = menu.addAction(words.replace("&", "&&"), lambda: self.account_chosen.emit(account))
        action.setIcon(icons.icon("check" if account.is_current else "person", color(lambda t: t.text)))
        action.setEnabled(not account.is_current)

    def _is_alone(self) -> bool:
        return self._is_guest and self._shelf is not None and not self._shelf.views.has_learners()

    def _show_downloads(self, shelf: Shelf) -> None:
        going = [row for row in shelf.views.under_way() if row.state in {"running", "queued"}]
        total = sum(row.bytes_total for row in going)
        share = percent(sum(row.bytes_done for row in going) / total) if total else ""
        self.items["downloads"].show_mark(share, "accent", tr("downloading, {share}", share=share))

    def _set_width(self) -> None:
        self.setFixedWidth(sidebar_width())


def account_name(account: AccountRow) -> str:
    """What a learner is called in lists."""
    return tr("Guest") if account.learner.is_guest else account.learner.name or account.learner.email


def _account_words(account: AccountRow) -> str:
    if account.pending:
        return tr_n("{n} to send", "{n} to send", account.pending)
    if account.learner.is_guest:
        place = server_of(account.place)
        return place.name if place else tr("Sample course")
    return tr("All work sent")


def _title(name: str) -> str:
    return {
        "learn": tr("Learn"),
        "catalog": tr("Catalog"),
        "downloads": tr("Downloads"),
        "certificates": tr("Certificates"),
        "sync": tr("Sync"),
    }[name]
