"""The window: navigation between pages and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from lms_desktop.store.rows import Topic
from lms_desktop.ui.actions import Actions, Shelf, server_of
from lms_desktop.ui.appearance import dress, next_scale
from lms_desktop.ui.bridge import Bridge
from lms_desktop.ui.entrance import Entrance, Then
from lms_desktop.ui.idle import IdleWatch
from lms_desktop.ui.keys import key_facts
from lms_desktop.ui.notices import Notices
from lms_desktop.ui.page import Context, Page
from lms_desktop.ui.pages.start import StartPage
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.sidebar import PAGES, Sidebar
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import application
from lms_desktop.ui.widgets.card import Rule, line
from lms_desktop.ui.widgets.dialog import Facts

MakePages = Callable[[Context], Mapping[str, Callable[[], Page]]]
# The pages from which courses and lessons are opened; theirs is the item that stays chosen.
HOMES = frozenset({"learn", "catalog"})
# "2 minutes ago" has to stay true while nothing happens.
BADGE_EVERY_MS = 30_000
SIDEBAR_TOPICS = frozenset({Topic.ACCOUNT, Topic.OUTBOX, Topic.SYNC, Topic.DOWNLOADS})


@dataclass(frozen=True, slots=True)
class Route:
    """Where the window is: a page, and which course, lesson or certificate on it."""

    page: str
    argument: str | None = None


class MainWindow(QMainWindow):
    """Shows one learner's shelf, or the first start while there is none. It is the pages' Navigator."""

    def __init__(self, actions: Actions, preferences: PreferenceFile, make_pages: MakePages) -> None:
        super().__init__()
        self._actions = actions
        self._preferences = preferences
        self._entrance = Entrance(self, actions, preferences, lambda: self._shelf)
        self._entrance.asking.connect(self._show_start)
        self._entrance.entered.connect(self._opened)
        self._entrance.returned.connect(self._return_from_start)
        self._entrance.left.connect(self.open_shelf)
        self._notices = Notices(self, self.come_to_front, actions.sync_now)
        self._notices.show_tray(wanted=preferences.read().has_tray)
        self._make_pages = make_pages
        self._shelf: Shelf | None = None
        self._bridge: Bridge | None = None
        self._sidebar = Sidebar()
        self._stack = QStackedWidget()
        self._makers: Mapping[str, Callable[[], Page]] = {}
        self._pages: dict[str, Page] = {}
        self._idle: IdleWatch | None = None
        self._route = Route("learn")
        self._behind: list[Route] = []
        self._home = "learn"
        self.setMinimumSize(800, 480)
        self.resize(1280, 800)
        self.restoreGeometry(preferences.window_state())
        self._add_shortcuts()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tell_the_time)
        self._clock.start(BADGE_EVERY_MS)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    # What the composition calls

    def open_shelf(self, shelf: Shelf | None) -> None:
        """Show a learner's shelf from the start, behind its PIN if it has one; nothing means the first start."""
        self._show_shelf(shelf)
        if shelf is not None:
            self._entrance.draw_curtain(shelf)

    def come_to_front(self) -> None:
        """Somebody looks for this window."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def route(self) -> Route:
        """Where the window is."""
        return self._route

    # Navigator

    def show_learn(self) -> None:
        self._go(Route("learn"))

    def show_catalog(self, search: str = "") -> None:
        self._go(Route("catalog", search or None))
        if search:
            self._pages["catalog"].focus_search()

    def show_course(self, uid: str) -> None:
        self._go(Route("course", uid))

    def show_lesson(self, uid: str) -> None:
        # Going through the lessons of a course is one step back, not one for every lesson.
        self._go(Route("lesson", uid), remember=self._route.page != "lesson")

    def show_certificates(self, uuid: str | None = None) -> None:
        self._go(Route("certificates", uuid))

    def show_sign_in(self, then: Then | None = None) -> None:
        self._entrance.sign_in(then)

    def back(self) -> None:
        self._go(self._behind.pop() if self._behind else Route("learn"), remember=False)

    def choose(self, preferences: Preferences) -> None:
        before = self._preferences.read()
        self._preferences.write(preferences)
        dress(application(), preferences)
        self._notices.show_tray(wanted=preferences.has_tray)
        if self._idle is not None:
            self._idle.set_minutes(preferences.lock_minutes)
        if preferences.language != before.language and self._shelf is not None:
            self._build(self._shelf)
            self._go(self._route, remember=False)

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if self._idle is None and handle is not None:
            self._idle = IdleWatch(handle, self._preferences.read().lock_minutes, self)
            self._idle.idle.connect(self._entrance.lock)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.keep_window_state(self.saveGeometry())
        if self._bridge is not None:
            self._bridge.close()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self._tell_the_time()

    # Steps

    def _show_shelf(self, shelf: Shelf | None) -> None:
        before, self._shelf = self._shelf, shelf
        self._behind.clear()
        self._notices.begin()
        if shelf is None:
            self._entrance.begin()
        else:
            self._build(shelf)
            self._go(Route("learn"), remember=False)
            self._note_seen()
        if before is not None and before is not shelf:
            self._actions.put_back(before)

    def _leave_pages(self) -> None:
        """Hear no news for pages that go, and open none of them by a key."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge.deleteLater()
        self._bridge = None
        self._makers, self._pages = {}, {}

    def _build(self, shelf: Shelf) -> None:
        self._leave_pages()
        self._bridge = Bridge(shelf, self)
        context = Context(shelf, self._actions, self, self._bridge, self._preferences)
        self._makers = self._make_pages(context)
        self._stack = QStackedWidget()
        self._sidebar = self._make_sidebar(shelf)
        self._bridge.changed.connect(self._hear)
        shell = QWidget()
        row = line(shell)
        row.addWidget(self._sidebar)
        row.addWidget(Rule(upright=True))
        row.addWidget(self._stack, 1)
        self.setCentralWidget(shell)
        place = server_of(shelf.place)
        self.setWindowTitle(place.name if place else tr("LMS Desktop"))

    def _make_sidebar(self, shelf: Shelf) -> Sidebar:
        made = Sidebar()
        made.show_shelf(shelf)
        made.page_chosen.connect(lambda name: self._go(Route(name)))
        made.account_chosen.connect(self._entrance.switch)
        made.sign_in_chosen.connect(self.show_sign_in)
        made.sign_out_chosen.connect(self._entrance.sign_out)
        return made

    def _go(self, route: Route, *, remember: bool = True) -> None:
        page = self._page(route.page)
        if page is None:
            return
        if remember and route != self._route:
            self._behind.append(self._route)
        self._route = route
        page.open(route.argument)
        page.prepare()
        self._stack.setCurrentWidget(page)
        self._mark_home()
        if route.page == "certificates":
            self._note_seen()

    def _mark_home(self) -> None:
        """Say in the sidebar where the page belongs: to Learn, once the course was taken up."""
        page, name = self._pages.get(self._route.page), self._route.page
        if page is not None:
            self._home = page.home() or (name if name in HOMES else self._home)
            self._sidebar.show_page(self._home if name in {"course", "lesson"} else name)

    def _page(self, name: str) -> Page | None:
        if name not in self._pages and name in self._makers:
            self._pages[name] = self._makers[name]()
            self._pages[name].was_read.connect(self._mark_home)
            self._stack.addWidget(self._pages[name])
        return self._pages.get(name)

    def _hear(self, topics: frozenset[Topic]) -> None:
        if self._shelf is None or self._bridge is None:
            return
        if topics & SIDEBAR_TOPICS:
            self._sidebar.show_shelf(self._shelf)
            self._notices.say(self._sidebar.badge.accessibleName())
        if Topic.CERTIFICATES in topics:
            self._note_seen()

    def _note_seen(self) -> None:
        """Count the certificates that came since their page was open last."""
        if self._shelf is None:
            return
        note = f"seen_certificates/{self._shelf.learner.uid}"
        count = self._shelf.views.certificate_count()
        if self._route.page == "certificates":
            self._preferences.keep_note(note, str(count))
        self._notices.count(count, self._shelf.views.certificates)
        seen = self._preferences.note(note, "0")
        self._sidebar.show_new_certificates(count - int(seen) if seen.isdecimal() else 0)

    def _tell_the_time(self) -> None:
        if self._shelf is not None and self._bridge is not None and self.isVisible():
            self._sidebar.show_badge(self._shelf)

    def _show_start(self, page: StartPage) -> None:
        self._leave_pages()
        self.setCentralWidget(page)
        self.setWindowTitle(tr("LMS Desktop"))

    def _opened(self, shelf: Shelf, then: Then | None) -> None:
        route, before = self._route, self._shelf
        self._show_shelf(shelf)
        if then is not None or shelf is before:
            self._go(route, remember=False)
        if then is not None:
            then(shelf)

    def _return_from_start(self) -> None:
        if self._shelf is not None:
            self._build(self._shelf)
            self._go(self._route, remember=False)

    def _follow_system(self) -> None:
        if self._preferences.read().theme == "system":
            dress(application(), self._preferences.read())

    # Keys

    def _add_shortcuts(self) -> None:
        for key, act in self._keys().items():
            QShortcut(QKeySequence(key), self, act)

    def _keys(self) -> dict[str, Callable[[], object]]:
        keys: dict[str, Callable[[], object]] = {
            f"Ctrl+{place}": partial(self._go, Route(name)) for place, name in enumerate(PAGES, start=1)
        }
        return {
            **keys,
            "Ctrl+K": self._search,
            "Ctrl+L": self._entrance.lock,
            "F5": self._actions.sync_now,
            "Ctrl++": lambda: self._scale(1),
            "Ctrl+=": lambda: self._scale(1),
            "Ctrl+-": lambda: self._scale(-1),
            "Ctrl+0": lambda: self._scale(0),
            "F1": self._show_keys,
        }

    def _search(self) -> None:
        page = self._page(self._route.page)
        if page is not None and not page.focus_search():
            self.show_catalog()
            self._pages["catalog"].focus_search()

    def _scale(self, step: int) -> None:
        chosen = self._preferences.read()
        self.choose(replace(chosen, scale=1.0 if step == 0 else next_scale(chosen.scale, step)))

    def _show_keys(self) -> None:
        Facts(self, tr("Keys"), key_facts()).exec()
