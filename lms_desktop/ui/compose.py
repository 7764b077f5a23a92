"""Puts the window together."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from lms_desktop.store.errors import Storage
from lms_desktop.ui.actions import Actions
from lms_desktop.ui.appearance import dress
from lms_desktop.ui.failures import EXPORTED_UNOPENED, place_words, storage_words
from lms_desktop.ui.page import Context, Page
from lms_desktop.ui.pages.way_out import WayOut
from lms_desktop.ui.preferences import PreferenceFile, Preferences
from lms_desktop.ui.texts import tr
from lms_desktop.ui.theme import application
from lms_desktop.ui.widgets.dialog import Note
from lms_desktop.ui.widgets.ring import FocusRings
from lms_desktop.ui.window import MainWindow
from resources import path

_PACKAGE = "lms_desktop.ui.pages"
# A window that starts minimised is never painted.
UNSEEN_MS = 3000
# Each in the file of its name, under the class of its name: the first paint waits for none but its own.
PAGES = ("learn", "catalog", "course", "lesson", "downloads", "certificates", "sync", "settings")


def make_application(arguments: list[str]) -> QApplication:
    """Qt's application, before any window."""
    app = QApplication(arguments)
    app.setApplicationName("LMS Desktop")
    app.setDesktopFileName("lms-desktop")
    return app


def say(window: MainWindow, text: str) -> None:
    """Tell the learner something about this laptop that no page shows; the window goes on behind it."""
    Note(window, tr("About your work on this laptop"), text).open()


def say_unopened(window: MainWindow, code: Storage, actions: Actions) -> None:
    """Tell why the learner's profile doesn't open; its unsent work has a way out where the file is well."""
    way_out = WayOut(actions) if code in EXPORTED_UNOPENED else None
    Note(window, tr("About your work on this laptop"), storage_words(code), way_out).open()


def say_homeless(home: Path) -> None:
    """Tell that there is no folder to keep anything in; without one there is no window."""
    dress(application(), Preferences())
    Note(None, tr("About your work on this laptop"), f"{place_words(Storage.READ_ONLY)}\n\n{home}").exec()


def when_seen(window: MainWindow, act: Callable[[], None]) -> None:
    """Do something once the window's first frame stands, or after a while if nobody looks at it."""
    _FirstFrame(window, act)


class _FirstFrame(QObject):
    """Waits for a window to be painted, once."""

    def __init__(self, window: MainWindow, act: Callable[[], None]) -> None:
        super().__init__(window)
        self._act = act
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go)
        self._timer.start(UNSEEN_MS)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # The frame is whole when Qt comes back to its loop.
            self._timer.start(0)
        return False

    def _go(self) -> None:
        self.deleteLater()
        self._act()


def make_pages(context: Context) -> Mapping[str, Callable[[], Page]]:
    """Every page of the window by the name that routes use, made when it is first gone to."""
    return {name: partial(_make_page, name, context) for name in PAGES}


def _make_page(name: str, context: Context) -> Page:
    page: Page = getattr(import_module(f"{_PACKAGE}.{name}"), f"{name.title()}Page")(context)
    return page


def build_window(actions: Actions, preferences: PreferenceFile) -> MainWindow:
    """The window, dressed; give it a shelf with ``open_shelf`` and show it."""
    app: QApplication = application()
    dress(app, preferences.read())
    app.setWindowIcon(QIcon(str(path("lms-desktop.svg"))))
    if app.findChild(FocusRings) is None:
        FocusRings(app)
    return MainWindow(actions, preferences, make_pages)
